"""The program as Python runs it: nothing that it says makes it wait, and it alone makes output folders."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import jax.numpy as jnp
import jaxsmith
import numpy as np
import pyarrow.parquet as pq
import pytest
from jaxsmith import datasets, program
from jaxsmith.records import extracted, form

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
# Of several chunks.
SMALL = "--count 90 --seed 5 --redo 0 --categories math --workers 1".split()
# More than a pipe holds, on each stream.
NOISE = "head -c 300000 /dev/zero | tr '\\0' 'x' >&2; echo >&2"


def capture(*arguments):
    return subprocess.run(
        [JAXSMITH, "capture", *map(str, arguments)], capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def in_place_of_the_program(tmp_path, monkeypatch):
    """Has Python run a script instead; `$real` in it is the program."""

    def take(script):
        file = tmp_path / "program"
        file.write_text(f"#!/bin/sh\nreal='{JAXSMITH}'\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setenv("JAXSMITH", str(file))

    return take


@pytest.mark.timeout(300)
def test_a_run_that_says_much_goes_on(in_place_of_the_program):
    in_place_of_the_program(f'{NOISE}; exec "$real" "$@"')
    rows = list(jaxsmith.generate(3, seed=5, workers=1, categories=["math"]))
    assert len({row.id for row in rows}) == 3


@pytest.mark.timeout(300)
def test_a_run_does_not_wait_for_who_reads_what_it_says(in_place_of_the_program):
    in_place_of_the_program(f"{NOISE}; seq 100000; {NOISE}; echo it went wrong >&2; exit 3")
    run = program.Run([])
    assert run.process.wait() == 3  # before anything of it has been read
    found = []
    with pytest.raises(jaxsmith.JaxsmithError, match="^it went wrong$"):
        found.extend(run.lines())
    assert found == [str(number) for number in range(1, 100_001)]
    run.close()


@pytest.mark.timeout(300)
def test_lines_come_while_the_run_goes_on_and_closing_ends_it(in_place_of_the_program):
    in_place_of_the_program("echo first; echo second; exec sleep 1000")
    run = program.Run([])
    lines = run.lines()
    assert [next(lines), next(lines)] == ["first", "second"]
    assert run.process.poll() is None
    run.close()
    assert run.process.returncode == -signal.SIGKILL


def test_generate_names_its_files_of_rows(tmp_path):
    """Each when it is whole, from --out on; nothing else is on standard output."""
    out = tmp_path / "a=b"
    with subprocess.Popen(
        [JAXSMITH, "generate", *SMALL, "--flush", "0", "--announce", "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGSTOP)  # it takes the file away when it is done
        try:
            rows = pq.ParquetFile(out / first.strip()).read().to_pylist()
        finally:
            process.send_signal(signal.SIGCONT)
        named = [first, *process.stdout]
    assert process.returncode == 0 and len(named) == len(set(named)) > 1
    kept = {row.id: row.fields for row in jaxsmith.load(out)}
    assert len(kept) == 90 and rows and all(kept[row["id"]] == row for row in rows)
    assert not any((out / name.strip()).exists() for name in named)


def generate(out, *arguments, options=SMALL):
    return subprocess.Popen(
        [JAXSMITH, "generate", *options, "--announce", "--out", out, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_last_file_of_rows_is_named_too(tmp_path):
    with generate(tmp_path / "out", "--flush", "3600") as process:
        named, errors = process.communicate()
    assert process.returncode == 0 and len(named.splitlines()) == 1, (named, errors)


def test_an_announced_run_that_goes_on_names_all_its_files(tmp_path):
    out = tmp_path / "out"
    many = ["--count", "100000", *SMALL[2:]]
    with generate(out, "--flush", "0", options=many) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
    before = [first.strip(), *rest.splitlines()]
    assert process.returncode == 130 and all((out / name).is_file() for name in before)
    assert errors.splitlines()[-1].startswith("interrupted: ") and "--resume goes on" in errors
    with generate(out, "--flush", "3600", "--resume", options=many) as process:
        again = [process.stdout.readline().strip() for _ in before]
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert again == before


@pytest.mark.timeout(300)
def test_an_announced_run_ends_when_nobody_reads(tmp_path):
    many = ["--count", "100000", *SMALL[2:]]
    with generate(tmp_path / "out", "--flush", "0", options=many) as process:
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == -signal.SIGPIPE
    assert errors.splitlines()[-1].startswith("interrupted: "), errors


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_lines_end_where_reading_them_fails(in_place_of_the_program, monkeypatch):
    in_place_of_the_program("exit 0")
    popen = subprocess.Popen

    class Unreadable(popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.stdout.close()

    monkeypatch.setattr(subprocess, "Popen", Unreadable)
    run = program.Run([])
    assert list(run.lines()) == []
    run.close()


# ---- Output folders ------------------------------------------------------------------------------


class Broken:
    """No extraction: recording it fails."""


def test_nothing_is_left_of_a_save_that_fails(tmp_path):
    good = jaxsmith.extract(jnp.sin, np.ones(3, np.float32))
    out = tmp_path / "a" / "saved"
    with pytest.raises(TypeError, match="not Broken"):
        jaxsmith.save([good, Broken()], out)
    assert list(tmp_path.iterdir()) == []
    assert len(jaxsmith.save([good], out)) == 1  # and the folder is as good as new


def test_an_empty_save_leaves_nothing(tmp_path):
    with pytest.raises(jaxsmith.JaxsmithError, match="nothing to write"):
        jaxsmith.save([], tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_another_run_writes_to_is_refused_before_the_work(tmp_path):
    out = tmp_path / "out"
    with subprocess.Popen(
        [JAXSMITH, "capture", "--out", out, "--", sys.executable, "-c", "print(flush=1); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as other:
        other.stdout.readline()  # it runs
        for act in (lambda: jaxsmith.capture(out=out), lambda: jaxsmith.save(iter([1 / 3]), out)):
            with pytest.raises(jaxsmith.JaxsmithError, match="is writing to it"):
                act()
        other.communicate(b"\n")
    assert not out.exists()


def test_records_in_a_file_become_a_dataset(tmp_path):
    file, out = tmp_path / "records", tmp_path / "out"
    sample = jaxsmith.extract(jnp.sin, np.ones(3, np.float32))
    file.write_bytes(form.dumps(extracted.record_of(sample)))
    before = file.read_bytes()
    done = capture("--records", file, "--out", out)
    assert done.returncode == 0 and "1 function in" in done.stderr, done.stderr
    assert [row.jaxpr for row in jaxsmith.load(out)] == [sample.jaxpr]
    assert file.read_bytes() == before and not (out / ".jaxsmith").exists()
    again = capture("--records", file, "--out", out)
    assert again.returncode == 2 and "it holds a dataset" in again.stderr


def test_records_that_cannot_be_read_leave_nothing(tmp_path):
    done = capture("--records", tmp_path / "none", "--out", tmp_path / "a" / "out")
    assert done.returncode == 2 and "none: there is no such file" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (["--", "true"], "--records takes the place of a program"),
        (["--resume"], "excludes --re"),
        (["--dry-run"], "excludes --"),
    ],
)
def test_records_take_the_place_of_a_program(tmp_path, more, what):
    done = capture("--records", tmp_path, "--out", tmp_path / "out", *more)
    assert done.returncode == 2 and what in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def a_record():
    return extracted.record_of(jaxsmith.extract(jnp.sin, np.ones(3, np.float32)))


def test_what_is_not_recorded_is_named_beside_a_dataset_of_the_rest(tmp_path, temporary):
    records = [form.problem("f", "why"), a_record()]
    assert datasets.make(tmp_path / "out", records) == ["f: why"]
    assert len(jaxsmith.load(tmp_path / "out")) == 1 and list(temporary.iterdir()) == []


def test_saving_warns_of_what_is_not_recorded(tmp_path, monkeypatch):
    records = [form.problem("f", "why"), a_record()]
    monkeypatch.setattr(extracted, "record_of", lambda sample: sample)
    with pytest.warns(UserWarning, match="not recorded: f: why"):
        assert len(jaxsmith.save(records, tmp_path / "out")) == 1


def test_records_of_which_nothing_comes_stay_and_are_named(tmp_path, temporary):
    records = [form.problem("f", "why"), form.problem("g", "because")]
    with pytest.raises(jaxsmith.JaxsmithError, match="f: why; g: because") as raised:
        datasets.make(tmp_path / "out", records)
    (file,) = temporary.iterdir()
    assert f"jaxsmith capture --records {file} --out DIR" in str(raised.value)
    assert file.read_bytes() == b"".join(map(form.dumps, records))
    assert not (tmp_path / "out").exists()


def test_a_folder_for_temporary_files_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(
        jaxsmith.JaxsmithError, match="/none/.*: records cannot be written.* TMPDIR"
    ):
        datasets.make(tmp_path / "out", [])


def test_an_interrupt_reaches_the_program_and_its_end_is_waited_for(
    tmp_path, temporary, in_place_of_the_program
):
    ended = tmp_path / "ended"
    in_place_of_the_program(
        f"trap \"sleep 0.3; echo >'{ended}'; exit 1\" INT; sleep 0.3; kill -INT $PPID; while :; do sleep 0.1; done"
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as raised:
            datasets.make(tmp_path / "out", [])
    finally:
        signal.signal(signal.SIGINT, before)
    (file,) = temporary.iterdir()
    assert ended.exists() and str(file) in raised.value.__notes__[0]


def test_records_that_cannot_be_finished_leave_nothing(tmp_path):
    file = tmp_path / "records"
    file.write_bytes(form.dumps(a_record()))
    done = capture("--records", file, "--out", tmp_path / "a" / "out", "--python", "/no/python")
    assert done.returncode == 1, done.stderr
    assert list(tmp_path.iterdir()) == [file]


def finishing_for_ever(tmp_path):
    """A capture of records that is being finished, and goes on with that."""
    (tmp_path / "records").touch()
    os.mkfifo(tmp_path / "begun")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho >'{tmp_path}/begun'\nexec sleep 1000\n")
    python.chmod(0o755)
    out = tmp_path / "a" / "out"
    process = subprocess.Popen(
        [JAXSMITH, "capture", "--records", tmp_path / "records", "--out", out, "--python", python],
        stderr=subprocess.PIPE,
        text=True,
    )
    (tmp_path / "begun").read_text()
    return process


def test_records_whose_finishing_is_interrupted_leave_nothing(tmp_path):
    with finishing_for_ever(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130 and "interrupted: nothing was written" in errors
    assert not (tmp_path / "a").exists()


def test_records_whose_finishing_was_killed_are_gone_on_with(tmp_path):
    with finishing_for_ever(tmp_path) as process:
        process.kill()
        process.wait()
    done = capture("--out", tmp_path / "a" / "out", "--resume")
    assert "JAX compiled no function" in done.stderr and "no Python process" not in done.stderr
    # Whether the first part has made the folder above is not known any more.
    assert list((tmp_path / "a").iterdir()) == []


def test_records_go_beside_files_of_their_program(tmp_path):
    file, out = tmp_path / "records", tmp_path / "out"
    file.write_bytes(form.dumps(a_record()))
    out.mkdir()
    (out / "README.md").write_text("mine")
    done = capture("--records", file, "--out", out)
    assert done.returncode == 2 and "README.md in it is not as jaxsmith made it" in done.stderr
    assert "the same command goes on" in done.stderr and len(list(out.iterdir())) == 1
    (out / "README.md").rename(out / "log.txt")
    assert capture("--records", file, "--out", out).returncode == 0
    assert len(jaxsmith.load(out)) == 1 and (out / "log.txt").read_text() == "mine"


def test_a_dry_run_runs_nothing(tmp_path):
    done = capture("--dry-run", "--out", tmp_path / "out", "--", "touch", tmp_path / "ran")
    assert done.returncode == 2 and "--dry-run runs no program" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_whether_a_folder_can_be_written_to(tmp_path):
    done = capture("--dry-run", "--out", tmp_path / "a" / "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "notes").write_text("mine")
    done = capture("--dry-run", "--out", tmp_path)
    assert done.returncode == 2 and "it holds other files" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
