"""`jaxsmith score`: true texts get full credit, texts that do nothing of the row's none, and texts made
to exhaust the grader cost themselves alone."""

import json
import os
import subprocess
from pathlib import Path

import adversarial
import degenerate
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jaxsmith import jax_private

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
LEVELS = ["jaxpr", "stablehlo", "hlo", "hlo_optimized"]


def jaxsmith(*arguments):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)], capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def dataset(generated):
    return generated


@pytest.fixture(scope="module")
def rows(dataset):
    files = sorted((dataset / "data").glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def grade(dataset, tmp_path, predictions, *options):
    """Verdicts on (id, level, text), and what was printed."""
    file, out = tmp_path / "predictions.jsonl", tmp_path / "verdicts.parquet"
    lines = [json.dumps({"id": i, "level": level, "text": text}) for i, level, text in predictions]
    file.write_text("".join(line + "\n" for line in lines))
    done = jaxsmith("score", file, "--dataset", dataset, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    return pq.read_table(out).to_pylist(), done.stdout


def test_true_texts_get_full_credit(dataset, rows, tmp_path):
    verdicts, printed = grade(
        dataset, tmp_path, [(row["id"], level, row[level]) for row in rows for level in LEVELS]
    )
    gradable = [v for v in verdicts if v["gradable"]]
    assert len(gradable) >= 0.9 * len(verdicts)
    for verdict in verdicts:
        assert verdict["parses"] and verdict["verifies"] and verdict["signature"]
        assert verdict["canonical"] and verdict["runs"]
        assert verdict["agrees"] == verdict["gradable"], verdict
    assert all(v["cases"] >= 4 for v in gradable)  # besides the recorded one
    assert "pass@1" in printed


def test_other_words_are_the_same_program(dataset, rows, tmp_path):
    renamed = [(r["id"], "stablehlo", r["stablehlo"].replace("%arg", "%input_")) for r in rows]
    verdicts, _ = grade(dataset, tmp_path, renamed)
    assert all(v["canonical"] for v in verdicts)


@pytest.mark.parametrize("level", LEVELS)
def test_degenerate_texts_get_no_credit_in_any_category(dataset, rows, tmp_path, level):
    context = jax_private.new_context(threads=False)
    predictions = [
        (row["id"], level, text)
        for row in rows
        for _, text in degenerate.of_level(row, level, context)
    ]
    assert len({row["category"] for row in rows}) == 10 and len(predictions) > 4 * len(rows)
    verdicts, _ = grade(dataset, tmp_path, predictions)
    assert [v for v in verdicts if v["agrees"] or v["canonical"]] == []
    # They are well formed: it is by execution that they are found out.
    assert sum(v["signature"] for v in verdicts) >= 0.5 * len(verdicts)


def test_a_text_that_exhausts_costs_itself_alone(dataset, rows, tmp_path):
    all_rows, _ = grade(dataset, tmp_path, [(r["id"], "stablehlo", r["stablehlo"]) for r in rows])
    gradable = {verdict["id"] for verdict in all_rows if verdict["gradable"]}
    row = next(row for row in rows if row["id"] in gradable)
    texts = [text for _, text in adversarial.texts().items()]
    predictions = [(row["id"], "stablehlo", text) for text in texts if text.isascii()]
    predictions.append((row["id"], "stablehlo", row["stablehlo"]))
    verdicts, _ = grade(dataset, tmp_path, predictions, "--steps", 20_000_000)
    assert [v["agrees"] for v in verdicts] == [False] * (len(verdicts) - 1) + [True]


def with_loop(text, again):
    """The text with a loop at its beginning that goes on while a constant says so."""
    head, main, rest = text.partition("func.func public @main(")
    line, _, body = rest.partition("\n")
    loop = f"""    %zc = stablehlo.constant dense<{again}> : tensor<i1>
    %zw = stablehlo.while(%zi = %zc) : tensor<i1>
     cond {{
      stablehlo.return %zi : tensor<i1>
    }} do {{
      stablehlo.return %zi : tensor<i1>
    }}
"""
    return f"{head}{main}{line}\n{loop}{body}"


def test_a_loop_without_end_costs_little_more_than_a_right_text(dataset, rows, tmp_path):
    ending = [(r["id"], "stablehlo", with_loop(r["stablehlo"], "false")) for r in rows]
    endless = [(r["id"], "stablehlo", with_loop(r["stablehlo"], "true")) for r in rows]
    right, _ = grade(dataset, tmp_path, ending)
    wrong, _ = grade(dataset, tmp_path, endless)
    assert sum(v["agrees"] for v in right) > 0.8 * len(right)
    on_top = 2 * 500_000  # for its types and for its first case
    for one, other in zip(right, wrong, strict=True):
        if not one["agrees"]:
            continue
        assert other["verifies"] and not other["runs"], other
        assert "steps allowed" in other["reason"]
        assert other["steps"] <= 16 * one["steps"] + on_top


def test_pass_at_k_and_workers(dataset, rows, tmp_path):
    """Half of the samples are right; verdicts do not depend on the number of workers."""
    predictions = [
        (row["id"], "stablehlo", text)
        for row in rows[:20]
        for text in (row["stablehlo"], "module {\n}\n") * 2
    ]
    one, printed = grade(dataset, tmp_path, predictions, "--workers", 1, "--json")
    two, _ = grade(dataset, tmp_path, predictions, "--workers", 2)
    assert one == two
    totals = json.loads(printed)
    text = json.dumps(totals)
    assert "pass" in text
    gradable = sum(v["gradable"] for v in one) / 4
    assert sum(v["agrees"] for v in one) == 2 * gradable


def test_parquet_is_read_too(dataset, rows, tmp_path):
    table = pa.table(
        {
            "id": [row["id"] for row in rows[:5]],
            "level": ["jaxpr"] * 5,
            "text": [row["jaxpr"] for row in rows[:5]],
        }
    )
    pq.write_table(table, tmp_path / "predictions.parquet")
    done = jaxsmith("score", tmp_path / "predictions.parquet", "--dataset", dataset)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "nobody", "level": "hlo", "text": ""}', "nobody"),
        ('{"id": 3}', ":1: "),
        ("not JSON", ":1: "),
        (
            '{"id": "nobody", "level": "hlo", "text": ""}',
            ".jsonl:1: the dataset has no row 'nobody'",
        ),
    ],
)
def test_misuse_gets_one_line(dataset, tmp_path, line, words):
    (tmp_path / "predictions.jsonl").write_text(line + "\n")
    done = jaxsmith("score", tmp_path / "predictions.jsonl", "--dataset", dataset)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr


def test_python_grades_as_the_command_does(dataset, rows, tmp_path):
    import jaxsmith as api

    predictions = []
    for row in rows[:25]:
        predictions += [(row["id"], "stablehlo", text) for _, text in degenerate.modules(row)]
        predictions += [(row["id"], level, row[level]) for level in LEVELS]
        predictions += [(row["id"], "hlo", "no module"), (row["id"], "jaxpr", row["jaxpr"][:40])]
    verdicts, _ = grade(dataset, tmp_path, predictions)
    by_id = {row["id"]: row for row in rows}
    loaded = {row.id: row for row in api.load(str(dataset))}
    graders = {}
    for number, ((name, level, text), expected) in enumerate(
        zip(predictions, verdicts, strict=True)
    ):
        row = (by_id if number % 2 else loaded)[name]
        grader = graders.setdefault((name, level), api.Grader(row, level))
        verdict = grader(text)
        for field, value in vars(verdict).items():
            assert value == expected[field], field
        assert bool(verdict) == expected["agrees"]
    many = api.score(by_id[rows[0]["id"]], [rows[0]["stablehlo"], "no module"])
    assert [v.parses for v in many] == [True, False]


def test_threads_grade_with_one_grader(rows):
    from concurrent.futures import ThreadPoolExecutor

    import jaxsmith as api

    row = next(row for row in rows if not api.Grader(row).not_gradable)
    grader = api.Grader(row)
    texts = [row["stablehlo"], row["stablehlo"].replace("stablehlo", "stablehol")] * 20
    with ThreadPoolExecutor(4) as pool:
        assert [bool(v) for v in pool.map(grader, texts)] == [True, False] * 20


def test_python_says_what_is_no_row(rows):
    import jaxsmith as api

    with pytest.raises(api.IRError, match="no level 'llvm'"):
        api.Grader(rows[0], "llvm")
    with pytest.raises(api.IRError, match="no row of a dataset: it has no stablehlo"):
        api.score({"id": "a"}, "text")
