"""A short run of the fuzzing, of `make sanitize`, which compiles the readers anew; `make fuzz` is the long one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))).resolve().parent


@pytest.mark.sanitized
@pytest.mark.timeout(1500)
def test_nothing_that_is_read_breaks_or_exhausts_a_reader():
    command = [sys.executable, ROOT / "tools" / "fuzz", "--runs", "3000", "--no-install"]
    done = subprocess.run([*command, "--build", BUILD / "fuzz"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("no finding") == 6
    for what, found in (
        ("time", "processor time"),
        ("threads", "processor time"),
        ("memory", "memory"),
        ("nothing", ""),
    ):
        done = subprocess.run([BUILD / "fuzz" / "overspend", what], capture_output=True, text=True)
        assert (f"FINDING: more than ten times the {found}" in done.stderr) == bool(found), what
        assert (done.returncode == 0) == (what == "nothing")
