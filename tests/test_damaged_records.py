"""Files of records as a killed process or a full disk leaves them: everything that can be read is
read, what cannot is named, and the exit status says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jaxsmith
import pytest
from jaxsmith.records import finishing

TESTS = Path(__file__).parent

PROGRAM = """
import jax
from jaxsmith.watching.recorder import Recorder
from jaxsmith.watching.sink import FileSink
Recorder(FileSink("records")).start()
def f0(x):
    return x * 2 + 1
def f1(x):
    return x - jax.numpy.sin(x)
def f2(x):
    return jax.numpy.exp(x) / x
for f in (f0, f1, f2):
    jax.jit(f)(1.0)
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Lines of a file by the real sink: a header, and two lines for each of three functions."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "records").mkdir()
    (folder / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent / "python")}
    subprocess.run([sys.executable, "program.py"], cwd=folder, env=environment, check=True)
    (file,) = (folder / "records").iterdir()
    lines = file.read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds == ["process", *["raw", "compiled"] * 3]
    return lines


def finish(folder, *files):
    records = folder / "out" / ".jaxsmith" / "records"
    records.mkdir(parents=True)
    (records / "started").touch()
    for number, lines in enumerate(files):
        (records / f"{number}-0.jsonl").write_bytes(b"".join(lines))
    done = subprocess.run(
        [os.environ["JAXSMITH"], "capture", "--out", "out", "--resume"],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    left = folder / "out"
    complete = (left / "manifest.json").exists()
    rows = {row.entry: row for row in jaxsmith.load(left)} if complete else {}
    return done, rows


def not_recorded(done):
    told = [line for line in done.stderr.splitlines() if "not recorded: " in line]
    return [line.removeprefix("jaxsmith capture: not recorded: ") for line in told]


@pytest.mark.parametrize("place", [1, 6])
def test_a_header_that_is_not_first(recorded, tmp_path, place):
    header, *rest = recorded
    done, rows = finish(tmp_path, [*rest[:place], header, *rest[place:]])
    assert done.returncode == 0, done.stderr
    assert set(rows) == {"f0", "f1", "f2"} and not any(row.missing for row in rows.values())


def test_records_of_several_threads_are_told_apart(recorded, tmp_path):
    header, a, compiled_a, b, compiled_b, c, compiled_c = recorded
    done, rows = finish(tmp_path, [header, c, a, b, compiled_b, compiled_c, compiled_a])
    assert done.returncode == 0, done.stderr
    for name, row in rows.items():
        assert f"HloModule jit_{name}" in row.hlo_optimized and f"jit_{name}" in row.stablehlo


@pytest.mark.parametrize("length", [0.5])
def test_a_last_record_that_is_cut_off(recorded, tmp_path, length):
    *whole, last = recorded
    done, rows = finish(tmp_path, [*whole, last[: int(len(last) * length)]])
    assert done.returncode == 1
    assert not_recorded(done) == ["0-0.jsonl, line 7: it is cut off: its process was killed"]
    assert set(rows) == {"f0", "f1", "f2"}
    assert set(rows["f2"].missing) == {"hlo_optimized"}


def test_a_process_that_was_killed_between_two_records(recorded, tmp_path):
    done, rows = finish(tmp_path, recorded[:-1], recorded[:4])
    assert done.returncode == 0 and "f2) has no hlo_optimized: compile: the process" in done.stderr
    # Of one that another process has compiled, all levels.
    assert {name: set(row.missing) for name, row in rows.items()} == {
        "f0": set(),
        "f1": set(),
        "f2": {"hlo_optimized"},
    }


DAMAGED = {
    "an unknown type": (b'{"type": "news", "name": "x"}\n', "unknown type: news"),
    "no object": (b"[1, 2]\n", "it is damaged"),
    "no type": (b'{"name": "x"}\n', "it is damaged"),
    "no JSON": (b'{"type": "raw", "na\n', "it is damaged"),
    "no Unicode": (b'{"type": "raw", "name": "\xff\xfe"}\n', "it is damaged"),
    "deep": (b"[" * 100_000 + b"\n", "it is damaged"),
    "zeros": (b"\0" * 5000 + b"\n", "it is damaged"),
    "an ending alone": (b'{"type": "compiled", "number": 77}\n', "that is not recorded"),
    "fields missing": (b'{"type": "raw", "number": 99, "name": "g"}\n', "KeyError"),
    "a second, damaged header": (b'{"type": "process", "folders": 7}\n', None),
}


# What is handed on as it stands, since it is a record already.
MISSHAPEN = {
    "a function without fields": (b'{"type": "function"}\n', "cannot be read"),
    "a function of other types": (b'{"type": "function", "origin": 3}\n', "cannot be read"),
    "a problem without fields": (b'{"type": "problem", "name": 3}\n', "cannot be read"),
}


@pytest.mark.parametrize("kind", DAMAGED)
@pytest.mark.parametrize("place", [0, 3])
def test_a_damaged_record_among_others(recorded, tmp_path, kind, place):
    line, words = DAMAGED[kind]
    file = tmp_path / "damaged.jsonl"
    file.write_bytes(b"".join([*recorded[:place], line, *recorded[place:]]))
    found = list(finishing.records_of(str(file)))
    functions = [each for each in found if each["type"] == "function" and "entry" in each]
    assert [each["entry"] for each in functions] == ["f0", "f1", "f2"]
    assert not any(each["missing"] for each in functions)
    others = [json.dumps(each) for each in found if each not in functions]
    assert len(others) == (0 if words is None else 1)
    assert words is None or words in others[0]


def test_damaged_records_are_named_and_the_status_says_so(recorded, tmp_path):
    lines = [line for line, words in {**DAMAGED, **MISSHAPEN}.values()]
    done, rows = finish(tmp_path, [*recorded[:3], *lines, *recorded[3:]])
    assert done.returncode == 1 and set(rows) == {"f0", "f1", "f2"}, done.stderr
    assert not any(row.missing for row in rows.values())
    named = not_recorded(done)
    for _, words in {**DAMAGED, **MISSHAPEN}.values():
        assert words is None or any(words in each for each in named), (words, named)


def test_a_file_without_a_header_is_named_and_the_others_are_read(recorded, tmp_path):
    done, rows = finish(tmp_path, recorded[1:3], [recorded[0], *recorded[3:]], [b""])
    assert done.returncode == 1 and set(rows) == {"f1", "f2"}
    (named,) = not_recorded(done)
    assert named.startswith("jit(f0): ") and "no header" in named


def test_nothing_that_can_be_read(recorded, tmp_path):
    done, rows = finish(tmp_path, [b"\0" * 100])
    assert done.returncode == 1 and rows == {} and len(not_recorded(done)) == 1
