"""`jaxsmith.generate`: functions that jaxsmith writes, as they are made."""

import glob
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence

from jaxsmith import program
from jaxsmith.datasets import load
from jaxsmith.errors import JaxsmithError
from jaxsmith.sample import Row

_POLL_SECONDS = 0.1


def generate(
    count: int = 100,
    *,
    seed: int = 0,
    workers: int | None = None,
    categories: Sequence[str] | None = None,
    levels: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    size: str | None = None,
    difficulty: int | str | None = None,
    like: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Iterator[Row]:
    """Verified samples of new JAX functions, as `jaxsmith generate` makes them.

    They come in the dataset's order while others are still being made; the same seed and count give
    the same ones. `workers`: JAX processes at a time (by default one for each processor).
    `categories`, `levels`, `dtypes`, `size` ("large"), `difficulty` (3 or "2-4"): as the command
    line's options of these names. `like`: a dataset that the functions are fitted to. `out`: a new folder to keep the dataset in; otherwise it is not
    kept. Closing the iterator ends the run.

    Raises JaxsmithError for options that make no sense, and where the run fails.

        >>> import jaxsmith
        >>> for sample in jaxsmith.generate(3, seed=7):  # doctest: +SKIP
        ...     print(sample.source, sample.stablehlo)
    """
    command = [program.path(), "generate", "--count", str(count), "--seed", str(seed)]
    # Written after each chunk, so that samples are seen soon.
    command += ["--flush", "0"]
    if workers is not None:
        command += ["--workers", str(workers)]
    for name, values in (("categories", categories), ("levels", levels), ("dtypes", dtypes)):
        if values is not None:
            command += [f"--{name}", ",".join(values)]
    for name, value in (("size", size), ("difficulty", difficulty), ("like", like)):
        if value is not None:
            command += [f"--{name}", str(value)]
    if out is not None:
        yield from _rows(command, os.fspath(out), count)
        return
    with tempfile.TemporaryDirectory(prefix="jaxsmith-") as folder:
        yield from _rows(command, os.path.join(folder, "dataset"), count)


def _rows(command: list[str], folder: str, count: int) -> Iterator[Row]:
    process = subprocess.Popen(
        [*command, "--out", folder],
        env=program.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    given: set[str] = set()
    try:
        read = 0
        while process.poll() is None:
            for row in _new_segments(folder, read):
                read += 1
                given |= {each.id for each in row}
                yield from row
            time.sleep(_POLL_SECONDS)
        errors = process.stderr.read() if process.stderr else ""
        if process.returncode != 0:
            raise program.failure(process, errors)
        # The journal is gone now: what was not seen in it is in the files.
        rest = [row for row in load(folder) if row.id not in given]
        yield from sorted(rest, key=lambda row: (row.fields["index"], row.fields["member"]))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stderr:
            process.stderr.close()


def _new_segments(folder: str, read: int) -> Iterator[list[Row]]:
    """Segments of the run's journal from number `read` on: each is there whole or not at all."""
    import pyarrow.parquet as parquet

    pattern = os.path.join(glob.escape(folder), ".jaxsmith", "segment-*.parquet")
    for path in sorted(glob.glob(pattern))[read:]:
        try:
            yield [Row(fields) for fields in parquet.read_table(path).to_pylist()]
        except OSError:  # the run is over, and has taken it away
            return


__all__ = ["JaxsmithError", "generate"]
