"""The versions that texts and outputs depend on, and the check that they are the right ones."""

import importlib.metadata
import platform
import sys

# The one JAX that jaxsmith works with: texts are those of this version.
REQUIRED_JAX = "0.10.2"


def problem(also: tuple[str, ...] = ("msgpack", "numpy")) -> str | None:
    """One line for a person when this Python cannot do the work, else None. `also`: packages that
    are needed besides JAX."""
    for package, required in (("jax", REQUIRED_JAX), ("jaxlib", REQUIRED_JAX)):
        found = _installed(package)
        if found is None:
            return f"{package} {required} is needed, but this Python has no {package}"
        if found != required:
            return f"{package} {required} is needed, but this Python has {package} {found}"
    for package in also:
        if _installed(package) is None:
            return f"{package} is needed, but this Python has no {package}"
    try:
        import jax  # noqa: F401  (an installation may be there and broken)

        from jaxsmith import jax_private
    except Exception as error:  # anything may go wrong while a broken package is imported
        return f"jax {REQUIRED_JAX} does not import: {type(error).__name__}: {error}".split("\n")[0]
    missing = jax_private.missing()
    if missing:
        return f"this jax {REQUIRED_JAX} lacks what jaxsmith needs of it: {', '.join(missing)}"
    return None


def versions() -> dict[str, str]:
    """What the worker says about itself in its first frame."""
    packages = {name: _installed(name) or "" for name in ("jax", "jaxlib", "numpy")}
    return {"python": platform.python_version(), **packages}


def _installed(package: str) -> str | None:
    # Of what is imported we know better than from its installation, which the program's own finders,
    # or copies of it, may hide.
    imported = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(imported, str):
        return imported
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
