"""The C++ program, as Python finds it."""

import os
import shutil
import subprocess
import sys

from jaxsmith.errors import JaxsmithError

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def path() -> str:
    """The `jaxsmith` program: that of JAXSMITH, the one that was installed with this package, the
    one that was built beside it, or the one in PATH; raises JaxsmithError where there is none."""
    named = os.environ.get("JAXSMITH")
    if named:
        return named
    built = os.path.join(os.path.dirname(os.path.dirname(_PACKAGE)), "build", "jaxsmith")
    for candidate in (os.path.join(_PACKAGE, "bin", "jaxsmith"), built):
        if os.access(candidate, os.X_OK):
            return candidate
    found = shutil.which("jaxsmith")
    if found is None:
        raise JaxsmithError(
            "the jaxsmith program is not here: install the package or run make build"
        )
    return found


def environment() -> dict[str, str]:
    """Has the program use this Python and this package."""
    return {
        **os.environ,
        "JAXSMITH_PYTHON": sys.executable,
        "JAXSMITH_PYTHON_PATH": os.path.dirname(_PACKAGE),
    }


def failure(
    process: subprocess.Popen[str] | subprocess.CompletedProcess[str], errors: str
) -> JaxsmithError:
    """What the program said when it failed."""
    lines = [line for line in errors.strip().splitlines() if line.strip()]
    said = lines[-1] if lines else f"ended with status {process.returncode}"
    return JaxsmithError(said.removeprefix("jaxsmith "))


def main() -> int:
    """The command `jaxsmith` of an installed package: becomes the program."""
    try:
        program = path()
    except JaxsmithError as error:
        print(f"jaxsmith: {error}", file=sys.stderr)
        return 1
    os.execve(program, ["jaxsmith", *sys.argv[1:]], environment())
