"""Records what JAX compiles in a process, as it happens, without changing what the program does."""

import contextlib
import functools
import inspect
import itertools
import re
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

from jaxsmith import jax_private
from jaxsmith.base.words import SOURCE
from jaxsmith.errors import first_line, from_jax
from jaxsmith.levels import MADE, TABLE, Reach, producer
from jaxsmith.provenance import source
from jaxsmith.records import form, scrub
from jaxsmith.records.form import Type

_SOURCE_INFO = re.compile(r"(?P<name>\S+) at (?P<file>.+):(?P<line>\d+)$")
# The frame of JAX's that has the function, its arguments and what is static: `pjit.py`.
_CALL_FRAMES = ("_python_pjit_helper", "cache_miss")


# By level. Their modules are loaded with this one, not while the program runs.
_KEPT = {name: producer(name).keep for name in MADE if producer(name).captured_from is None}


# Threads that are recording: no recorder of the process wants what that makes JAX compile.
_busy = threading.local()


def _nothing() -> None:
    pass


class Recorder:
    """Gives each function that is compiled to `emit`, in two messages: `raw` before XLA has it, which
    may end the process, and then `compiled` or `failed`.

    `everything`: also the single primitives that JAX compiles when it runs eagerly. `lost` is called
    where not even a message of a problem can be emitted.
    """

    def __init__(
        self,
        emit: Callable[[dict[str, Any]], None],
        everything: bool = False,
        lost: Callable[[], None] = _nothing,
    ):
        self._emit, self._everything, self._lost = emit, everything, lost
        self._numbers = itertools.count()
        scrub.scrubber()  # knows the folder that the program began in
        self._ends: list[Callable[[], None]] = []

    def start(self) -> None:
        """Each start needs a stop; within another, it changes nothing."""
        nested = bool(self._ends)
        self._ends.append(_nothing if nested else jax_private.watch_compilations(self._begun))

    def stop(self) -> None:
        if self._ends:
            self._ends.pop()()

    def _begun(self, closed: Any | None, lowering: Any | None, name: str) -> jax_private.Done:
        number: int | None = None
        text: source.SourceText | None = None

        def begin() -> None:
            nonlocal number, text
            if closed is None:
                self._emit_problem(name, "it was lowered before recording began")
            elif self._everything or not _is_primitive(closed):
                text = _source_of(closed)
                raw = _raw_record(closed, lowering, name, text)
                message = {"number": next(self._numbers), **raw}
                self._emit({"type": Type.RAW, **message})
                number = message["number"]

        def end(executable: Any | None, error: BaseException | None) -> None:
            if number is not None:
                stages = jax_private.WatchedStages(closed, lowering, executable)
                ending = _ending(stages, text, error)
                self._emit({"number": number, **ending})

        self._recording(name, begin)
        return lambda *how: self._recording(name, end, *how)

    def _recording(self, name: str, act: Callable[..., None], *arguments: Any) -> None:
        if getattr(_busy, "on", False):  # what recording itself makes JAX compile
            return
        _busy.on = True
        try:
            act(*arguments)
        except Exception as error:  # the program must not notice
            self._emit_problem(name, f"{type(error).__name__}: {first_line(error)}")
        finally:
            _busy.on = False

    def _emit_problem(self, name: str, message: str) -> None:
        try:
            self._emit(form.problem(name, message))
        except Exception:  # a full disk, say
            with contextlib.suppress(Exception):  # there is nobody to tell
                self._lost()


def _raw_record(
    closed: Any, lowering: Any | None, name: str, text: source.SourceText | None
) -> dict[str, Any]:
    """What only this process knows before the compilation, taken as cheaply as can be; `finishing`
    makes a record of it. What cannot be had is left out, and `missing` says why."""
    computation = None if lowering is None else jax_private.Computation(lowering, None)
    call = _Call.of_this_thread()
    stages = jax_private.WatchedStages(closed, lowering, None)
    reached = (Reach.TRACED,) if lowering is None else (Reach.TRACED, Reach.LOWERED)
    kept: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for level, keep in _levels_of(*reached):
        what = form.attempt(missing, level, TABLE[level].stage, partial(keep, stages, text))
        if what is not None:
            kept[level] = what
    if text is None:
        missing[SOURCE] = _why_no_source(closed)
    clean = scrub.scrubber().text
    plain_name = _plain_name(closed, name)
    return {
        "name": name,
        "callable": call.callable or plain_name,
        "call_site": call.site,
        "statics": {key: scrub.value_text(value, clean) for key, value in call.statics.items()},
        "entry": text.entry if text else plain_name,
        "source": list(text.fields()) if text else None,
        "levels": kept,
        "facts": form.facts(closed, computation),
        "missing": missing,
    }


def _levels_of(*reaches: Reach) -> Iterator[tuple[str, Callable[..., dict[str, Any]]]]:
    """How the levels are kept for which JAX goes as far as one of these."""
    return ((name, keep) for name, keep in _KEPT.items() if TABLE[name].reach in reaches)


def _ending(
    stages: jax_private.WatchedStages, text: source.SourceText | None, error: BaseException | None
) -> dict[str, Any]:
    """How the compilation went."""
    if stages.compiled is None:
        stage = "lower" if stages.lowered is None else "compile"
        reason = from_jax(stage, error).reason if error else stage
        return {"type": Type.FAILED, "stage": stage, "reason": reason}
    computation = jax_private.Computation(stages.lowered, stages.compiled)
    try:
        return {
            "type": Type.COMPILED,
            "compiled_levels": {
                level: keep(stages, text) for level, keep in _levels_of(Reach.COMPILED)
            },
            "cost": form.cost(computation.cost_analysis()),
        }
    except Exception as unprintable:
        reason = from_jax("compile", unprintable).reason
        return {"type": Type.FAILED, "stage": "compile", "reason": reason}


def _is_primitive(closed: Any) -> bool:
    """Whether this is one operation that JAX compiled because the program ran it eagerly."""
    if len(closed.jaxpr.eqns) > 1 or any(map(jax_private.calls_jaxprs, closed.jaxpr.eqns)):
        return False
    found = _SOURCE_INFO.match(jax_private.source_info(closed))
    return found is None or not jax_private.is_user_file(found["file"])


def _plain_name(closed: Any, name: str) -> str:
    found = _SOURCE_INFO.match(jax_private.source_info(closed))
    return found["name"] if found else name


def _source_of(closed: Any) -> source.SourceText | None:
    found = _SOURCE_INFO.match(jax_private.source_info(closed))
    if found is None:
        return None
    text = source.source_at(found["file"], int(found["line"]))
    # A file that has changed since it was imported tells nothing.
    name = found["name"].rsplit(".", 1)[-1]
    if text is None or name not in ("<lambda>", text.entry.rsplit(".", 1)[-1]):
        return None
    return text


def _why_no_source(closed: Any) -> str:
    found = _SOURCE_INFO.match(jax_private.source_info(closed))
    if found is None:
        return "it cannot be found: JAX does not know where the function stands"
    return source.why_none_at(found["file"], int(found["line"]))


class _Call:
    """The call of a jitted function that a thread is in."""

    def __init__(self) -> None:
        self.callable = ""
        self.site = ""
        self.statics: dict[str, Any] = {}

    @staticmethod
    def of_this_thread() -> "_Call":
        call = _Call()
        files: list[str] = []
        for frame in _frames():
            code = frame.f_code
            if not call.callable and code.co_name in _CALL_FRAMES:
                _read_call(call, frame)
            if jax_private.is_user_file(code.co_filename):
                files.append(f"{code.co_filename}:{frame.f_lineno}")
        # Rather a line of the program's own than one of a library's.
        own = [file for file in files if "site-packages" not in file and not file.startswith("<")]
        call.site = next(iter(own or files), "")
        return call


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _read_call(call: _Call, frame: FrameType) -> None:
    values = frame.f_locals
    function, info = values.get("fun"), values.get("jit_info")
    if function is None or info is None:
        return
    inner = source.underlying(function)
    module, name = getattr(inner, "__module__", ""), getattr(inner, "__qualname__", "")
    call.callable = f"{module}:{name}" if module and name else name
    args, kwargs = values.get("args", ()), values.get("kwargs", {})
    names = _parameter_names(inner)
    for position in getattr(info, "static_argnums", ()) or ():
        if -len(args) <= position < len(args):
            place = position % len(args)
            call.statics[names[place] if place < len(names) else str(place)] = args[place]
    for name in getattr(info, "static_argnames", ()) or ():
        if name in kwargs:
            call.statics[name] = kwargs[name]


@functools.lru_cache(maxsize=1024)
def _parameter_names(function: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except (ValueError, TypeError):
        return ()
