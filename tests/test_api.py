"""The Python package as its users have it: types, examples, notebooks, datasets."""

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import jaxsmith
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "python"


def mypy(*arguments):
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        str(ROOT / "pyproject.toml"),
        *arguments,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_package_and_its_uses_have_types():
    mypy("-p", "jaxsmith")
    mypy("--strict", "--follow-imports=silent", "tests/typed_use.py")
    assert (PACKAGE / "jaxsmith" / "py.typed").exists()


@pytest.mark.parametrize("module", ["extraction", "capturing", "datasets", "generation", "reading"])
def test_the_examples_in_docstrings_run(module):
    results = doctest.testmod(
        importlib.import_module(f"jaxsmith.{module}"), optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert results.failed == 0


def test_every_public_name_is_there_and_documented():
    for name in jaxsmith.__all__:
        assert getattr(jaxsmith, name).__doc__, name
    assert set(jaxsmith.__all__) <= set(dir(jaxsmith))
    with pytest.raises(AttributeError):
        jaxsmith.extrakt  # noqa: B018


def test_importing_it_does_not_import_jax():
    program = "import sys, jaxsmith; assert 'jax' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_a_notebook_shows_samples(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    cells = [
        f"import sys; sys.path.insert(0, {str(PACKAGE)!r})",
        "import jax.numpy as jnp, jaxsmith",
        "def norm(x):\n    squares = x * x\n    return jnp.sqrt(squares.sum())",
        "jaxsmith.extract(norm, jnp.arange(3.0), transform='grad')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = notebook.cells[-1].outputs[0]["data"]["text/html"]
    assert "stablehlo.multiply" in shown and "squares = x * x" in shown
    assert "title='source line 2'" in shown.replace('"', "'")


def test_what_is_shown_is_escaped():
    sample = jaxsmith.extract(lambda x: x < 1, jnp.ones(2))
    shown = sample._repr_html_()
    assert "&lt;" in shown and "tensor<2xf32>" not in shown


def test_generate_gives_what_the_command_gives(tmp_path):
    given = list(jaxsmith.generate(12, seed=3, workers=1))
    assert len({row.id for row in given}) == 12
    # With what is usual asked for by its name.
    usual = {"size": "mix", "difficulty": "1-5"}
    kept = list(jaxsmith.generate(12, seed=3, out=tmp_path / "kept", **usual))
    assert [row.fields for row in kept] == [row.fields for row in given]
    dataset = jaxsmith.load(tmp_path / "kept")
    assert {row.id for row in dataset} == {row.id for row in given}
    for row in dataset:
        if row.fields["devices"] == 1:  # others want as many here
            namespace = {}
            exec(row.source, namespace)
            assert callable(namespace[row.entry]) and row.cost.bytes_accessed > 0
        assert row.fields["origin"] == "generated"
        statuses = {check["status"] for check in row.fields["checks"] if check["check"] != "redo"}
        assert statuses == {"passed"}


def test_an_iterator_that_is_closed_ends_its_run(tmp_path):
    rows = jaxsmith.generate(100_000, workers=1, out=tmp_path / "kept")
    first = next(rows)
    rows.close()
    assert first.jaxpr
    running = subprocess.run(
        ["pgrep", "-f", str(tmp_path / "kept")], capture_output=True, text=True
    )
    assert running.stdout == ""


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"categories": ["loops"]}, "there is no category 'loops'; did you mean 'loop'"),
        ({"size": "larg"}, "there is no size 'larg'; did you mean 'large'"),
        ({"difficulty": 6}, "--difficulty: '6' is no difficulty"),
    ],
)
def test_errors_of_the_program_are_exceptions(options, what):
    with pytest.raises(jaxsmith.JaxsmithError, match=what):
        next(jaxsmith.generate(3, **options))


def test_saved_extractions_are_a_dataset(tmp_path):
    samples = [
        jaxsmith.extract(jnp.linalg.norm, np.ones(4, np.float32)),
        jaxsmith.extract(jnp.linalg.norm, np.ones(4, np.float32) * 2),
        jaxsmith.extract(lambda x: x @ x.T, np.ones((2, 3), np.float32)),
    ]
    dataset = jaxsmith.save(samples, tmp_path / "saved")
    assert len(dataset) == 2  # the second has the structure of the first
    assert (
        dataset[-1].stablehlo == samples[2].stablehlo
        or dataset[0].stablehlo == samples[2].stablehlo
    )
    assert dataset[dataset[0].id].fields == dataset[0].fields
    with pytest.raises(jaxsmith.JaxsmithError, match="^/.*/saved: it holds a dataset; name"):
        jaxsmith.save(samples, tmp_path / "saved")
    with pytest.raises(jaxsmith.JaxsmithError, match="split 'tests': there are train, validation"):
        jaxsmith.load(tmp_path / "saved", split="tests")


def test_captured_functions_can_be_saved(tmp_path):
    with jaxsmith.capture() as captured:
        jax.jit(lambda x: jnp.sin(x) * 5 - x)(jnp.arange(3.0))
    (row,) = jaxsmith.save(captured, tmp_path / "saved")
    assert row.fields["origin"] == "captured" and row.jaxpr == captured[0].jaxpr


def test_rows_can_be_sliced(generated):
    rows = jaxsmith.load(generated)
    ids = [row.id for row in rows]
    for part in (
        slice(0, 2),
        slice(-3, None),
        slice(None, None, 30),
        slice(90, 99),
        slice(5, 1, -2),
    ):
        assert [row.id for row in rows[part]] == ids[part]
    with pytest.raises(TypeError, match="give a place, a slice or an id, not float"):
        rows[1.5]


def test_levels_may_be_one_name(tmp_path):
    (row,) = jaxsmith.generate(1, seed=3, workers=1, levels="stablehlo")
    assert row.stablehlo and row.hlo_optimized is None


MISTAKES = {
    "save one": (lambda s, row, d: jaxsmith.save(s, d), TypeError, "give a list"),
    "save numbers": (lambda s, row, d: jaxsmith.save([3], d), TypeError, "not int"),
    "save rows": (lambda s, row, d: jaxsmith.save([row], d), TypeError, "not a row of a dataset"),
    "verify": (lambda s, row, d: jaxsmith.verify(3), TypeError, "text: give a str, not int"),
    "level": (lambda s, row, d: jaxsmith.parse("", 3), TypeError, "level: give a str, not int"),
    "no text": (lambda s, row, d: jaxsmith.score(row, None), TypeError, "not NoneType"),
    "texts": (lambda s, row, d: jaxsmith.score(row, [3]), TypeError, "give a str, not int"),
    "no row": (lambda s, row, d: jaxsmith.score(3, "x"), TypeError, "give a row of a dataset"),
    "no count": (lambda s, row, d: jaxsmith.generate(0), ValueError, "give 1 or more, not 0"),
    "count": (lambda s, row, d: jaxsmith.generate("a"), TypeError, "give a whole number, not str"),
    "dtype": (
        lambda s, row, d: jaxsmith.evaluate(s.stablehlo, np.ones(2)),
        jaxsmith.IRError,
        r"input 0 is f64, f32\[2\] is wanted: give numpy.asarray\(x, 'float32'\)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_get_one_line(mistake, generated, tmp_path):
    act, kind, what = MISTAKES[mistake]
    sample = jaxsmith.extract(lambda x: x + 1, np.ones(2, np.float32), levels=["stablehlo"])
    with pytest.raises(kind, match=what) as raised:
        act(sample, jaxsmith.load(generated)[0], tmp_path / "d")
    assert "\n" not in str(raised.value) and list(tmp_path.iterdir()) == []


def test_loading_what_is_no_dataset_is_said(tmp_path):
    with pytest.raises(jaxsmith.JaxsmithError, match="no finished dataset"):
        jaxsmith.load(tmp_path)
