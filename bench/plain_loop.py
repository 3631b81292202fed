"""What a plain JAX loop costs that does the work of `jaxsmith generate` one function at a time.

    python bench/plain_loop.py FILE.parquet… [--limit N]

For each row it executes the source, traces, lowers, prints the four texts, has the official parsers
read them, compiles, runs twice, once with each argument replaced and once with all of them moved a
little, with JAX alone and at its default flags. Rows need the columns source, entry, argument_tree,
x64 and inputs (a list of name, dtype, shape, data). Prints one line of JSON: the functions done, the
CPU seconds of the loop and of each function, and those that starting Python and JAX took before.
"""

import argparse
import json
import resource
from collections.abc import Iterator

import jax
import ml_dtypes  # noqa: F401  (gives NumPy the name bfloat16)
import numpy as np
import pyarrow.parquet as parquet
from jax.interpreters import mlir
from jaxlib import _hlo
from jaxlib.mlir import ir

SHORT_NAMES = {
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"u{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    **{f"f{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "bf16": "bfloat16",
    "c64": "complex64",
    "c128": "complex128",
}


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def rows(files: list[str], limit: int | None) -> Iterator[dict]:
    done = 0
    for file in files:
        for batch in parquet.ParquetFile(file).iter_batches(
            batch_size=64, columns=["source", "entry", "argument_tree", "x64", "inputs"]
        ):
            for row in batch.to_pylist():
                if limit is not None and done == limit:
                    return
                done += 1
                yield row


def array(value: dict) -> np.ndarray:
    dtype = np.dtype(SHORT_NAMES.get(value["dtype"], value["dtype"]))
    return np.frombuffer(value["data"], dtype).reshape(value["shape"])


def one(row: dict, options: _hlo.HloPrintOptions) -> int:
    """All the work on one function; gives the size of what it made."""
    inputs = [array(value) for value in row["inputs"]]
    scope = {"__name__": "function"}
    with jax.enable_x64(bool(row["x64"])):
        exec(compile(row["source"], "<function>", "exec"), scope)
        numbers = eval(row["argument_tree"], scope)
        tree = jax.tree.structure(numbers)
        traced = jax.jit(scope[row["entry"]]).trace(*tree.unflatten(inputs))
        lowered = traced.lower()
        compiled = lowered.compile()
        texts = [
            str(traced.jaxpr),
            lowered.as_text(),
            lowered.as_text(dialect="hlo"),
            compiled.runtime_executable().hlo_modules()[0].to_string(options),
        ]
        costs = compiled.cost_analysis()

        def run(arguments: list[np.ndarray]) -> list[bytes]:
            leaves = jax.tree_util.tree_leaves(compiled(*tree.unflatten(arguments)))
            return [np.asarray(leaf).tobytes() for leaf in leaves]

        first, second = run(inputs), run(inputs)
        matters = [
            first != run([other(x) if i == k else x for i, x in enumerate(inputs)])
            for k in range(len(inputs))
        ]
        nudged = run([moved(x) for x in inputs])
    with mlir.make_ir_context():
        ir.Module.parse(texts[1])
    for text in texts[2:]:
        _hlo.hlo_module_from_text(text)
    if first != second:
        raise RuntimeError(f"two runs of {row['entry']} differ")
    return sum(map(len, texts)) + sum(map(len, first + nudged)) + len(costs) + sum(matters)


def other(x: np.ndarray) -> np.ndarray:
    """Different values of the same kind."""
    return np.ascontiguousarray(x.reshape(-1)[::-1]).reshape(x.shape)


def moved(x: np.ndarray) -> np.ndarray:
    return np.nextafter(x, x.dtype.type(0)) if x.dtype in (np.float32, np.float64) else x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", help="Parquet files of a dataset")
    parser.add_argument("--limit", type=int, help="how many functions at most")
    arguments = parser.parse_args()
    options = _hlo.HloPrintOptions()
    options.print_large_constants = True
    options.print_metadata = False
    jax.devices()
    start = cpu_seconds()
    functions = size = 0
    for row in rows(arguments.files, arguments.limit):
        size += one(row, options)
        functions += 1
    spent = cpu_seconds() - start
    figures = {
        "functions": functions,
        "cpu_seconds": spent,
        "cpu_seconds_per_function": spent / max(functions, 1),
        "start_cpu_seconds": start,
        "bytes_made": size,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
