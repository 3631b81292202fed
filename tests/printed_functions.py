"""Functions with inputs that the programs print_…_main write, JSON, a line each."""

import json
import os
import re
import subprocess
from pathlib import Path

import ml_dtypes
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))).parent
NAMES = {
    "f32": np.float32,
    "f64": np.float64,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "i32": np.int32,
    "i64": np.int64,
    "i8": np.int8,
    "u8": np.uint8,
    "u32": np.uint32,
    "bool": np.bool_,
}


def printed_by(program, *arguments):
    command = [str(BINARIES / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def array(argument):
    name, sizes = re.fullmatch(r"(\w+)\[([\d,]*)\]", argument["aval"]).groups()
    shape = [int(n) for n in sizes.split(",") if n]
    return np.frombuffer(bytes.fromhex(argument["bytes"]), NAMES[name]).reshape(shape)
