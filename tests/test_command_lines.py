"""Command lines that are not understood: one line that says what is wrong with which word, and what to do."""

import os
import subprocess
from pathlib import Path

import pytest
from dataset_rows import SIN

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))


def misuse(folder, *words):
    """What is said of a line that is not understood, in an empty folder but for one text."""
    (folder / "f.jaxpr").write_text(SIN)
    done = subprocess.run(
        [JAXSMITH, *words],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**os.environ, "JAXSMITH_PYTHON": "/bin/false"},
    )
    assert done.returncode == 2 and done.stdout == "", (done.returncode, done.stdout)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith(f"jaxsmith {words[0]}: ")
    return done.stderr


@pytest.mark.parametrize(
    ("line", "wrong", "right"),
    [
        ("extract f.py::f --args f32[2]", "--args", "--arg"),
        ("plan --index 1 --sede 3", "--sede", "--seed"),
        ("eval f.jaxpr --inputs 1", "--inputs", "--input"),
        ("score p.jsonl --datset ds", "--datset", "--dataset"),
        ("score p.jsonl --datset=ds", "--datset", "--dataset"),
        ("check f.jaxpr --levl hlo", "--levl", "--level"),
        ("mutate ds --uot out", "--uot", "--out"),
        ("shrink --indx 3", "--indx", "--index"),
        ("coverage ds --jsn", "--jsn", "--json"),
        ("stats ds --agianst ds", "--agianst", "--against"),
        ("split ds --out o --shrae 0.1", "--shrae", "--share"),
        ("calibrate ds --lern", "--lern", "--learn"),
        ("schema --python-level", "--python-level", "--python-levels"),
        ("capture --outt d -- true", "--outt", "--out"),
        ("generate --cuont 9", "--cuont", "--count"),
    ],
)
def test_every_command_knows_what_an_option_may_have_been(line, wrong, right, tmp_path):
    said = misuse(tmp_path, *line.split())
    assert f"'{wrong}' is not understood; did you mean '{right}'?" in said


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("generate --count", "--count: its value is missing: write --count N"),
        ("eval f.jaxpr --input 1 --input 2 --input", "--input: its value is missing"),
        ("generate --count 5 --count 6", "--count: it is given 2 times; give it once"),
        ("generate extra --out d", "'extra' is not expected: options are all that is taken"),
        ("score a b --dataset d", "'b' is not expected: PREDICTIONS and options are all"),
        ("score p.jsonl", "--dataset DIR is missing: the dataset that the ids are of"),
        ("check", "PATH is missing: texts of IR"),
        ("plan", "--index N is missing: the family"),
        ("plan --index abc", "--index: 'abc' is no whole number from 0 to"),
        ("split ds --out o --share x", "--share: 'x' is no number"),
        ("stats ds --json=x", "--json: it takes no value"),
        ("extract f.py::f --devices x", "--devices: 'x' is no whole number from 1 to"),
        ("check f.jaxpr --level mlir", "--level: there is no level 'mlir' (there are jaxpr, "),
        (
            "shrink --index 1 --agree shapes",
            "there is no agreement 'shapes' (there are types, values)",
        ),
        ("shrink --index 1 --while foo", "--while: there is no stage 'foo' (there are exec, "),
        (
            "shrink --index 1 --while check:unstabel",
            "reason of check 'unstabel'; did you mean 'unstable'?",
        ),
        ("capture --out d python train.py --steps 3", "'python' is not expected: options are all"),
        (
            "capture --out d python train.py --steps 3",
            "jaxsmith capture --out DIR -- python program.py",
        ),
        ("generate --out d --config no.toml", "--config no.toml: there is no such file"),
        ("generate --out d --config .", "--config .: it is a folder; name a file"),
        ("generate --out d --dtypes floot32", "--dtypes: there is no element type 'floot32'"),
        ("extract f.py", "'f.py': write file.py::function or package.module:function"),
        ("extract f.py:loss", "'f.py:loss': of a file write f.py::loss"),
        ("extract f.py::", "'f.py::': name the function behind the colon: f.py::function"),
        ("extract ::f", "'::f': name the file or module before the colon: file.py::f"),
        ("check nothing.mlir", "nothing.mlir: there is no such file"),
        ("score nothing.jsonl --dataset .", "nothing.jsonl: there is no such file"),
    ],
)
def test_what_is_wrong_is_said_in_words_of_the_project(line, words, tmp_path):
    assert words in misuse(tmp_path, *line.split())


def test_of_many_names_the_nearest_are_given(tmp_path):
    said = misuse(tmp_path, "generate", "--out", "d", "--idioms", "atention")
    assert "did you mean 'attention'? (the nearest of " in said and len(said) < 300, said
    assert "…" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = 1\ncount = = 4\n", "c.toml:2: 'count' takes 1 value: write count = N"),
        ("# a comment\n\n[generate]\ncount = 4\n", "c.toml:3: there are no tables"),
        ("count = 3\nseed = 1\ncount = 4\n", "c.toml:3: 'count' stands in line 1 already"),
        (
            "categories = [\n  'math',\n  'loop'\n]\ncuont = 3\n",
            "c.toml:5: 'cuont' is not understood; did you mean 'count'?",
        ),
        ("categories = ['math',\n", "c.toml:1: the list has no end"),
        ("config = 'other.toml'\n", "c.toml:1: 'config' is not understood"),
        ("resume = maybe\n", "c.toml:1: 'resume' is true or false, not 'maybe'"),
        ("generate.count = 3\n", "c.toml:1: 'generate.count' is not understood"),
    ],
)
def test_a_file_of_options_is_named_with_the_line(text, words, tmp_path):
    (tmp_path / "c.toml").write_text(text)
    assert words in misuse(tmp_path, "generate", "--out", "d", "--config", "c.toml")


def test_files_of_options_may_have_lists_of_several_lines(tmp_path):
    """They are read to their end: what is wrong is the last line's value."""
    (tmp_path / "c.toml").write_text(
        "[DEFAULT]\ncategories = ['math',\n  'loop']\n; more\nidioms = softmax\nidioms = attention\ncount = 0\n"
    )
    assert "--count 0" in misuse(tmp_path, "generate", "--out", "d", "--config", "c.toml")


def test_a_files_name_may_begin_with_a_bracket(tmp_path):
    (tmp_path / "[1].jaxpr").write_text(SIN)
    done = subprocess.run(
        [JAXSMITH, "eval", "[1].jaxpr", "--input", "[0, 0]"],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
