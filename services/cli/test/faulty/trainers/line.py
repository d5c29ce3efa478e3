def trane(run):
    return None
