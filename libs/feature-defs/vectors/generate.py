"""Writes what the sketches of libs/feature-defs are compared with, by code that shares nothing with them.

Run, in this folder:
  python3 -m venv VENV
  VENV/bin/pip install mmh3==5.3.1 datasketches==5.2.0 ddsketch==3.0.1
  VENV/bin/python generate.py && npx prettier --write *.json
Each file names the packages and versions that produced it.
"""

import json
import pathlib
import random
import struct
from importlib.metadata import version

import mmh3
from datasketches import hll_sketch, tgt_hll_type
from ddsketch import DDSketch
from ddsketch.mapping import LogarithmicMapping

FOLDER = pathlib.Path(__file__).parent
SHARES = (0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1)


def write(name, package, **groups):
    text = json.dumps({"madeBy": {package: version(package)}, **groups}, allow_nan=False)
    (FOLDER / f"{name}.json").write_text(text + "\n")


def hash53(data, seed):
    """The upper 21 bits of the first word of MurmurHash3 x86_128, then all of the second."""
    first, second, _, _ = struct.unpack("<4I", mmh3.mmh3_x86_128_digest(data, seed))
    return (first >> 11) << 32 | second


def hash_text(part, times=1):
    return {"part": part, "times": times, "hash": hash53((part * times).encode(), 0)}


def hashes():
    letters = "The quick brown fox jumps over the lazy dog"
    parts = [letters[:length] for length in range(len(letters) + 1)]
    parts += ["1", "true", "null", "Zürich", "東京", "🛫", "a\u0000b", "naïve café, 5 €"]
    times = (127, 128, 255, 256, 257, 1000)
    numbers = [0, 1, -1, 0.1, -0.1, 42, 1e-300, 1e300, 2**53 - 1, 5e-324, 1e15, 1.0000000000000002]
    write(
        "hash",
        "mmh3",
        texts=[hash_text(part) for part in parts] + [hash_text(part, n) for part in "xé東🛬" for n in times],
        numbers=[{"value": number, "hash": hash53(struct.pack("<d", number), 1)} for number in numbers],
        truths=[{"value": truth, "hash": hash53(bytes([truth]), 2)} for truth in (False, True)],
    )


def estimates(stream, counts):
    """Estimates of the values "<stream>/1", "<stream>/2", … by as many registers as ours."""
    sketch = hll_sketch(12, tgt_hll_type.HLL_8)
    found = []
    for value in range(1, max(counts) + 1):
        sketch.update(f"{stream}/{value}")
        if value in counts:
            found.append({"values": value, "estimate": round(sketch.get_estimate(), 3)})
    return {"stream": stream, "counts": found}


def distinct():
    counts = {10, 100, 1_000, 10_000}
    streams = [estimates(f"stream-{i}", counts) for i in range(20)]
    streams.append(estimates("long", counts | {100_000, 1_000_000}))
    write("distinct", "datasketches", streams=streams)


def quantiles_of(name, values):
    """The key that the mapping gives the size of each value other than 0, and quantiles of all."""
    sketch = DDSketch(0.01)
    for value in values:
        sketch.add(value)
    mapping = LogarithmicMapping(0.01)
    return {
        "name": name,
        "values": values,
        "keys": [mapping.key(abs(value)) if value else None for value in values],
        "quantiles": [{"q": q, "value": sketch.get_quantile_value(q)} for q in SHARES],
    }


def quantiles():
    source = random.Random(5)

    def draw(one):
        return [round(one(), 6) for _ in range(120)]

    write(
        "quantiles",
        "ddsketch",
        sets=[
            quantiles_of("waiting times", draw(lambda: source.expovariate(0.02) + 0.001)),
            quantiles_of("delays, early ones negative", draw(lambda: source.gauss(0, 40))),
            quantiles_of("a heavy tail", draw(lambda: source.paretovariate(0.3))),
            quantiles_of(
                "heavy tails of both signs", draw(lambda: source.choice((-1, 1)) * source.paretovariate(0.5))
            ),
            quantiles_of("few values, most of them 0", draw(lambda: source.choice((0, 0, 0, -2.5, 7, 1000)))),
            quantiles_of("one value", [1234.5]),
            quantiles_of("the ends of what is taken", [-1e15, -1e-6, 0, 1e-6, 1, 1e15]),
        ],
    )


if __name__ == "__main__":
    hashes()
    distinct()
    quantiles()
