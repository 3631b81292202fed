"""Text that could not be written is no success: full devices, closed streams, readers that have gone."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dataset_rows import SIN, row, write

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
COMMANDS = ["generate", "extract", "capture", "eval", "check", "score", "schema"]
COMMANDS += ["plan", "coverage", "stats", "mutate"]
PRINTING = {
    "help": ["--help"],
    "version": ["--version"],
    "schema": ["schema"],
    **{f"{name} help": [name, "--help"] for name in COMMANDS},
    "eval": ["eval", "f.jaxpr", "--input", "[1, 2]"],
    "check text": ["check", "module.mlir"],
    "check dataset": ["check", "rows.parquet"],
    "score": ["score", "predictions.jsonl", "--dataset", "rows.parquet"],
    "score json": ["score", "predictions.jsonl", "--dataset", "rows.parquet", "--json"],
    "extract": ["extract", "jax.numpy:sin", "--arg", "f32[2]", "--level", "jaxpr"],
    "extract json": ["extract", "jax.numpy:sin", "--arg", "f32[2]", "--format", "json"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("output")
    (out / "f.jaxpr").write_text(SIN + "\n")
    (out / "module.mlir").write_text(
        "module @m {\n  func.func public @main() -> tensor<f32> {\n"
        "    %0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>\n"
        "    return %0 : tensor<f32>\n  }\n}\n"
    )
    write(out / "rows.parquet", [row("x")])
    (out / "predictions.jsonl").write_text(json.dumps(dict(id="x", level="jaxpr", text=SIN)) + "\n")
    return out


def run(arguments, folder, program=(JAXSMITH,), **options):
    return subprocess.run(
        [*program, *arguments],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        **options,
    )


@pytest.fixture(scope="module", params=PRINTING)
def arguments(request, folder):
    done = run(PRINTING[request.param], folder, stdout=subprocess.PIPE)
    assert done.returncode == 0 and done.stdout, done.stderr
    return PRINTING[request.param]


def test_a_full_device_is_a_failure(arguments, folder):
    with open("/dev/full", "w") as full:
        done = run(arguments, folder, stdout=full)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "jaxsmith: standard output cannot be written: No space left on device"
    ]


def test_a_closed_stream_is_a_failure(arguments, folder):
    done = run(['"$@" >&-', "sh", JAXSMITH, *arguments], folder, program=("sh", "-c"))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "jaxsmith: standard output cannot be written: Bad file descriptor"
    ]


def test_a_reader_that_has_gone_ends_it_quietly(arguments, folder):
    read, write_end = os.pipe()
    os.close(read)
    try:
        done = run(arguments, folder, stdout=write_end)
    finally:
        os.close(write_end)
    assert done.returncode == -signal.SIGPIPE
    assert done.stderr == ""


def test_the_python_command_tells_too(folder):
    environment = {**os.environ, "JAXSMITH": JAXSMITH, "PYTHONPATH": str(ROOT / "python")}
    with open("/dev/full", "w") as full:
        done = run(
            ["--help"],
            folder,
            program=(sys.executable, "-m", "jaxsmith"),
            stdout=full,
            env=environment,
        )
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr


def test_what_is_written_to_files_does_not_need_the_stream(folder, tmp_path):
    out = tmp_path / "text"
    asked = [*PRINTING["extract"], "--out", str(out)]
    done = run(['"$@" >&-', "sh", JAXSMITH, *asked], folder, program=("sh", "-c"))
    assert done.returncode == 0 and done.stderr == ""
    assert "sin" in out.read_text()


def test_messages_that_nobody_reads_change_no_status(folder):
    for asked, status in (
        (["nonsense"], 2),
        (["check", "missing"], 2),
        (["check", "rows.parquet"], 0),
        (["eval", "f.jaxpr"], 2),
    ):
        for redirection in ("2>/dev/full", "2>&-"):
            words = [f'"$@" {redirection}', "sh", JAXSMITH, *asked]
            done = run(words, folder, program=("sh", "-c"), stdout=subprocess.DEVNULL)
            assert done.returncode == status, (asked, redirection)


def test_files_are_not_mistaken_for_closed_streams(folder, tmp_path):
    """A file that is opened first must not become standard output."""
    out = tmp_path / "verdicts"
    asked = ["score", "predictions.jsonl", "--dataset", "rows.parquet", "--out", str(out)]
    done = run(['"$@" <&- >&- 2>&-', "sh", JAXSMITH, *asked], folder, program=("sh", "-c"))
    assert done.returncode == 1
    assert pq.read_table(out).num_rows == 1


def test_a_device_is_written_to_and_not_replaced(folder):
    asked = [*PRINTING["extract"], "--out", "/dev/full"]
    done = run(asked, folder, stdout=subprocess.PIPE)
    assert done.returncode == 1 and "No space left" in done.stderr
    assert Path("/dev/full").is_char_device()
    done = run(
        ["check", "rows.parquet", "--verdicts", "/dev/stdout"], folder, stdout=subprocess.PIPE
    )
    assert done.returncode == 0 and '"agrees":true' in done.stdout


def test_only_one_file_prints():
    for path in sorted((ROOT / "tools" / "jaxsmith").glob("*.cc")):
        if path.name != "output.cc":
            text = path.read_text()
            for word in ("fmt::print", "std::cout", "std::cerr", "printf", "fputs", "fwrite"):
                assert word not in text, f"{path.name}: {word}: print by output.h"
