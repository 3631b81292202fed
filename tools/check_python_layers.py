#!/usr/bin/env python3
"""Holds the layers of python/jaxsmith: a module imports its own room and what stands before it, never in
a circle; imports within functions count. Only jax_private names what is private in JAX and jaxlib.

usage: tools/check_python_layers.py [PACKAGE]
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import checking

# Rooms (folders) and the public modules at the top, each step after those that it may import.
ORDER = (
    {"spans", "base"},
    {"jax_private"},
    {"errors", "versions", "provenance"},
    {"levels"},
    {"sample", "transforms", "worker", "program"},
    {"extraction"},
    {"records"},
    {"watching", "datasets"},
    {"capturing", "generation", "reading", "scoring", "commands"},
    {"__init__", "__main__"},
)
# What runs in workers and what the command line starts is nobody's library.
ENTRANCES = {"worker", "commands"}
EXTENSION = "_core"
PRIVATE = ("jax._src", "jaxlib")


def imports_of(tree: ast.Module, package: str, module: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a module imports, wherever it does."""
    parent = module.rsplit(".", 1)[0] if "." in module else package
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = parent.split(".")[: len(parent.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield node.lineno, str(node.args[0].value)


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in packages)


class Modules:
    """The modules of a package, by their names in it: `worker.chunk`; a package's own is `worker`."""

    def __init__(self, folder: Path):
        self.package = folder.name
        self.files: dict[str, Path] = {}
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            if parts[-1] == "__init__" and len(parts) > 1:
                parts = parts[:-1]
            self.files[".".join(parts)] = file

    def named(self, imported: str) -> str | None:
        """The module of the package that an import names; None where it names none."""
        if not is_within(imported, (self.package,)):
            return None
        inner = imported.removeprefix(self.package).strip(".")
        while inner and inner not in self.files:
            if inner == EXTENSION:
                return None
            inner = inner.rpartition(".")[0]
        return inner or "__init__"


def step_of(module: str) -> int | None:
    room = module.split(".")[0]
    return next((i for i, rooms in enumerate(ORDER) if room in rooms), None)


def wrong_arrow(module: str, target: str) -> str | None:
    """Why a module must not import another of the package."""
    room, other = module.split(".")[0], target.split(".")[0]
    if room == other:
        return None
    if other in ENTRANCES:
        return f"{other} is an entrance, which nothing else imports"
    own, its = step_of(module), step_of(target)
    if own is not None and its is not None and its >= own:
        return f"{room} does not come after {other}"
    return None


def circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """A circle for each import that closes one."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> Iterator[list[str]]:
        if module in path:
            yield [*path[path.index(module) :], module]
        elif module not in done:
            for target in sorted(graph[module]):
                yield from visit(target, [*path, module])
            done.add(module)

    for module in sorted(graph):
        yield from visit(module, [])


def violations(folder: Path) -> Iterator[str]:
    """Yields a line for each import that goes the wrong way, and for each module without a place."""
    modules = Modules(folder)
    graph: dict[str, set[str]] = {}
    for module, file in modules.files.items():
        graph[module] = set()
        if step_of(module) is None:
            yield f"{file}: '{module.split('.')[0]}' has no place in the order of layers"
        full = f"{modules.package}.{module}"
        for line, imported in imports_of(ast.parse(file.read_text()), modules.package, full):
            if is_within(imported, PRIVATE) and module != "jax_private":
                yield f"{file}:{line}: {imported} is private in JAX; jax_private is the place for it"
            target = modules.named(imported)
            if target is None or target == module:
                continue
            graph[module].add(target)
            why = wrong_arrow(module, target)
            if why is not None:
                yield f"{file}:{line}: {module} must not import {target}: {why}"
    for circle in circles(graph):
        yield f"{folder}: a circle of imports: {' -> '.join(circle)}"


if __name__ == "__main__":
    sys.exit(checking.run(violations, checking.ROOT / "python" / "jaxsmith", __doc__))
