"""The source text of a function, with the names of its module that it needs.

A function's text alone is of little use: it names modules, constants and helpers that stand
elsewhere in its file. `source_at` cuts out of a file the function and, over and over, the imports,
assignments and definitions at the file's top level that these need, in the file's order.
"""

import ast
import builtins
import functools
import inspect
import linecache
import os
import textwrap
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Beyond so many lines the helpers are left out and the imports alone are kept.
MOST_LINES = 400
_MOST_ATTEMPTS = 20  # to parse a file

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class SourceText:
    """A function's source and where each of its lines stands in the file."""

    text: str
    entry: str  # the function's name within the text
    file: str
    line: int  # of the function's first line in the file
    # For each line of `text`: line in the file, and how many columns the text has less; None for
    # lines that are not of the file.
    origin: tuple[tuple[int, int] | None, ...] = ()
    _places: dict[int, tuple[int, int]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for number, origin in enumerate(self.origin, start=1):
            if origin is not None:
                self._places[origin[0]] = (number, origin[1])

    def fields(self) -> tuple[str, str, str, int, list[list[int] | None]]:
        """What it is made of, for a record: `SourceText.of` makes it again."""
        origin = [None if each is None else list(each) for each in self.origin]
        return self.text, self.entry, self.file, self.line, origin

    @staticmethod
    def of(fields: Any) -> "SourceText":
        text, entry, file, line, origin = fields
        places = tuple(None if each is None else (each[0], each[1]) for each in origin)
        return SourceText(text, entry, file, line, places)

    def place(self, file: str, line: int, column: int) -> tuple[int, int] | None:
        """Line (from 1) and column (from 0) in the text of a place in the file."""
        found = self._places.get(line) if file == self.file else None
        return None if found is None else (found[0], max(0, column - found[1]))


def underlying(function: Any) -> Any:
    """The function or class whose code a callable runs: without partials, jit, decorators,
    methods' binding; of an object that is called, its class."""
    seen = 0
    while seen < 100:
        seen += 1
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            owner = function.__self__
            owner = owner if inspect.isclass(owner) else type(owner)
            # What an object inherits says little: its own class says what it does.
            inherited = function.__name__ not in vars(owner)
            function = owner if inherited else function.__func__
        elif hasattr(function, "__wrapped__") and not inspect.isclass(function):
            function = function.__wrapped__
        elif inspect.isfunction(function) or inspect.isclass(function):
            return function
        elif callable(function) and not inspect.isbuiltin(function):
            return type(function)
        else:
            break
    return function


def source_of(function: Callable) -> SourceText | None:
    """The source of a callable; None where there is none, and then `why_none_of` says why."""
    place = _place_of(function)
    return None if place is None else source_at(*place)


def why_none_of(function: Callable) -> str:
    """Why `source_of` gives nothing for a callable."""
    place = _place_of(function)
    if place is None:
        return "it cannot be found: the function is built in, or its class was made by exec"
    return why_none_at(*place)


def _place_of(function: Callable) -> tuple[str, int] | None:
    """File and line at which the code of a callable begins, as Python knows them."""
    inner = underlying(function)
    try:
        if inspect.isclass(inner):
            file = inspect.getsourcefile(inner)
            line = inspect.getsourcelines(inner)[1]
        else:
            file, line = inner.__code__.co_filename, inner.__code__.co_firstlineno
    except (AttributeError, OSError, TypeError):
        return None
    return (file, line) if file else None


@functools.lru_cache(maxsize=256)
def source_at(file: str, line: int) -> SourceText | None:
    """The function, class or lambda that starts at a line of a file, with what it needs."""
    lines = linecache.getlines(file)
    if not 1 <= line <= len(lines):
        return None
    try:
        tree = _parsed(file)
    except (SyntaxError, ValueError):
        return None
    found = _find(tree, line)
    return None if found is None else _cut(tree, lines, file, line, *found)


def why_none_at(file: str, line: int) -> str:
    """Why `source_at` gives nothing for a place, or something else than the function."""
    if linecache.getlines(file):
        try:
            _parsed(file)
        except (SyntaxError, ValueError) as error:
            return f"it cannot be found: {file} cannot be parsed: {error}".partition("\n")[0]
        return f"it cannot be found: it is not what {file} has at line {line} now"
    if file.startswith("<"):
        return f"it cannot be found: its code is of {file}, no file, as what exec or a prompt makes"
    return f"it cannot be found: there is no file {file}"


# One thread parses at a time: what shows warnings belongs to the process.
_parsing = threading.Lock()


def _renew_lock() -> None:
    global _parsing
    _parsing = threading.Lock()  # another thread of the parent's may have held it


os.register_at_fork(after_in_child=_renew_lock)


@functools.lru_cache(maxsize=64)
def _parsed(file: str) -> ast.Module:
    text = "".join(linecache.getlines(file))
    with _parsing:
        # What the parser has to say of the user's file has been said when it was imported. The filters
        # stay as they are: a change would have warnings shown again that were shown before.
        show = getattr(warnings, "_showwarnmsg", None)
        try:
            if show is not None:
                warnings._showwarnmsg = lambda message: None  # type: ignore[attr-defined]
            return _parse(text)
        finally:
            if show is not None:
                warnings._showwarnmsg = show  # type: ignore[attr-defined]


def _parse(text: str) -> ast.Module:
    # Of CPython before 3.13: a count of the parser's is all threads' (python/cpython#106905), so that
    # the program's own parsing, between ours, has it fail: "AST constructor recursion depth mismatch".
    for _ in range(_MOST_ATTEMPTS):
        try:
            return ast.parse(text)
        except SystemError:
            continue
    raise ValueError("it cannot be parsed beside other threads")


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _find(tree: ast.Module, line: int) -> tuple[ast.stmt, str] | None:
    """The statement to take for what starts at `line`, and the entry's name in it."""
    best: tuple[ast.stmt, str] | None = None
    stack: list[tuple[ast.AST, list[ast.stmt]]] = [(tree, [])]
    while stack:
        node, outer = stack.pop()
        if isinstance(node, _Definition) and line in (node.lineno, _first_line(node)):
            best = _owner(outer, node)
            break
        if isinstance(node, ast.Lambda) and node.lineno == line and outer and best is None:
            best = (outer[-1], _lambda_name(outer[-1], node))
        inner = [*outer, node] if isinstance(node, ast.stmt) else outer
        stack += [(child, inner) for child in ast.iter_child_nodes(node)]
    return best


def _owner(outer: list[ast.stmt], node: _Definition) -> tuple[ast.stmt, str]:
    """A method comes with its class."""
    name, owner = node.name, node
    for enclosing in reversed(outer):
        if not isinstance(enclosing, ast.ClassDef):
            break
        name, owner = f"{enclosing.name}.{name}", enclosing
    return owner, name


def _lambda_name(statement: ast.stmt, node: ast.Lambda) -> str:
    if isinstance(statement, ast.Assign) and statement.value is node:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id
    return "<lambda>"


def _cut(
    tree: ast.Module, lines: list[str], file: str, line: int, node: ast.stmt, entry: str
) -> SourceText:
    needed = _needed(tree, node, helpers=True)
    if sum(_length(statement) for statement in needed) > MOST_LINES:
        needed = _needed(tree, node, helpers=False)
    if node not in needed:
        needed.append(node)  # nested in another function: behind what it needs of the module
    text: list[str] = []
    origin: list[tuple[int, int] | None] = []
    previous: ast.stmt | None = None
    for statement in needed:
        blank = _blank_lines(previous, statement)
        text += [""] * blank
        origin += [None] * blank
        first, last = _first_line(statement), statement.end_lineno or statement.lineno
        part = "".join(lines[first - 1 : last])
        dedented = textwrap.dedent(part)
        shift = _indent(part) - _indent(dedented)
        cut = dedented.rstrip("\n").split("\n")
        text += cut
        origin += [(first + i, shift) for i in range(len(cut))]
        previous = statement
    return SourceText("\n".join(text) + "\n", entry, file, line, tuple(origin))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))


def _length(statement: ast.stmt) -> int:
    return (statement.end_lineno or statement.lineno) - _first_line(statement) + 1


def _blank_lines(previous: ast.stmt | None, statement: ast.stmt) -> int:
    if previous is None:
        return 0
    imports = (ast.Import, ast.ImportFrom)
    if isinstance(previous, _Definition) or isinstance(statement, _Definition):
        return 2
    return 0 if isinstance(previous, imports) == isinstance(statement, imports) else 1


def _needed(tree: ast.Module, node: ast.stmt, helpers: bool) -> list[ast.stmt]:
    """The top-level statements that bind what `node` names, and what those name, in order."""
    binders: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        if not _is_main_block(statement):
            for name in _bound(statement):
                binders.setdefault(name, []).append(statement)
    chosen = {id(node): node} if node in tree.body else {}
    waiting, seen = [node], {id(node)}
    while waiting:
        for name in _loaded(waiting.pop()):
            for statement in binders.get(name, ()):
                if id(statement) in seen:
                    continue
                seen.add(id(statement))
                if helpers or isinstance(statement, (ast.Import, ast.ImportFrom)):
                    chosen[id(statement)] = statement
                    waiting.append(statement)
    return [statement for statement in tree.body if id(statement) in chosen]


def _is_main_block(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in _loaded(statement.test)


def _loaded(node: ast.AST) -> list[str]:
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return sorted(name for name in names if name == "__name__" or not hasattr(builtins, name))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a top-level statement gives a value to."""
    if isinstance(statement, _Definition):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, _Definition):  # within `if` or `try`
            yield node.name
