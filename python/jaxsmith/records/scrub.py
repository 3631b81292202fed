"""Takes what is private out of texts that go into a dataset: home folders, machine paths, secrets.

Files of the project keep their names from the working folder; files of installed packages keep
theirs from the package folder.
"""

import functools
import os
import re
import site
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

from jaxsmith import jax_private
from jaxsmith.base import package
from jaxsmith.base.terminal import without_escapes

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CRED|AUTH|COOKIE|PRIVATE", re.IGNORECASE)
_SHORTEST_SECRET = 6
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_PATH = re.compile(r"(?<![\w.>~])(?:/[\w.+@~-]+){2,}")


def known_folders(project: str) -> dict[str, str]:
    """Folders of this process, and what stands for each in a text."""
    return {
        os.path.expanduser("~"): "~/",
        sys.base_prefix: "<python>/",
        sys.prefix: "<python>/",
        package.PARENT: "",
        **{folder: "" for folder in [*site.getsitepackages(), site.getusersitepackages()]},
        sysconfig.get_path("purelib"): "",
        sysconfig.get_path("platlib"): "",
        sysconfig.get_path("stdlib"): "",
        os.path.realpath(project): "",
        project: "",
    }


class Scrubber:
    """Knows the folders of a process and the secrets of the environment."""

    def __init__(self, folders: dict[str, str]):
        self.folders = {f.rstrip(os.sep): name for f, name in folders.items() if f.strip(os.sep)}
        # The longest first, so that a package folder below the project is taken for what it is.
        alternatives = "|".join(re.escape(f) for f in sorted(self.folders, key=len, reverse=True))
        self._paths = re.compile(rf"(?<![\w.])(?:{alternatives})(?:/|(?![\w.-]))")
        secrets = {
            value: name
            for name, value in os.environ.items()
            if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET
        }
        self._secrets = sorted(secrets.items(), key=lambda x: -len(x[0]))

    def text(self, text: str) -> str:
        """The text without private parts."""
        if "/" in text:
            text = self._paths.sub(self._replacement, text)
        for value, name in self._secrets:
            if value in text:
                text = text.replace(value, f"<{name}>")
        return text

    def message(self, text: str) -> str:
        """An error's words, in which a file's name is enough."""
        return _PATH.sub(lambda path: os.path.basename(path[0]), self.text(without_addresses(text)))

    def file(self, name: str) -> str:
        """A file's name from its project or package."""
        return self.text(os.path.abspath(name)) if os.path.isabs(name) else self.text(name)

    def _replacement(self, match: re.Match[str]) -> str:
        return self.folders[match[0].rstrip("/")]


@functools.cache
def scrubber() -> Scrubber:
    return Scrubber(known_folders(os.getcwd()))


def without_addresses(text: str) -> str:
    """What Python prints of objects, without where they lie."""
    return _ADDRESS.sub("at <address>", text)


def value_text(value: Any, clean: Callable[[str], str]) -> str:
    """A static value as a row names it: its repr, shortened, without addresses."""
    try:
        with jax_private.without_color():
            text = without_escapes(repr(value))
    except Exception:  # a class of the user's
        text = f"<{type(value).__name__}>"
    text = clean(without_addresses(text))
    return text if len(text) <= 500 else text[:499] + "…"
