"""The rooms of the Python package, and the script that holds them."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "tools" / "check_python_layers.py"


def check(*arguments):
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_package_keeps_to_its_layers():
    assert check() == (0, "")


WRONG = {
    "backwards": (
        {"errors.py": "from jaxsmith import datasets\n"},
        "errors must not import datasets",
    ),
    "within a function": (
        {"spans.py": "def f():\n    import jaxsmith.worker.chunk\n", "worker/chunk.py": ""},
        "spans must not import worker.chunk",
    ),
    "relative": (
        {"records/form.py": "from ..watching import recorder\n", "watching/recorder.py": ""},
        "records.form must not import watching.recorder",
    ),
    "by name": (
        {
            "errors.py": "import importlib\nimportlib.import_module('jaxsmith.sample')\n",
            "sample.py": "",
        },
        "errors must not import sample",
    ),
    "for types alone": (
        {
            "spans.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
            "    from jaxsmith.errors import IRError\n",
            "errors.py": "",
        },
        "spans must not import errors",
    ),
    "of one step": (
        {"reading.py": "import jaxsmith.scoring\n", "scoring.py": ""},
        "reading does not come after scoring",
    ),
    "the whole package": ({"sample.py": "import jaxsmith\n"}, "sample must not import __init__"),
    "an entrance": (
        {"datasets.py": "from jaxsmith.worker import plain\n", "worker/plain.py": ""},
        "worker is an entrance",
    ),
    "no place": ({"novel.py": ""}, "'novel' has no place"),
    "private": ({"sample.py": "from jax._src import core\n"}, "jax._src.core is private in JAX"),
    "a circle within a room": (
        {
            "worker/a.py": "from jaxsmith.worker import b\n",
            "worker/b.py": "def f():\n    from .c import x\n",
            "worker/c.py": "import jaxsmith.worker.a\n",
        },
        "a circle of imports: worker.a -> worker.b -> worker.c -> worker.a",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_breaks_them_is_seen(tmp_path, case):
    files, words = WRONG[case]
    package = tmp_path / "jaxsmith"
    for name, text in {"__init__.py": "", "datasets.py": "", **files}.items():
        file = package / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if file.parent != package:
            (file.parent / "__init__.py").touch()
    status, told = check(package)
    assert status == 1 and words in told, told
    assert len(told.splitlines()) == 1
