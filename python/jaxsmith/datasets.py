"""`jaxsmith.load` and `jaxsmith.save`: datasets as folders of Parquet."""

import glob
import json
import operator
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, overload

from jaxsmith import program
from jaxsmith.errors import JaxsmithError
from jaxsmith.sample import Row


class Dataset:
    """The rows of a dataset's folder, in the order of its files; nothing is read before it is
    asked for.

    `manifest` is the parsed `manifest.json`: options, versions, checksums.
    """

    def __init__(self, folder: str, split: str | None):
        import pyarrow.parquet as parquet

        self.folder, self.split = folder, split
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            self.manifest: dict[str, Any] = json.load(file)
        splits = tuple(self.manifest["splits"])
        if split is not None and split not in splits:
            raise JaxsmithError(f"split {split!r}: there are {', '.join(splits)}")
        self._files = []
        for each in splits if split is None else (split,):
            for path in sorted(
                glob.glob(os.path.join(glob.escape(folder), "data", f"{each}-*.parquet"))
            ):
                self._files.append(parquet.ParquetFile(path))
        self._lengths = [file.metadata.num_rows for file in self._files]
        self._group: tuple[tuple[int, int], list[dict[str, Any]]] | None = None

    def __len__(self) -> int:
        return sum(self._lengths)

    def __iter__(self) -> Iterator[Row]:
        for file in self._files:
            for batch in file.iter_batches(batch_size=64):
                for fields in batch.to_pylist():
                    yield Row(fields)

    @overload
    def __getitem__(self, key: int) -> Row: ...
    @overload
    def __getitem__(self, key: str) -> Row: ...
    @overload
    def __getitem__(self, key: slice) -> list[Row]: ...
    def __getitem__(self, key: int | str | slice) -> Row | list[Row]:
        """A row by its place (from 0; negative from the end) or by its id; a list of rows by a slice."""
        if isinstance(key, slice):
            return [self._at(place) for place in range(*key.indices(len(self)))]
        if isinstance(key, str):
            for row in self:
                if row.id == key:
                    return row
            raise KeyError(f"{self.folder} has no row {key!r}")
        try:
            number = operator.index(key)
        except TypeError:
            raise TypeError(
                f"rows: give a place, a slice or an id, not {type(key).__name__}"
            ) from None
        place = number + len(self) if number < 0 else number
        if not 0 <= place < len(self):
            raise IndexError(f"there are {len(self)} rows, none at {key}")
        return self._at(place)

    def _at(self, place: int) -> Row:
        number = 0
        while place >= self._lengths[number]:
            place -= self._lengths[number]
            number += 1
        return Row(self._row(number, place))

    def _row(self, number: int, place: int) -> dict[str, Any]:
        """Row groups are read whole, and the last one is kept: neighbours are asked for next."""
        metadata, group = self._files[number].metadata, 0
        while place >= metadata.row_group(group).num_rows:
            place -= metadata.row_group(group).num_rows
            group += 1
        if self._group is None or self._group[0] != (number, group):
            rows = self._files[number].read_row_group(group).to_pylist()
            self._group = (number, group), rows
        return self._group[1][place]

    def __repr__(self) -> str:
        part = "" if self.split is None else f", split {self.split}"
        return f"<Dataset {self.folder}{part}: {len(self)} rows>"


def load(folder: str | os.PathLike[str], split: str | None = None) -> Dataset:
    """The dataset in a folder that `generate`, `capture`, `extract` or `jaxsmith split` has made.

    `split`: "train", "validation" or "test", and of `jaxsmith split` those that it has made; all of
    them by default. Raises JaxsmithError where the folder holds no finished dataset, or no such split.

        >>> import jaxsmith
        >>> rows = jaxsmith.load("dataset", split="test")  # doctest: +SKIP
        >>> rows[0].source, rows[0].case.outputs  # doctest: +SKIP
    """
    name = os.fspath(folder)
    if not os.path.exists(os.path.join(name, "manifest.json")):
        raise JaxsmithError(f"{name}: there is no finished dataset in it (no manifest.json)")
    return Dataset(name, split)


def save(samples: Iterable[Any], folder: str | os.PathLike[str]) -> Dataset:
    """Writes functions that were extracted or captured into a new folder as a dataset, each put to the
    checks that generated functions are put to; the column `checks` says which it passed.

    Functions of the same structure, with the same shapes and types, are kept once. Runs the
    functions, to record a case. Their records are put into a file in the folder for temporary files
    (TMPDIR) first, which stays and is named where no dataset can be made of it.

    Warns of functions that could not be recorded. Raises TypeError for what is no list of such
    functions, and JaxsmithError where the folder is not new or empty, where there is nothing to write,
    and where the records or the dataset cannot be written.

        >>> import jaxsmith, jax.numpy as jnp
        >>> sample = jaxsmith.extract(jnp.sin, jnp.ones(3))
        >>> jaxsmith.save([sample], "sines")  # doctest: +SKIP
        <Dataset sines: 1 rows>
    """
    from jaxsmith.records import extracted

    name = os.fspath(folder)
    if not isinstance(samples, Iterable):
        raise TypeError(f"save: give a list of functions, not one {type(samples).__name__}")
    check_new(name)
    for problem in make(name, (extracted.record_of(sample) for sample in samples)):
        warnings.warn(f"not recorded: {problem}", stacklevel=2)
    return load(name)


def check_new(folder: str) -> None:
    """Raises JaxsmithError where a dataset cannot be made in a folder, before the work for it: it is
    not new or empty, or cannot be written to. Nothing is left of that."""
    done = program.outcome(["capture", "--dry-run", "--out", folder])
    if done.status != 0:
        raise _without_command(done.failure())


def _without_command(error: JaxsmithError) -> JaxsmithError:
    """What the program says of the folder, without the command, which the caller has not run."""
    return JaxsmithError(str(error).removeprefix("capture: ").removeprefix("--out "))


_NOT_RECORDED = "jaxsmith capture: not recorded: "


def make(folder: str, records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Has the program make the dataset of records, which alone writes to the folder; gives what could
    not be recorded, and why. Other files may be in the folder. Raises JaxsmithError where it cannot,
    and names the file of the records, which then stays; or where there is nothing to write."""
    file = _set_down(records)
    again = f"its records are in {file}: jaxsmith capture --records {file} --out DIR"
    try:
        refused = _make_of(file, folder)
    except JaxsmithError as error:
        raise JaxsmithError(f"{error}; {again}") from error
    except BaseException as error:
        error.add_note(again)
        raise
    os.unlink(file)
    if not _is_made(folder):
        raise JaxsmithError(f"{folder}: there was nothing to write")
    return refused


def _is_made(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "manifest.json"))


def _make_of(file: str, folder: str) -> list[str]:
    done = program.outcome(["capture", "--records", file, "--out", folder])
    lines = [line for line in done.said.split("\n") if line.startswith(_NOT_RECORDED)]
    refused = [line.removeprefix(_NOT_RECORDED) for line in lines]
    # It says so when it is done with all others.
    if done.status == 0 or (refused and _is_made(folder)):
        return refused
    if refused:
        raise JaxsmithError(f"{folder}: nothing could be recorded: {'; '.join(refused)}")
    raise _without_command(done.failure())


def _set_down(records: Iterable[Mapping[str, Any]]) -> str:
    """A new file of records; none is left where one cannot be made or written."""
    from jaxsmith.records import form

    with _in_temporary_files():
        descriptor, name = tempfile.mkstemp(prefix="jaxsmith-", suffix=".jsonl")
    try:
        with open(descriptor, "wb", buffering=0) as file:
            for record in records:
                line = memoryview(form.dumps(record))
                with _in_temporary_files():
                    while line:
                        line = line[file.write(line) :]
    except BaseException:
        os.unlink(name)
        raise
    return name


@contextmanager
def _in_temporary_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JaxsmithError(
            f"{error.filename or tempfile.gettempdir()}: records cannot be written:"
            f" {error.strerror or error}; name another folder for temporary files by TMPDIR"
        ) from error
