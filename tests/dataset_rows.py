"""Rows of a dataset as a test wants them, well-formed or not."""

import math
import struct

import pyarrow as pa
import pyarrow.parquet as pq

SIN = "{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }"
LEVELS = ("jaxpr", "stablehlo", "hlo", "hlo_optimized")


def schema(many=pa.list_, text=None, blob=None, further=False):
    """`many`, `text`, `blob`: the types that lists, strings and bytes have; `further`: whether there are further cases,
    which older datasets have not."""
    text, blob = text or pa.string(), blob or pa.binary()
    array = [("dtype", text), ("shape", many(pa.int64())), ("data", blob)]
    arrays = many(pa.struct([("name", text), *array]))
    case = pa.struct([("inputs", arrays), ("outputs", arrays)])
    return pa.schema(
        [("id", text), ("origin", text), ("category", text)]
        + [("constants", many(pa.struct(array))), ("inputs", arrays), ("outputs", arrays)]
        + ([("further_cases", many(case))] if further else [])
        + [("equations", pa.int64()), ("devices", pa.int64()), ("x64", pa.bool_())]
        + [("kept_arguments", many(pa.int64())), *((level, text) for level in LEVELS)]
    )


def array(dtype, shape, data):
    return {"name": "a", "dtype": dtype, "shape": shape, "data": data}


def row(name, **changed):
    """The sine of two numbers, which `check` finds right."""
    numbers = (1.0, 2.0)
    return {
        "id": name,
        "origin": "generated",
        "category": "math",
        "constants": [],
        "inputs": [array("f32", [2], struct.pack("<2f", *numbers))],
        "outputs": [array("f32", [2], struct.pack("<2f", *map(math.sin, numbers)))],
        "equations": 1,
        "devices": 1,
        "x64": False,
        "kept_arguments": [0],
        "jaxpr": SIN,
        "stablehlo": "",
        "hlo": "",
        "hlo_optimized": "",
    } | changed


def write(path, rows, **types):
    further = any("further_cases" in row for row in rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema(**types, further=further)), path)
