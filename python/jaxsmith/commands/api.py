"""What `jaxsmith coverage` compares with: the public functions of the JAX beside this file, as JSON on
descriptor 4. Nothing is typed by hand but where to look: the namespaces of functions on arrays, with
what is within them, and `jax` itself, whose functions transform others."""

import importlib
import inspect
import json
import os
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from jaxsmith import versions

ROOTS = (
    "jax.numpy",
    "jax.lax",
    "jax.nn",
    "jax.scipy",
    "jax.random",
    "jax.image",
    "jax.ops",
    "jax.tree",
)


def main() -> int:
    problem = versions.problem(also=())
    if problem is not None:
        print(problem, file=sys.stderr)
        return 1
    import jax

    os.set_inheritable(4, False)
    answer = {"jax": jax.__version__, "namespaces": public_api()}
    with os.fdopen(4, "w") as out:
        json.dump(answer, out)
    return 0


def public_api() -> dict[str, list[str]]:
    """Namespaces and the public functions in each; those of a distribution, jax.scipy.stats.norm, are in
    the namespace of all."""
    found: dict[str, list[str]] = {"jax": sorted(_functions(importlib.import_module("jax")))}
    for root in ROOTS:
        for module in _within(importlib.import_module(root)):
            name = module.__name__
            parent, _, last = name.rpartition(".")
            if parent == "jax.scipy.stats":
                found[parent] += [f"{last}.{each}" for each in _functions(module)]
            else:
                found[name] = list(_functions(module))
    return {name: sorted(functions) for name, functions in found.items() if functions}


def _within(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    names = {each.name for each in pkgutil.iter_modules(getattr(module, "__path__", []))}
    names |= {name for name, value in vars(module).items() if inspect.ismodule(value)}
    for name in sorted(names):
        if name.startswith("_") or f"{module.__name__}.{name}".startswith("jax.numpy.numpy"):
            continue
        try:
            inner = importlib.import_module(f"{module.__name__}.{name}")
        except ImportError:
            continue  # what is imported there from elsewhere
        yield from _within(inner)


def _functions(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if not name.startswith("_") and _is_function(value):
            yield name


def _is_function(value: Any) -> bool:
    import jax

    if inspect.ismodule(value) or not callable(value):
        return False
    if not inspect.isclass(value):
        # Types written out, as for annotations, and switches of the configuration can be called, too.
        return type(value).__module__ not in {"typing", "types", type(jax.enable_x64).__module__}
    # jax.custom_vjp is a class whose objects are called.
    return any("__call__" in vars(base) for base in value.__mro__[:-1])


if __name__ == "__main__":
    sys.exit(main())
