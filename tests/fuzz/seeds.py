#!/usr/bin/env python3
"""Writes the short texts of a dataset as seeds for fuzzing.

usage: seeds.py DATASET OUT [--most BYTES]

OUT/jaxpr, OUT/stablehlo and OUT/hlo get a file for each text of at most so many bytes (default 4096).
"""

import argparse
from pathlib import Path

import pyarrow.parquet as pq

LEVELS = {"jaxpr": "jaxpr", "stablehlo": "stablehlo", "hlo": "hlo", "hlo_optimized": "hlo"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, default=4096, metavar="BYTES")
    options = parser.parse_args()
    for file in sorted((options.dataset / "data").glob("*.parquet")):
        for row in pq.read_table(file, columns=["id", *LEVELS]).to_pylist():
            for level, folder in LEVELS.items():
                if len(row[level]) > options.most:
                    continue
                path = options.out / folder / f"{row['id']}-{level}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(row[level])


if __name__ == "__main__":
    main()
