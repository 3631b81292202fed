"""Errors that a user of the package sees: one line, what, where, what to do."""

import linecache
import os
import re
from types import TracebackType
from typing import Any

from jaxsmith.base.terminal import without_escapes

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_TRACEBACK = "Traceback (most recent call last)"
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b")


class JaxsmithError(Exception):
    """What jaxsmith could not do, in one line."""


class IRError(JaxsmithError, ValueError):
    """A text of IR that cannot be read or breaks a rule of its language, or inputs that it does not
    take. Of a text: place and reason, the line, a caret below it."""


class UnsupportedError(IRError):
    """An operation or a type that jaxsmith does not know."""


class BudgetError(IRError):
    """A text took more steps or memory than were allowed."""


class ExtractionError(JaxsmithError):
    """JAX could not take a function through a stage.

    `stage` is one of "load", "trace", "lower", "compile", "run"; the message is JAX's reason, with
    the line of the function that it came from; `__cause__` is JAX's exception.
    """

    def __init__(self, stage: str, message: str):
        super().__init__(message)
        self.stage = stage

    @property
    def reason(self) -> str:
        """Why something is missing: the stage that failed, and how."""
        return f"{self.stage}: {self}"


def checked_text(value: Any, what: str) -> str:
    """A text that a caller gives; raises TypeError where it is none."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: give a str, not {type(value).__name__}")
    return value


def from_jax(stage: str, error: BaseException) -> ExtractionError:
    """JAX's or the function's own exception as an ExtractionError."""
    message = f"{type(error).__name__}: {_ADDRESS.sub('', first_line(error))}"
    place = user_line(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{relative(error.filename)}:{error.lineno}: {(error.text or '').strip()}"
    return ExtractionError(stage, f"{message} ({place})" if place else message)


def first_line(error: BaseException) -> str:
    """The first line of an exception's message that says something."""
    try:
        lines = without_escapes(str(error)).splitlines()
    except Exception:  # an exception class of the user's may fail to print
        lines = []
    if isinstance(error, SyntaxError):
        lines = [error.msg]
    first = next((line.strip() for line in lines if line.strip()), "no message").rstrip(":")
    if first.endswith(_TRACEBACK):  # of a callback: what it raised is below that
        raised = [line for line in lines if _RAISED.match(line)]
        first = first.removesuffix(_TRACEBACK) + (raised[-1] if raised else _TRACEBACK)
    return first


def user_line(traceback: TracebackType | None) -> str:
    """`file.py:12: the line` of the innermost frame that is the user's; empty where there is
    none."""
    from jaxsmith import jax_private  # with it JAX, which has raised this

    place = ""
    while traceback is not None:
        file, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        if jax_private.is_user_file(file) and not file.startswith((_PACKAGE, "<frozen")):
            text = linecache.getline(file, line).strip()
            place = f"{relative(file)}:{line}" + (f": {text}" if text else "")
        traceback = traceback.tb_next
    return place


def relative(file: str) -> str:
    """A file's name from the working folder where it is below it."""
    try:
        name = os.path.relpath(file)
    except (ValueError, OSError):
        return file
    return file if name.startswith("..") else name
