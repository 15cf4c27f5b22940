"""``python -m reprior.lab.bench``: regenerate the tables of docs/benchmarks from the repository's root."""

import sys

from ...cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "--out", "docs/benchmarks/results", *sys.argv[1:]]))
