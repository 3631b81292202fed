"""Where the raw records of a process go."""

import contextlib
import os
import threading
from typing import Any

from jaxsmith.records import form, scrub


def header() -> dict[str, Any]:
    """What all records of a process share."""
    return {
        "type": form.Type.PROCESS,
        "folders": scrub.scrubber().folders,
        "environment": form.environment(),
    }


class FileSink:
    """Appends records to a file of the process's own in a folder, the header first: what was recorded
    is there however the process ends. Any thread may call it; a process that was forked begins a
    file of its own. The file is not held open, since a program may close descriptors that it does
    not know and then use their numbers for files of its own."""

    def __init__(self, folder: str):
        self._folder = folder
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        # A new lock as well: another thread of the parent's may have held the old one.
        self._lock = threading.Lock()
        self._path: str | None = None

    def __call__(self, message: dict[str, Any]) -> None:
        line = form.dumps(message)
        with self._lock:
            if self._path is None:
                self._path = self._new_file(form.dumps(header()) + line)
            else:
                _append(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC), line)

    def lost(self) -> None:
        """Leaves word, when no record can be written, that there would have been one: a file's name,
        which needs neither room on the disk nor a descriptor."""
        with contextlib.suppress(FileExistsError):
            os.mknod(os.path.join(self._folder, f"lost-{os.getpid()}"))

    def _new_file(self, lines: bytes) -> str:
        for number in range(10_000):
            path = os.path.join(self._folder, f"{os.getpid()}-{number}.jsonl")
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
            try:
                descriptor = os.open(path, flags, 0o600)
            except FileExistsError:  # an earlier process had this number
                continue
            try:
                _append(descriptor, lines)
            except BaseException:
                os.unlink(path)
                raise
            return path
        raise OSError("no free name for a file of records")


def _append(descriptor: int, lines: bytes) -> None:
    """Writes all or nothing, and closes: half a line would spoil the one behind it."""
    try:
        length = os.fstat(descriptor).st_size
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except BaseException:
            os.ftruncate(descriptor, length)
            raise
    finally:
        os.close(descriptor)
