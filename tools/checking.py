"""What the checks of the sources are as commands: they print what is wrong, a line each."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(violations: Callable[[Path], Iterable[str]], usual: Path, usage: str | None) -> int:
    """Prints what `violations` gives of the folder that the command names, `usual` where it names
    none. 1 where there is any."""
    arguments = sys.argv[1:]
    if "--help" in arguments:
        print(usage)
        return 0
    found = list(violations(Path(arguments[0]) if arguments else usual))
    for line in found:
        print(line)
    return 1 if found else 0
