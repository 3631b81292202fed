"""`jaxsmith check` and `jaxsmith eval`: texts of real JAX read and executed without it, and texts that
do not hold found out."""

import fcntl
import json
import os
import re
import resource
import signal
import subprocess
from pathlib import Path

import dataset_rows
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jax import lax

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
LEVELS = ["jaxpr", "stablehlo", "hlo", "hlo_optimized"]
COUNT = 80  # rows of the dataset that tests share


def jaxsmith(*arguments, text=None):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)],
        capture_output=True,
        text=True,
        input=text,
        timeout=300,
    )


def texts_of(function, *arguments):
    traced = jax.jit(function).trace(*arguments)
    lowered = traced.lower()
    return {
        "jaxpr": str(traced.jaxpr),
        "stablehlo": lowered.as_text(),
        "hlo": lowered.as_text(dialect="hlo"),
        "hlo_optimized": lowered.compile().as_text(),
    }


@pytest.fixture(scope="module")
def dataset(generated):
    return generated


def table(output):
    lines = re.findall(r"^(\w+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$", output, re.M)
    return {level: list(map(int, numbers)) for level, *numbers in lines}


def test_every_text_of_a_dataset_holds(dataset):
    done = jaxsmith("check", dataset)
    assert done.returncode == 0, done.stdout
    assert table(done.stdout) == {level: [COUNT] * 7 for level in LEVELS}


def test_rows_say_that_their_texts_were_read_and_executed(dataset):
    wanted = {f"{what}:{level}" for what in ("read", "execute") for level in LEVELS}
    for file in (dataset / "data").glob("*.parquet"):
        for checks in pq.read_table(file, columns=["checks"])["checks"].to_pylist():
            passed = {check["check"] for check in checks if check["status"] == "passed"}
            assert wanted <= passed


def one_file(dataset):
    return max((dataset / "data").glob("*.parquet"), key=lambda path: path.stat().st_size)


def changed(dataset, tmp_path, change):
    """The largest file of the dataset with its first row changed, as a file of its own."""
    read = pq.read_table(one_file(dataset))
    rows = read.to_pylist()
    change(rows[0])
    path = tmp_path / "changed.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=read.schema), path)
    return path, rows[0]["id"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_changed_constant_is_found(dataset, tmp_path, level):
    """Outputs that the text does not give: all levels see it."""

    def change(row):
        output = row["outputs"][0]
        words = bytearray(output["data"])
        words[-1] ^= 0x40  # the exponent of a float, a high bit of an integer
        output["data"] = bytes(words)

    path, name = changed(dataset, tmp_path, change)
    done = jaxsmith("check", path, "--level", level, "--failures", tmp_path / "failures")
    assert done.returncode == 1
    failures = [json.loads(line) for line in (tmp_path / "failures").read_text().splitlines()]
    assert [(f["id"], f["level"]) for f in failures] == [(name, level)]
    assert name in done.stdout and "result 0" in done.stdout


@pytest.mark.parametrize("level", LEVELS)
def test_a_text_that_cannot_be_read_is_found(dataset, tmp_path, level):
    def change(row):
        row[level] = row[level][: len(row[level]) // 2]

    path, name = changed(dataset, tmp_path, change)
    done = jaxsmith("check", path, "--level", level)
    assert done.returncode == 1
    assert name in done.stdout


def test_what_is_no_dataset_gets_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "missing"):
        done = jaxsmith("check", path)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1 and str(path) in done.stderr
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    done = jaxsmith("check", other)
    assert done.returncode == 2 and "no column" in done.stderr


# ---- Single files

ADDS = """
func.func @main() {
  %0 = stablehlo.constant dense<[1, 2]> : tensor<2xi32>
  %1 = "stablehlo.add"(%0, %0) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>  // generic
  check.expect_eq_const %1, dense<[2, 4]> : tensor<2xi32>
  func.return
}
"""


def test_modules_that_check_themselves():
    done = jaxsmith("check", "-", text=ADDS + "\n// -----\n" + ADDS)
    assert done.returncode == 0, done.stderr
    assert len(re.findall("1 check holds", done.stdout)) == 2
    done = jaxsmith("check", "-", text=ADDS + "\n// -----\n" + ADDS.replace("[2, 4]", "[2, 5]"))
    assert done.returncode == 1
    assert "module 2: a check failed: element 1 is 4, not 5" in done.stderr


@pytest.mark.parametrize("level", LEVELS)
def test_a_files_level_is_told_by_its_text(tmp_path, level):
    text = texts_of(lambda x: jnp.sin(x).sum() * x, jnp.ones(3))[level]
    path = tmp_path / "text"
    path.write_text(text)
    done = jaxsmith("check", path)
    assert done.returncode == 0, done.stderr
    assert f"{level}, verified, printed back byte for byte" in done.stdout


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (ADDS.replace("-> tensor<2xi32>", "-> tensor<3xi32>"), ":5:29: ", "tensor<3xi32>"),
        (ADDS.replace("%0, %0)", "%0, %7)"), ":4:28: ", "%7"),
        ("{ lambda ; a:f32[3]. let\n    b:f32[3] = sin c\n  in (b,) }\n", ":2:5: ", "c"),
        ("HloModule m\n\nENTRY e {\n  ROOT a = f32[2] frob()\n}\n", ":4:8: ", "frob"),
    ],
)
def test_errors_name_the_place(tmp_path, text, place, words):
    path = tmp_path / "text"
    path.write_text(text)
    done = jaxsmith("check", path)
    assert done.returncode == 1
    first, line, caret = done.stderr.splitlines()
    assert first.startswith(f"{path}{place}") and words in first
    assert caret.strip() == "^" and line.strip()


def test_a_loop_without_an_end_is_refused(tmp_path):
    def function(x):
        return lax.while_loop(lambda c: c[1] < 1, lambda c: (c[0] + 1, c[1]), (x, 0 * x))[0]

    for level, text in texts_of(function, jnp.int32(1)).items():
        if level == "hlo_optimized":
            continue  # XLA may do away with it
        path = tmp_path / level
        path.write_text(text)
        done = jaxsmith("eval", path, "--input", "1", "--steps", "1000000")
        assert done.returncode != 0 and "1000000 steps" in done.stderr
    path.write_text(
        "func.func @main() -> tensor<9999999999xf32> {\n  %0 = stablehlo.iota dim = 0 : "
        "tensor<9999999999xf32>\n  return %0 : tensor<9999999999xf32>\n}\n"
    )
    done = jaxsmith("eval", path)
    assert done.returncode != 0 and "bytes" in done.stderr


def test_files_may_follow_a_level(tmp_path):
    files = [tmp_path / name for name in "ab"]
    for file in files:
        file.write_text("{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }")
    done = jaxsmith("check", "--level", "jaxpr", *files)
    assert done.returncode == 0 and done.stdout.count("verified") == 2, done.stderr


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_is_found_of_all_paths_is_written(tmp_path):
    bad = "{ lambda ; a:f32[2]. let b:f32[3] = sin a in (b,) }"
    text, first, second = tmp_path / "text", tmp_path / "1.parquet", tmp_path / "2.parquet"
    text.write_text(ADDS + "\n// -----\n" + ADDS.replace("[2, 4]", "[2, 5]"))
    for path, name in ((first, "one"), (second, "two")):
        dataset_rows.write(path, [dataset_rows.row(name, jaxpr=bad)])
    failures, verdicts = tmp_path / "failures.jsonl", tmp_path / "verdicts.jsonl"
    written = ["--failures", failures, "--verdicts", verdicts]
    done = jaxsmith("check", first, text, second, *written)
    assert done.returncode == 1
    ids = sorted([f"{text}, module 2", "one", "two"])
    assert [line["id"] for line in lines_of(failures)] == ids
    assert (
        "element 1 is 4, not 5"
        in [f["reason"] for f in lines_of(failures) if "module" in f["id"]][0]
    )
    found = {line["id"]: line for line in lines_of(verdicts)}
    assert sorted(found) == sorted([*ids, f"{text}, module 1"])
    for number in (1, 2):
        line = found[f"{text}, module {number}"]
        assert line["level"] == "stablehlo" and line["verified"] and line["executed"]
        assert line["agrees"] == (number == 1)
    done = jaxsmith("check", first, tmp_path / "missing", *written)
    assert done.returncode == 2 and [line["id"] for line in lines_of(failures)] == ["one"]
    text.write_text(ADDS)
    done = jaxsmith("check", text, *written)
    assert done.returncode == 0 and lines_of(failures) == [] and len(lines_of(verdicts)) == 1


# ---- eval


def program(x, n, flag, z):
    y = jnp.where(flag, jnp.cumsum(jnp.exp(x), axis=1), x[:, ::-1])
    return {"a": y @ y.T, "b": (n * 3) % 7, "c": z * 1j, "d": x.astype(jnp.bfloat16)}


@pytest.mark.parametrize("level", LEVELS)
def test_results_are_those_of_jax(tmp_path, level):
    inputs = [
        np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4),
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.array(True),
        np.array([1 + 2j, 3], np.complex64),
    ]
    path = tmp_path / "text"
    path.write_text(texts_of(program, *inputs)[level])
    arguments = []
    for i, each in enumerate(inputs):
        np.save(tmp_path / f"{i}.npy", each)
        arguments += ["--input", tmp_path / f"{i}.npy"]
    done = jaxsmith("eval", path, *arguments, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for i, expected in enumerate(jax.tree.leaves(jax.jit(program)(*inputs))):
        found = np.load(tmp_path / "out" / f"{i}.npy")
        if expected.dtype == ml_dtypes.bfloat16:
            found = found.view(ml_dtypes.bfloat16)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(
            found.astype(np.complex128), np.asarray(expected, np.complex128), rtol=1e-5
        )


def test_inputs_may_be_written_down(tmp_path):
    path = tmp_path / "text"
    path.write_text(texts_of(lambda x, y: x + y, np.ones((2, 2), np.float32), 1.0)["stablehlo"])
    done = jaxsmith("eval", path, "--input", "[[1, 2], [3, 4]]", "--input", "0.5")
    assert done.stdout == "0: f32[2,2]\n[[1.5, 2.5],\n [3.5, 4.5]]\n"


def test_integers_that_are_written_down_are_exact(tmp_path):
    path = tmp_path / "text"
    path.write_text("{ lambda ; a:i64[2] b:u64[] c:f32[2]. let  in (a, b, c) }")
    words = ["[9007199254740993, -9223372036854775808]", "18446744073709551615", '["nan", "-inf"]']
    done = jaxsmith("eval", path, *(word for text in words for word in ("--input", text)))
    assert done.stdout.splitlines()[1::2] == [words[0], words[1], "[nan, -inf]"], done.stderr


def test_results_are_written_whole_or_not_at_all(tmp_path):
    text, out = tmp_path / "text", tmp_path / "out"
    text.write_text("{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }")
    asked = ["eval", text, "--input", "[1, 2]", "--out", out]

    def little():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    command = [JAXSMITH, *map(str, asked)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=little)
    assert done.returncode == 1 and not out.exists(), done
    assert f"cannot write {out}/0.npy: File too large" in done.stderr
    assert jaxsmith(*asked).returncode == 0
    assert [p.name for p in out.iterdir()] == ["0.npy"]


def test_two_runs_do_not_mix_their_results(tmp_path):
    text, out = tmp_path / "text", tmp_path / "out"
    text.write_text("{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }")
    out.mkdir()
    asked = ["eval", text, "--input", "[1, 2]", "--out", out]
    held = os.open(out, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    done = jaxsmith(*asked)
    os.close(held)
    assert done.returncode == 1 and list(out.iterdir()) == [], done
    assert done.stderr.count("\n") == 1 and "another process is writing to it" in done.stderr
    assert jaxsmith(*asked).returncode == 0
    assert [p.name for p in out.iterdir()] == ["0.npy"]


@pytest.mark.parametrize("name", ["0.npy", "3.npy", "0-device1.npy"])
def test_results_that_are_there_are_not_replaced(tmp_path, name):
    text, out = tmp_path / "text", tmp_path / "out"
    text.write_text("{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }")
    out.mkdir()
    for other in ("notes.npy", "0-device.npy", "0.npy.txt", "00"):
        (out / other).write_text("mine")
    asked = ["eval", text, "--input", "[1, 2]", "--out", out]
    (out / name).write_text("mine")
    done = jaxsmith(*asked)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
    assert f"there is {name} in it" in done.stderr and done.stdout == ""
    assert all(path.read_text() == "mine" for path in out.iterdir())
    (out / name).unlink()
    assert jaxsmith(*asked).returncode == 0
    assert np.load(out / "0.npy").shape == (2,)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "it takes f32[2], i32[]; 0 --input are given"),
        (["--input", "[1, 2, 3]", "--input", "1"], 2, "it is f32[3]; argument 0 of"),
        (["--input", "[1, [2]]", "--input", "1"], 2, "lists are of different lengths"),
        (["--input", "missing.npy", "--input", "1"], 2, "there is no such file"),
        (["--input", "[1, 2", "--input", "1"], 2, "[1, 2: it is no JSON: it ends too early"),
        (["--input", '[1,"x"]', "--input", "1"], 2, '--input [1,"x"]: "x" is no f32'),
        (["--input", '["a b", 1]', "--input", "1"], 2, '"a b" is no f32; one is written as 2.5'),
        (["--input", '{"a":1}', "--input", "1"], 2, '{"a":1} is no f32'),
        (["--input", "[1, nan]", "--input", "1"], 2, "'nan' at byte 5 is not expected"),
        (["--input", "[1, 1e999]", "--input", "1"], 2, "the number 1e999 is too large"),
        (["--input", "[]", "--input", "1"], 2, "--input []: it is f32[0]; argument 0 of"),
        (["--input", "[1, 2, 3, 4]", "--input", "1"], 2, "is f32[2]: give one of that shape"),
        (["--input", ".", "--input", "1"], 2, ".: it is a folder; name a file"),
        (["--input", "[1, 2]", "--input", "2.5"], 2, "2.5 is no i32"),
        (["--input", "[1, 2]", "--input", "2147483648"], 2, "2147483648 is no i32"),
        (["--inputs", "1"], 2, "'--inputs' is not understood; did you mean '--input'?"),
        (
            ["--random", "1", "--level", "hl"],
            2,
            "--level: there is no level 'hl'; did you mean 'hlo'",
        ),
        (["--random", "1", "--input", "[1, 2]", "--input", "1"], 2, "--input excludes --random"),
        (["--random"], 2, "--random: its value is missing: write --random SEED"),
        (["--random", "1", "--random", "2"], 2, "--random: it is given 2 times; give it once"),
        (["--random", "-1"], 2, "'-1' is no whole number from 0 to"),
        (["--random", "1", "--steps", "0"], 2, "--steps: '0' is no whole number from 1 to"),
        (["--random", "1", "--steps", "9" * 20], 2, "is no whole number from 1 to"),
        (["--random", "1", "--memory", "9" * 20], 2, "is no whole number from 1 to"),
    ],
)
def test_misuse_of_eval_gets_one_line(tmp_path, arguments, status, words):
    path = tmp_path / "text"
    path.write_text(texts_of(lambda x, n: x * n, np.ones(2, np.float32), np.int32(1))["stablehlo"])
    done = jaxsmith("eval", path, *arguments)
    assert done.returncode == status
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr


@pytest.mark.parametrize("text", ['["1+2j", 3, "-1j"]', '["(1+2j)", "3", "0-1j"]'])
def test_complex_numbers_are_written_as_python_writes_them(tmp_path, text):
    path = tmp_path / "text"
    path.write_text(texts_of(lambda x: -x, np.ones(3, np.complex64))["jaxpr"])
    done = jaxsmith("eval", path, "--input", text, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "out" / "0.npy").tolist() == [-1 - 2j, -3, 1j]
    done = jaxsmith("eval", path, "--input", '["1+2j", "1+2", 0]')
    assert done.returncode == 2 and '"1+2" is no c64; one is written as 2.5, "1+2j"' in done.stderr


def test_an_array_of_another_type_is_told_what_to_be(tmp_path):
    path = tmp_path / "text"
    path.write_text(texts_of(lambda x: -x, np.ones(3, np.float32))["jaxpr"])
    np.save(tmp_path / "x.npy", np.ones(3))
    done = jaxsmith("eval", path, "--input", tmp_path / "x.npy")
    assert done.returncode == 2 and "is f32[3]: give it as float32" in done.stderr, done.stderr


def test_what_takes_arguments_is_told_how_to_be_run(tmp_path):
    path = tmp_path / "text"
    path.write_text(texts_of(lambda x: -x, np.ones(3, np.float32))["jaxpr"])
    done = jaxsmith("check", path)
    assert done.returncode == 0
    assert "takes 1 argument, so it was not run (jaxsmith eval runs it on --input)" in done.stdout
