"""Makes the package of the worker importable in the tests, and what several files of tests read."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

# In the background of a script Ctrl-C is ignored, and what is started there would ignore it as well.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--bless", action="store_true", help="record the digests of plans that are found"
    )


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """A dataset of 80 rows as a run without options makes them. It is made once for all processes of
    a test run; none may write into it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each process has a folder of its own there
    out = base / "generated"
    program = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
    with (base / "generated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "manifest.json").exists():
            command = [program, "generate", "--count", "80", "--seed", "31", "--redo", "0"]
            subprocess.run([*command, "--out", out], check=True, capture_output=True)
    return out
