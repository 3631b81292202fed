"""Output folders of real runs: one owner at a time, nothing of the user's lost, and what cannot be written to is
found before the work."""

import ctypes
import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
SMALL = ["--count", "12", "--seed", "5", "--redo", "0", "--categories", "math", "--workers", "1"]
LONGER = ["--count", "90", *SMALL[2:]]  # of several chunks
NOT_PYTHON = {"JAXSMITH_PYTHON": "/bin/false"}  # a run that comes to its work says so


def command(*arguments):
    return [JAXSMITH, *map(str, arguments)]


def jaxsmith(*arguments, environment=(), **options):
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **dict(environment)},
        **options,
    )


def start(out, *more, options=SMALL):
    arguments = command("generate", *options, "--out", out, "--flush", "0", *more)
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(pattern, out, process):
    while not list(out.glob(pattern)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(done, says, statuses=(1, 2)):
    assert done.returncode in statuses, (done.returncode, done.stdout, done.stderr)
    assert len(done.stderr.splitlines()) == 1 and says in done.stderr, done.stderr
    assert "/bin/false" not in done.stderr


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    out = tmp_path_factory.mktemp("reference") / "dataset"
    done = jaxsmith("generate", *SMALL, "--out", out)
    assert done.returncode == 0, done.stderr
    return contents(out)


def test_a_second_run_is_refused_and_the_first_is_untouched(reference, tmp_path):
    out = tmp_path / "d"
    process = start(out)
    wait_for(".jaxsmith/lock", out, process)
    os.symlink(out, tmp_path / "link")
    for folder in (out, tmp_path / "link", tmp_path / "link" / ".." / "d"):
        for second in (
            ["generate", *SMALL, "--out", folder],
            ["generate", *SMALL, "--out", folder, "--resume"],
            ["extract", "jax.numpy:sin", "--arg", "f32[2]", "--format", "parquet", "--out", folder],
            ["capture", "--out", folder, "--", "touch", tmp_path / "ran"],
            ["capture", "--out", folder, "--resume"],
        ):
            refused(jaxsmith(*second, environment=NOT_PYTHON), f"process {process.pid} is writing")
    assert process.poll() is None, "the first was over before the second came"
    assert not (tmp_path / "ran").exists()
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert contents(out) == reference


def test_a_killed_run_frees_the_folder_and_one_of_two_goes_on_with_it(reference, tmp_path):
    out = tmp_path / "d"
    process = start(out)
    wait_for(".jaxsmith/run.json", out, process)
    process.kill()
    process.communicate()
    refused(jaxsmith("generate", *SMALL, "--out", out), "unfinished dataset")
    both = [start(out, "--resume") for _ in range(2)]
    errors = [each.communicate()[1] for each in both]
    assert sorted(each.returncode for each in both) == [0, 1], errors
    assert sum("is writing to it" in error for error in errors) == 1, errors
    assert contents(out) == reference


@pytest.fixture
def unfinished(tmp_path):
    """What an interrupted run has left, with files."""
    out = tmp_path / "d"
    process = start(out, options=LONGER)
    wait_for(".jaxsmith/segment-*.parquet", out, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    if process.returncode == 0:
        pytest.fail("the run was over before it was interrupted")
    assert process.returncode == 130 and (out / "manifest.json").exists(), errors
    return out


def test_the_users_files_stay(unfinished):
    own = {"notes.txt": b"mine", "data/foo.parquet": b"mine"}
    for name, text in own.items():
        (unfinished / name).write_bytes(text)
    card = (unfinished / "README.md").read_text()
    (unfinished / "README.md").write_text(card + "changed by the user")
    before = contents(unfinished)
    before.pop(".jaxsmith/lock")  # says who has it
    again = ["generate", *LONGER, "--out", unfinished, "--resume"]
    refused(jaxsmith(*again, environment=NOT_PYTHON), "README.md")
    after = contents(unfinished)
    after.pop(".jaxsmith/lock")
    assert after == before
    (unfinished / "README.md").write_text(card)
    done = jaxsmith(*again)
    assert done.returncode == 0, done.stderr
    found = contents(unfinished)
    assert {name: found.get(name) for name in own} == own
    manifest = json.loads(found["manifest.json"])
    listed = {each["path"]: each["bytes"] for each in manifest["files"]}
    assert manifest["complete"] and {name: len(found[name]) for name in listed} == listed
    assert set(found) == {*own, *listed, "manifest.json", "README.md"}
    # The user's file in data/ is none of the dataset.
    done = jaxsmith("check", unfinished)
    assert done.returncode == 0, done.stdout + done.stderr


def test_capture_leaves_what_the_program_writes(tmp_path):
    out = tmp_path / "captured"
    for body in (
        "",
        "import jax, jax.numpy as jnp; jax.jit(lambda x: jnp.sin(x) * 2)(jnp.ones(3))",
    ):
        program = (
            "import os, sys\n"
            f"folder = {str(out)!r}\n"
            "os.makedirs(folder + '/data', exist_ok=True)\n"
            "open(folder + '/checkpoint.npy', 'w').write('weights')\n"
            "open(folder + '/data/mine.parquet', 'w').write('mine')\n" + body
        )
        done = jaxsmith("capture", "--out", out, "--", sys.executable, "-c", program)
        assert done.returncode == 0, done.stderr
        found = contents(out)
        assert (found.pop("checkpoint.npy"), found.pop("data/mine.parquet")) == (
            b"weights",
            b"mine",
        )
        assert bool(found) == bool(body), done.stderr
        if body:
            assert json.loads(found["manifest.json"])["rows"] == 1
        subprocess.run(["rm", "-r", out], check=True)


def test_a_folder_that_was_moved_is_not_made_again(tmp_path):
    out, moved = tmp_path / "d", tmp_path / "moved"
    process = start(out)
    wait_for(".jaxsmith/made.json", out, process)  # the folder is claimed
    out.rename(moved)
    _, errors = process.communicate()
    assert process.returncode == 1 and "moved or removed" in errors, errors
    assert not out.exists()
    done = jaxsmith("generate", *SMALL, "--out", moved, "--resume")
    assert done.returncode == 0, done.stderr


def test_unwritable_places_are_found_before_the_work(tmp_path):
    (tmp_path / "file").write_text("text")
    text = tmp_path / "f.jaxpr"
    text.write_text("{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }\n")
    extract = ["extract", "jax.numpy:sin", "--arg", "f32[2]"]
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere/d")):
        for asked in (
            ["generate", *SMALL, "--out", place],
            [*extract, "--format", "parquet", "--out", place],
            ["capture", "--out", place, "--", "touch", tmp_path / "ran"],
            ["eval", text, "--input", "[1, 2]", "--out", place],
        ):
            done = jaxsmith(*asked, environment=NOT_PYTHON)
            refused(done, str(place))
            assert done.stdout == ""
    for place in (tmp_path, tmp_path / "missing" / "x", tmp_path / "file" / "x"):
        for asked in (
            [*extract, "--out", place],
            ["check", tmp_path / "no-dataset", "--failures", place],
            ["check", tmp_path / "no-dataset", "--verdicts", place],
            ["score", tmp_path / "no-file", "--dataset", tmp_path, "--out", place],
        ):
            refused(jaxsmith(*asked, environment=NOT_PYTHON), str(place))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.jaxpr", "file"]


def test_a_folder_without_room_for_a_marker_is_refused(tmp_path):
    def no_bytes():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    for out in (tmp_path / "d", tmp_path / "a" / "b"):
        done = jaxsmith(
            "generate", *SMALL, "--out", out, environment=NOT_PYTHON, preexec_fn=no_bytes
        )
        refused(done, "File too large", [1])
    assert list(tmp_path.iterdir()) == []


def bound_by_permissions():
    """Before a program begins: root goes by the permissions of files, as everybody else does."""
    drop, override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    ctypes.CDLL(None).prctl(drop, override, 0, 0, 0)


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir(mode=0o555)
    writes = ["sh", "-c", '> "$0/file"', folder]
    if subprocess.run(writes, preexec_fn=bound_by_permissions, capture_output=True).returncode == 0:
        pytest.skip("this root cannot give up its rights")
    done = jaxsmith(
        "generate", *SMALL, "--out", folder, environment=NOT_PYTHON, preexec_fn=bound_by_permissions
    )
    refused(done, "Permission denied", [1])
    assert os.listdir(folder) == []


NAMES = [
    "with space",
    "quote's",
    'double"quote',
    "a$HOME$(touch x)`touch y`",
    "größe·数据",
    "*?[a]",
    "#1;&|",
]


@pytest.mark.parametrize("name", NAMES)
def test_make_takes_any_name_of_a_folder(name, tmp_path):
    program = tmp_path / "arguments"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["make", "-C", ROOT, "-o", "tool", "dataset", f"OUT={name}", f"JAXSMITH={program}"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[lines.index("--out") + 1] == name
    assert not (ROOT / "x").exists() and not (ROOT / "y").exists()


def test_a_folder_may_have_any_name(reference, tmp_path):
    out = tmp_path / "größe 'a' \"b\" $HOME *"
    done = subprocess.run(
        " ".join(map(shlex.quote, command("generate", *SMALL, "--out", out))),
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert contents(out) == reference
    assert jaxsmith("check", out).returncode == 0
    assert sum(pq.read_metadata(path).num_rows for path in out.glob("data/*.parquet")) == 12
