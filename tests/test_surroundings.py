"""What a user's program finds under `jaxsmith capture` is what it would find without: signals as they
were given to `capture`, descriptors, limits, its group."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

IGNORED = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTERM}
OTHERS = {signal.SIGCHLD, signal.SIGUSR2, signal.SIGTSTP, signal.SIGRTMIN + 3}
BLOCKED = {signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGWINCH}

# What is ignored and what is blocked when `capture` is started.
STARTS = {
    "by default": (set(), set()),
    "by nohup": ({signal.SIGHUP}, set()),
    "in the background": ({signal.SIGINT, signal.SIGQUIT}, set()),
    "ignoring much": (IGNORED | OTHERS, set()),
    "with a mask": (set(), BLOCKED),
    "with both": (IGNORED, BLOCKED | {signal.SIGINT}),
}


def start_with(ignored, blocked):
    """What stands before a program to have it started so."""
    numbers = [
        ",".join(str(int(number)) for number in sorted(given)) for given in (ignored, blocked)
    ]
    return [sys.executable, "-I", "-S", str(TESTS / "start_with_signals.py"), *numbers]


def capture(tmp_path):
    return [os.environ["JAXSMITH"], "capture", "--out", str(tmp_path / "out"), "--"]


SIGHTS = {
    "status": (["cat", "/proc/self/status"], ("SigBlk", "SigIgn", "SigCgt", "Umask", "Cpus_allowed")),
    "limits": (["cat", "/proc/self/limits"], ("Max",)),
    "descriptors": (["find", "/proc/self/fd", "-printf", "%f %l\\n"], ("",)),
    "place": (["sh", "-c", "cut -d' ' -f5-8 /proc/$$/stat; pwd; nice"], ("",)),
}  # fmt: skip


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_a_program_finds_what_it_would_find_without(tmp_path, start, sight):
    command, fields = SIGHTS[sight]
    inherited = os.open(os.devnull, os.O_RDONLY)

    def seen(*before):
        with open(tmp_path / "said", "w+") as said, open(tmp_path / "errors", "w") as errors:
            done = subprocess.run(
                [*start_with(*STARTS[start]), *before, *command], stdin=subprocess.DEVNULL,
                stdout=said, stderr=errors, pass_fds=(inherited,), cwd=tmp_path, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0
            said.seek(0)
            # The listing of descriptors has one of its own.
            return [line for line in said if line.startswith(fields) and "/proc/" not in line]

    try:
        alone = seen()
        assert alone and seen(*capture(tmp_path)) == alone
    finally:
        os.close(inherited)


def running(tmp_path, program, ignored=(), blocked=()):
    process = subprocess.Popen(
        [*start_with(ignored, blocked), *capture(tmp_path), sys.executable, "-c", program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_closed_terminal_does_not_end_what_nohup_started(tmp_path):
    program = "import sys\nprint('ready', flush=True)\nsys.stdin.readline()\nprint('done')"
    process = subprocess.Popen(
        [*start_with({signal.SIGHUP}, ()), *capture(tmp_path), sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGHUP)
    output, errors = process.communicate("go\n", timeout=120)
    assert output == "done\n" and process.returncode == 0, errors


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"])
@pytest.mark.parametrize("start", ["default", "ignored", "blocked"])
def test_signals_that_are_sent_to_capture_reach_the_program(tmp_path, name, start):
    program = (
        "import signal, sys\n"
        f"signal.signal(signal.{name}, lambda number, frame: sys.exit(number + 50))\n"
        f"signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.{name}])\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    number = getattr(signal, name)
    process = running(
        tmp_path, program, {number} if start == "ignored" else (), {number} if start == "blocked" else ()
    )  # fmt: skip
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == number + 50, errors


@pytest.mark.parametrize("end, status", [("sys.exit(3)", 3), ("os.kill(os.getpid(), 15)", -15)])
def test_the_programs_end_is_known_where_children_are_ignored(tmp_path, end, status):
    process = running(
        tmp_path, f"import os, sys\nprint('ready', flush=True)\n{end}", {signal.SIGCHLD}
    )
    _, errors = process.communicate(timeout=120)
    assert process.returncode == status, errors


def test_a_function_finds_the_signals_that_extract_was_given(tmp_path):
    (tmp_path / "f.py").write_text(
        "print([line for line in open('/proc/self/status') if line.startswith(('SigBlk', 'SigIgn'))])\n"
        "def f(x):\n    return x + 1\n"
    )
    start = start_with(IGNORED | {signal.SIGRTMIN + 3}, BLOCKED)
    alone = subprocess.run(
        [*start, sys.executable, "f.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    extract = ["extract", "f.py::f", "--arg", "f32[2]", "--level", "jaxpr"]
    done = subprocess.run(
        [*start, os.environ["JAXSMITH"], *extract],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0 and "add" in done.stdout, done.stderr
    assert done.stderr == alone.stdout and "SigIgn" in alone.stdout
