"""HLO texts of a lowered function without generating code for it, which is most of a compile's
cost.

XLA is made to write the module that it starts with to a folder, and to hand over the scheduled
module that it would generate code for; then the compile is stopped. Printing both gives the texts
of the plain route, after what differs between a module in memory and its serialised form is made
the same (`_hlo_text`, `_full_text`).
"""

import atexit
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from jax.extend import xla

from jaxsmith import jax_private

_HOOK = "jaxsmith_hlo_texts"
_STAGE = xla.PipelineStage.POST_SCHEDULER


class _Stop(Exception):
    """Raised inside XLA when the scheduled module is at hand."""


class Texts(NamedTuple):
    """What an aborted compile gives: of the modules that were wanted the text and the same printed with
    metadata, and the cost analysis of the scheduled module."""

    of_modules: dict[str, tuple[str, str]]
    costs: dict[str, float]


class HloTexts:
    """Takes HLO texts from aborted compiles; one for a process."""

    def __init__(self) -> None:
        self._folder = _scratch_folder()
        self._scheduled: bytes | None = None
        self._with_dump = jax_private.Compiler(
            {
                "xla_dump_to": self._folder.path,
                "xla_dump_hlo_as_proto": True,
                "xla_dump_hlo_as_text": False,
            }
        )
        self._without_dump = jax_private.Compiler({})
        self._short, self._full = jax_private.short_options(), jax_private.full_options()
        self._located = (
            jax_private.short_options(locations=True),
            jax_private.full_options(locations=True),
        )

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Compiles within it are stopped before code generation."""
        xla.register_hlo_module_transformation(
            self._take, name=_HOOK, stage=_STAGE, platforms="cpu"
        )
        try:
            yield
        finally:
            xla.clear_hlo_module_transformation(_HOOK, stage=_STAGE, platforms="cpu")

    def texts(self, lowering: jax_private.Lowering, modules: Collection[str]) -> "Texts":
        """Of the modules "initial" and "scheduled", as levels name them
        (`Producer.module_of_compile`). Raises XlaError where XLA does not get as far as code
        generation."""
        want_initial = "initial" in modules
        arguments, results = len(lowering.kept), lowering.results
        compiler = self._with_dump if want_initial else self._without_dump
        self._scheduled = None
        try:
            compiler.compile(lowering.module, arguments, results)
        except jax_private.XlaError:
            if self._scheduled is None:
                self._folder.take("")
                raise
        found = {}
        if want_initial:
            dumped = self._folder.take("before_optimizations")
            before = jax_private.hlo_module(_first_field(dumped))
            initial = _hlo_text(before.to_string(self._short))
            found["initial"] = (initial, before.to_string(self._located[0]))
        assert self._scheduled is not None  # the hook is what has stopped the compile
        module = jax_private.hlo_module(self._scheduled)
        scheduled = _full_text(module.to_string(self._full), arguments, results)
        found["scheduled"] = (scheduled, module.to_string(self._located[1]))
        return Texts(found, jax_private.cost_analysis(module))

    def _take(self, serialized: bytes) -> None:
        self._scheduled = serialized
        raise _Stop


# ---- What differs between a serialised module and the one in memory ------------------------------

_ROOT = re.compile(r"ROOT \S+ = (.*?) [a-z][a-z0-9-]*\(")


def _hlo_text(text: str) -> str:
    """A compile resets the entry's result layout in the header to the default one; JAX prints that
    of the root."""
    root = _ROOT.match(text, text.find("ROOT ", text.find("\nENTRY ")))
    if root is None:
        return text
    end = text.find("\n")
    header, arrow = text[:end], text[:end].rfind(")->")
    if arrow >= 0:
        header = f"{header[: arrow + 3]}{root[1]}}}"
    return header + text[end:]


def _full_text(text: str, arguments: int, results: int) -> str:
    """The serialised form lacks the compile's permission to propagate shardings, which the header
    prints."""
    added = ""
    if arguments:
        allowed = ",".join(["true"] * arguments)
        added += f", allow_spmd_sharding_propagation_to_parameters={{{allowed}}}"
    if results:
        allowed = ",".join(["true"] * results)
        added += f", allow_spmd_sharding_propagation_to_output={{{allowed}}}"
    return text.replace("\n", added + "\n", 1)


def _first_field(message: bytes) -> bytes:
    """The first, length-delimited field of a serialised protocol buffer: the module of an
    HloProto."""
    length = shift = 0
    place = 1
    while True:
        byte = message[place]
        place += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return message[place : place + length]


# ---- The folder that XLA writes to ---------------------------------------------------------------

_PREFIX = "jaxsmith-hlo-"


class _Folder:
    def __init__(self, path: str, lock: int):
        self.path = path
        self._lock = lock  # held open as long as the process lives

    def take(self, part: str) -> bytes:
        """The content of the file whose name holds `part`; the folder is empty afterwards."""
        content = b""
        for name in os.listdir(self.path):
            path = os.path.join(self.path, name)
            if name == "lock":
                continue
            if part and part in name:
                with open(path, "rb") as file:
                    content = file.read()
            os.unlink(path)
        return content


def _scratch_folder() -> _Folder:
    """A new folder, in memory where there is such a place. Workers may be killed at any time, so
    folders are locked by their owner and each start removes those of the dead."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else tempfile.gettempdir()
    for name in os.listdir(parent):
        if name.startswith(_PREFIX):
            _remove_if_abandoned(os.path.join(parent, name))
    path = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
    lock = os.open(os.path.join(path, "lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    atexit.register(_remove, path, os.getpid())
    return _Folder(path, lock)


def _remove(path: str, owner: int) -> None:
    if os.getpid() == owner:  # not in a child that a function has forked
        shutil.rmtree(path, ignore_errors=True)


def _remove_if_abandoned(path: str) -> None:
    try:
        lock = os.open(os.path.join(path, "lock"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # not ours to read, or its owner is just making it
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass
    finally:
        os.close(lock)
