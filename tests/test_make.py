"""The Makefile in a fresh clone, and what continuous integration makes of tests that were skipped."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def make(*arguments):
    # Of the make that runs the tests nothing.
    usual = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *map(str, arguments)], cwd=ROOT, env=usual, capture_output=True, text=True
    )


@pytest.mark.parametrize("target", ["lint", "tidy", "build", "test-cpp", "test-python"])
def test_a_build_folder_that_is_not_there_is_configured(target, tmp_path):
    done = make("--dry-run", f"BUILD={tmp_path / 'build'}", target)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    configured = [i for i, line in enumerate(lines) if "cmake -S . -B" in line]
    used = [i for i, line in enumerate(lines) if "tidy.py" in line or "ninja -C" in line]
    assert configured and used and configured[-1] < used[0]


def test_the_test_runners_do_not_run_at_once():
    rule = (ROOT / "Makefile").read_text().partition("\ntest: ")[2].partition("\n\n")[0]
    needed, *steps = rule.splitlines()
    assert not {"test-cpp", "test-python"} & set(needed.split())
    assert [step.split()[-1] for step in steps] == ["test-cpp", "test-python"]


def test_skipped_tests_of_cpp_are_shown(tmp_path):
    (tmp_path / "CTestTestfile.cmake").write_text(
        'add_test(Folder.Guards sh -c "exit 77")\n'
        "set_tests_properties(Folder.Guards PROPERTIES SKIP_RETURN_CODE 77)\n"
        "add_test(Other.Runs true)\n"
    )
    done = make("--old-file=build", f"BUILD={tmp_path}", "test-cpp")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Folder.Guards (Skipped)" in done.stdout and "tests passed" in done.stdout
    assert "Other.Runs" not in done.stdout


def may_trace():
    child = os.fork()
    if child == 0:
        os._exit(ctypes.CDLL(None).ptrace(0, 0, None, None) != 0)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize(
    ("log", "wrong"),
    [
        ("100% tests passed, 0 tests failed out of 700\n", False),
        ("\t 12 - Folder.KilledAnywhere (Skipped)\n", may_trace()),
        ("\t 12 - Trace.Limits (Skipped)\n", False),
        ("SKIPPED [1] tests/test_output_folder.py:226: no rights\n", os.getuid() != 0),
        ("SKIPPED [1] tests/test_worker_faults.py:281: no folder in memory\n", False),
    ],
)
def test_guards_that_were_skipped_without_need_fail(log, wrong, tmp_path):
    (tmp_path / "log").write_text(log)
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "guards.py", tmp_path / "log"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "skipped without need" in done.stdout) == (int(wrong), wrong), done
