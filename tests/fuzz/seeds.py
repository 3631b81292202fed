#!/usr/bin/env python3
"""Writes seeds for fuzzing, from a dataset: its short texts, predictions, rows and arrays.

usage: seeds.py DATASET OUT [--most BYTES]

OUT/jaxpr, OUT/stablehlo and OUT/hlo get a file for each text of at most so many bytes (default 4096);
OUT/score predictions of these texts, right ones and ones for another row; OUT/rows rows as JSON and
one as Parquet; OUT/npy the rows' arrays as numpy.save writes them.
"""

import argparse
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LEVELS = {"jaxpr": "jaxpr", "stablehlo": "stablehlo", "hlo": "hlo", "hlo_optimized": "hlo"}
ARRAYS = ("constants", "inputs", "outputs")
OTHERS = ("id", "origin", "category", "equations", "devices", "x64", "kept_arguments")


def prediction(row: dict, level: str, text: str) -> str:
    return json.dumps({"id": row["id"], "level": level, "text": text}) + "\n"


def as_json(row: dict) -> str:
    out = {name: row[name] for name in OTHERS}
    out |= {level: row[level] for level in LEVELS}
    for name in ARRAYS:
        out[name] = [
            {"dtype": a["dtype"], "shape": a["shape"], "data": a["data"].hex()} for a in row[name]
        ]
    return json.dumps(out)


def saved(array: dict) -> bytes | None:
    dtypes = {"bool": "?", "f32": "<f4", "f64": "<f8", "f16": "<f2", "bf16": "V2", "c64": "<c8"}
    dtypes |= {f"{k}{8 * n}": f"<{k}{n}" for k in "iu" for n in (1, 2, 4, 8)}
    if array["dtype"] not in dtypes:
        return None
    values = np.frombuffer(array["data"], dtypes[array["dtype"]]).reshape(array["shape"])
    out = io.BytesIO()
    np.save(out, np.asfortranarray(values) if values.ndim == 3 else values)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, default=4096, metavar="BYTES")
    options = parser.parse_args()

    def write(target: str, name: str, content: bytes | str) -> None:
        path = options.out / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    for file in sorted((options.dataset / "data").glob("*.parquet")):
        table = pq.read_table(file)
        last = None
        for number, row in enumerate(table.to_pylist()):
            name = row["id"]
            short = [level for level in LEVELS if len(row[level]) <= options.most]
            for level in short:
                write(LEVELS[level], f"{name}-{level}", row[level])
                lines = prediction(row, level, row[level])
                if last:
                    lines += prediction(row, level, last[level])
                write("score", f"{name}-{level}", lines)
            if len(as_json(row)) <= 4 * options.most:
                write("rows", f"{name}-json", as_json(row))
            last = row
            for position, array in enumerate(row["inputs"] + row["outputs"]):
                if (content := saved(array)) and len(content) <= options.most:
                    write("npy", f"{name}-{position}", content)
            if number == 0:
                plain = pa.Table.from_pylist([row], schema=table.schema)
                plain = plain.select([*OTHERS, *LEVELS, *ARRAYS, "further_cases"])
                sink = io.BytesIO()
                pq.write_table(plain, sink, compression="none")
                write("rows", f"{name}-parquet", sink.getvalue())


if __name__ == "__main__":
    main()
