"""Texts are without colours wherever they are made: JAX colours what it prints where standard output is a
terminal or a notebook's."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import jaxsmith
import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "python"
ESCAPE = "\x1b"

TESTS = Path(__file__).resolve().parent
MAKES_TEXTS = str(TESTS / "makes_texts.py")


def on_a_terminal(command, **environment):
    """Runs a command with a terminal for its standard streams; what it wrote there."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, env={**os.environ, **environment}
    )
    os.close(its)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # the terminal's other side is closed
        pass
    os.close(ours)
    return process.wait(), shown.decode()


def held_to_be_plain(found, plain):
    assert ESCAPE in found.pop("by JAX")
    assert ESCAPE not in json.dumps(found, ensure_ascii=False).replace("\\u001b", ESCAPE)
    assert "[34;1m" not in json.dumps(found)
    assert found["config"] is True
    assert found == plain


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What is made where nothing is coloured."""
    file = tmp_path_factory.mktemp("plain") / "texts.json"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    subprocess.run(
        [sys.executable, MAKES_TEXTS, file], env=environment, check=True, stdout=subprocess.PIPE
    )
    found = json.loads(file.read_text())
    by_jax = found.pop("by JAX")
    assert found["extracted"][0] == found["captured"][0] == found["worker"][0] == by_jax
    assert by_jax == found["with sources"] and found["spans"]
    return found


def test_on_a_terminal(tmp_path, plain):
    file = tmp_path / "texts.json"
    status, shown = on_a_terminal(
        [sys.executable, MAKES_TEXTS, file], PYTHONPATH=str(PACKAGE), JAX_PPRINT_USE_COLOR="1"
    )
    assert status == 0, shown
    held_to_be_plain(json.loads(file.read_text()), plain)


def test_in_a_notebook(tmp_path, plain):
    import nbformat
    from nbclient import NotebookClient

    file = tmp_path / "texts.json"
    cells = [
        f"import sys; sys.path[:0] = [{str(PACKAGE)!r}, {str(TESTS)!r}]",
        f"import makes_texts; makes_texts.main({str(file)!r})",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": tmp_path}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    held_to_be_plain(json.loads(file.read_text()), plain)


def test_the_commands_on_a_terminal(tmp_path):
    """The user's program colours, the dataset does not."""
    program = tmp_path / "program.py"
    program.write_text(
        "import jax, jax.numpy as jnp\n\n\ndef solved(a, b):\n    return jnp.linalg.solve(a, b)\n\n\n"
        "if __name__ == '__main__':\n"
        "    x = jnp.eye(3), jnp.ones((3, 1))\n"
        "    print(jax.make_jaxpr(solved)(*x))\n    jax.jit(solved)(*x)\n"
    )
    command = os.environ["JAXSMITH"]
    status, shown = on_a_terminal(
        [command, "capture", "--out", tmp_path / "out", "--", sys.executable, program]
    )
    assert status == 0 and ESCAPE in shown, shown
    target = f"{program}::solved"
    arguments = ["--arg", "f32[3,3]", "--arg", "f32[3,1]", "--format", "parquet"]
    status, shown = on_a_terminal(
        [command, "extract", target, *arguments, "--out", tmp_path / "extracted"]
    )
    assert status == 0, shown
    for folder in ("out", "extracted"):
        (row,) = (row for row in jaxsmith.load(tmp_path / folder) if row.entry == "solved")
        assert ESCAPE not in str(row.fields) and "\\x1b" not in str(row.fields)
        statuses = {c["check"]: c["status"] for c in row.fields["checks"]}
        assert statuses["read:jaxpr"] == "passed"
