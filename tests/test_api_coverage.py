"""Every public function of JAX that has a meaning on arrays of static shape is written by some program; the others stand in docs/exclusions.md."""

import importlib
import inspect
import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from source_names import names_in

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))).parent
MODULES = [
    "jax",
    "jax.lax",
    "jax.nn",
    "jax.nn.initializers",
    "jax.numpy",
    "jax.numpy.fft",
    "jax.numpy.linalg",
    "jax.tree",
    "jax.tree_util",
]
CHUNKS = 650  # some 25,000 functions, planned and rendered only
# Modules whose functions are those of another one: `jax.tree_util.tree_map` is `jax.tree.map`.
ALIASES = {"jax.tree_util.tree_": "jax.tree."}


def public_functions(module):
    """Names of what a module gives to be called: neither classes nor modules, scalar types nor primitives."""
    found = set()
    for name, value in vars(importlib.import_module(module)).items():
        is_type = inspect.isclass(value) or type(value).__name__ == "_ScalarMeta"
        if (
            name.startswith("_")
            or name.endswith("_p")
            or inspect.ismodule(value)
            or is_type
            or not callable(value)
        ):
            continue
        if getattr(value, "__module__", "") in ("typing", "__future__"):
            continue
        found.add(f"{module}.{name}")
    return found


def functions_of(source):
    """Full names of all that a source takes from its imports."""
    found = names_in(source)
    for prefix, canonical in ALIASES.items():
        found |= {
            canonical + name.removeprefix(prefix) for name in found if name.startswith(prefix)
        }
    return found


def exclusions():
    """Functions with the reasons for which no program calls them."""
    text = (ROOT / "docs" / "exclusions.md").read_text()
    rows = re.findall(r"^\| (`[^|]*`) \| ([^|]+) \|$", text, re.MULTILINE)
    return {name: reason for names, reason in rows for name in re.findall(r"`([\w.]+)`", names)}


@pytest.fixture(scope="module")
def written():
    """In how many of the functions of a run each name occurs."""
    command = [str(BINARIES / "print_functions_main"), "5", "0", str(CHUNKS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counts = Counter()
    for line in done.stdout.splitlines():
        counts.update(functions_of(json.loads(line)["source"]))
    return counts


@pytest.mark.parametrize("module", MODULES)
def test_each_function_is_written_or_excluded_with_a_reason(module, written):
    missing = {name for name in public_functions(module) if not written[name]} - exclusions().keys()
    assert not missing, f"neither written nor in docs/exclusions.md: {sorted(missing)}"


def test_what_is_excluded_exists_and_is_not_written(written):
    excluded = exclusions()
    here = {name for name in excluded if name.rpartition(".")[0] in MODULES}
    exist = set().union(*map(public_functions, MODULES))
    assert here <= exist, f"no such function: {sorted(here - exist)}"
    assert all(len(excluded[name]) > 8 for name in here)
    assert not {name for name in here if written[name]}, "written, though excluded"
