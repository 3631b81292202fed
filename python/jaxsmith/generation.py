"""`jaxsmith.generate`: functions that jaxsmith writes, as they are made."""

import operator
import os
import tempfile
from collections.abc import Iterator, Sequence

from jaxsmith import program
from jaxsmith.datasets import load
from jaxsmith.errors import JaxsmithError
from jaxsmith.sample import Row


def generate(
    count: int = 100,
    *,
    seed: int = 0,
    workers: int | None = None,
    categories: str | Sequence[str] | None = None,
    levels: str | Sequence[str] | None = None,
    dtypes: str | Sequence[str] | None = None,
    size: str | None = None,
    difficulty: int | str | None = None,
    like: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Iterator[Row]:
    """Verified samples of new JAX functions, as `jaxsmith generate` makes them.

    They come in the dataset's order while others are still being made; the same seed and count give
    the same ones. `workers`: JAX processes at a time (by default one for each processor).
    `categories`, `levels`, `dtypes` (one or several), `size` ("large"), `difficulty` (3 or "2-4"): as the command
    line's options of these names. `like`: a dataset that the functions are fitted to. `out`: a new folder to keep the dataset in; otherwise it is in
    the folder for temporary files (TMPDIR), and not kept. Closing the iterator ends the run.

    Raises TypeError or ValueError for a count that is no positive number, at once; JaxsmithError for
    options that make no sense and where the run fails, when the first is asked for.

        >>> import jaxsmith
        >>> for sample in jaxsmith.generate(3, seed=7):  # doctest: +SKIP
        ...     print(sample.source, sample.stablehlo)
    """
    try:
        number = operator.index(count)
    except TypeError:
        raise TypeError(f"count: give a whole number, not {type(count).__name__}") from None
    if number < 1:
        raise ValueError(f"count: give 1 or more, not {number}")
    command = ["generate", "--count", str(number), "--seed", str(seed)]
    # Written after each chunk, so that samples are seen soon.
    command += ["--flush", "0", "--announce"]
    if workers is not None:
        command += ["--workers", str(workers)]
    for name, values in (("categories", categories), ("levels", levels), ("dtypes", dtypes)):
        if values is not None:
            command += [f"--{name}", values if isinstance(values, str) else ",".join(values)]
    for name, value in (("size", size), ("difficulty", difficulty), ("like", like)):
        if value is not None:
            command += [f"--{name}", str(value)]
    return _run(command, None if out is None else os.fspath(out))


def _run(command: list[str], out: str | None) -> Iterator[Row]:
    if out is not None:
        yield from _rows(command, out)
        return
    with tempfile.TemporaryDirectory(prefix="jaxsmith-") as folder:
        yield from _rows(command, os.path.join(folder, "dataset"))


def _rows(command: list[str], folder: str) -> Iterator[Row]:
    run = program.Run([*command, "--out", folder])
    given: set[str] = set()
    try:
        for name in run.lines():
            rows = _rows_of(os.path.join(folder, name))
            given |= {row.id for row in rows}
            yield from rows
        # Files that the run had taken away before they were read are in the dataset.
        rest = [row for row in load(folder) if row.id not in given]
        yield from sorted(rest, key=lambda row: (row.fields["index"], row.fields["member"]))
    finally:
        run.close()


def _rows_of(path: str) -> list[Row]:
    """The rows of a file that the run has named; none where the run is over and has taken it away."""
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            return [Row(fields) for fields in file.read().to_pylist()]
    except FileNotFoundError:
        return []


__all__ = ["JaxsmithError", "generate"]
