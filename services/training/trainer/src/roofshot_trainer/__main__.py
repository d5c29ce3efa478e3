"""Entry point of `python -m roofshot_trainer`."""

import sys

from roofshot_trainer.cli import main

if __name__ == "__main__":
    sys.exit(main())
