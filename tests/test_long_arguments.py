"""Arguments of any length and form: a literal is no name of a file, and a name that no file can have is named."""

import os
import subprocess
from pathlib import Path

import pytest
from dataset_rows import SIN

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
LONG = "x" * 300  # longer than a name may be
LONGER = "x/" * 3000  # longer than a path may be


def jaxsmith(*arguments):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "JAXSMITH_PYTHON": "/bin/false"},
    )


@pytest.mark.parametrize("count", [1, 50, 100, 5000])
@pytest.mark.parametrize("form", ["separate", "joined"])
def test_numbers_of_any_length_are_an_input(count, form, tmp_path):
    text = tmp_path / "f.jaxpr"
    text.write_text(SIN.replace("sin", "neg").replace("f32[2]", f"f32[{count}]"))
    numbers = "[" + ", ".join(f"{i}.125" for i in range(count)) + "]"
    given = ["--input", numbers] if form == "separate" else [f"--input={numbers}"]
    done = jaxsmith("eval", text, *given)
    assert done.returncode == 0, done.stderr
    assert f"f32[{count}]" in done.stdout
    if count <= 1000:
        assert f"-{count - 1}.125" in done.stdout


def test_lists_may_not_be_nested_for_ever(tmp_path):
    text = tmp_path / "f.jaxpr"
    text.write_text(SIN)
    for depth in (65, 60_000):
        done = jaxsmith("eval", text, "--input", "[" * depth + "1" + "]" * depth)
        assert done.returncode == 2 and "nested too deeply" in done.stderr, done.stderr[-300:]


def test_messages_have_an_end(tmp_path):
    text = tmp_path / "f.jaxpr"
    text.write_text(SIN)
    done = jaxsmith("eval", text, "--input", "[" + "1, " * 20_000)
    assert done.returncode == 2 and len(done.stderr) < 500, len(done.stderr)
    assert "it is no JSON" in done.stderr
    text.write_text(SIN.replace("sin", "s" * 60_000))
    done = jaxsmith("check", text)
    assert done.returncode == 1 and len(done.stderr) < 2000, len(done.stderr)


@pytest.mark.parametrize("long", [LONG, LONGER, LONG + ".npy", "[" + "1, " * 200])
@pytest.mark.parametrize(
    "command",
    [
        ["eval", "{}"],
        ["eval", "f.jaxpr", "--input", "{}"],
        ["eval", "f.jaxpr", "--input", "[1, 2]", "--out", "/proc/{}"],
        ["check", "{}"],
        ["check", "f.jaxpr", "--failures", "{}"],
        ["check", "f.jaxpr", "--verdicts", "{}"],
        ["score", "{}", "--dataset", "."],
        ["score", "f.jaxpr", "--dataset", "{}"],
        ["score", "f.jaxpr", "--dataset", ".", "--out", "{}"],
        ["generate", "--out", "{}"],
        ["generate", "--config", "{}"],
        ["generate", "--out", "d", "--python", "{}"],
        ["extract", "{}::f", "--arg", "f32[2]"],
        ["extract", "jax.numpy:sin", "--arg", "f32[2]", "--out", "{}"],
        ["extract", "jax.numpy:sin", "--arg", "f32[2]", "--format", "parquet", "--out", "{}"],
        ["capture", "--out", "{}", "--", "true"],
        ["capture", "--out", "d", "--", "{}"],
        ["{}"],
    ],
)
def test_a_name_that_is_too_long_is_named_in_one_line(command, long, tmp_path):
    (tmp_path / "f.jaxpr").write_text(SIN)
    words = [word.replace("{}", long) for word in command]
    done = subprocess.run(
        [JAXSMITH, *words],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "JAXSMITH_PYTHON": "/bin/false"},
    )
    assert done.returncode in (1, 2), (done.returncode, done.stderr[:500])
    assert len(done.stderr.splitlines()) == 1, done.stderr[:2000]
    assert "filesystem error" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.jaxpr"]
