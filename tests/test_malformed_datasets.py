"""Datasets that other programs wrote, or broke: every type that Arrow has for such columns is read, and what cannot be
read is an error that names file and row and is no end of the others."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_rows import SIN, array, row, schema, write
from jaxsmith.levels import LEVELS

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
EIGHT = struct.pack("<2f", 1, 2)


def jaxsmith(*arguments):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)], capture_output=True, text=True, timeout=300
    )


def failures(path, tmp_path):
    """What `check` says of a dataset: its status, failures by row, and how many texts agree."""
    out = tmp_path / "failures.jsonl"
    done = jaxsmith("check", path, "--failures", out)
    assert done.returncode in (0, 1) and done.stderr == "", (done.returncode, done.stderr)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    agree = [line.split() for line in done.stdout.splitlines() if line.startswith("jaxpr ")]
    return done.returncode, lines, int(agree[0][7]) if agree else 0


PAIR = [array("f32", [2], EIGHT)]
# Of the second of three rows: what is changed, and what the error must say.
BROKEN = {
    "too few bytes": ({"inputs": [array("f32", [2], EIGHT[:5])]}, "inputs[0]: it has 5 bytes"),
    "too many bytes": ({"outputs": [array("f32", [2], EIGHT * 2)]}, "outputs[0]: it has 16 bytes"),
    "another shape": ({"inputs": [array("f32", [3], EIGHT)]}, "inputs[0]: it has 8 bytes"),
    "another dtype": ({"inputs": [array("f64", [2], EIGHT)]}, "f64[2] has 16"),
    "an unknown dtype": ({"inputs": [array("f31", [2], EIGHT)]}, "there is no dtype 'f31'"),
    "no dtype": ({"inputs": [array(None, [2], EIGHT)]}, "inputs[0].dtype: it is null"),
    "a negative size": ({"inputs": [array("f32", [-2], EIGHT)]}, "negative size"),
    "two negative sizes": ({"inputs": [array("f32", [-1, -2], EIGHT)]}, "negative size"),
    "sizes beyond 64 bits": ({"inputs": [array("f32", [2**62, 4], EIGHT)]}, "more elements than"),
    "sizes that wrap to what is there": (
        {"inputs": [array("f32", [2**61 + 2, 1], EIGHT)]},
        "more elements than",
    ),
    "sizes beyond 64 bits beside none": (
        {"inputs": [array("f32", [2**62, 2**62, 0], b"")]},
        "inputs[0]: f32[4611686018427387904,4611686018427387904,0]: a dimension is over 2^48",
    ),
    "more dimensions than there can be": (
        {"inputs": [array("f32", [1] * 1025, EIGHT[:4])]},
        "more than 1024 dimensions",
    ),
    "an integer that its type does not hold": (
        {"inputs": [array("i4", [2], b"\x0f\x10")]},
        "inputs[0]: i4[2]: element 1 is 16, which is no i4",
    ),
    "no shape": ({"inputs": [array("f32", None, EIGHT)]}, "inputs[0].shape: it is null"),
    "a null size": ({"inputs": [array("f32", [None], EIGHT)]}, "inputs[0].shape: it is null"),
    "no data": ({"inputs": [array("f32", [2], None)]}, "inputs[0].data: it is null"),
    "a null array": ({"inputs": [None]}, "inputs[0]: it is null"),
    "no inputs": ({"inputs": None}, "inputs: it is null"),
    "no constants": ({"constants": None}, "constants: it is null"),
    "no number of devices": ({"devices": None}, "devices: it is null"),
    "no devices": ({"devices": 0}, "devices: 0 is not from 1 to"),
    "more devices than there are": ({"devices": 2**62}, "is not from 1 to"),
    "fewer equations than none": ({"equations": -(2**62)}, "there are no -46116860"),
    "no x64": ({"x64": None}, "x64: it is null"),
    "no outputs of a function that has some": ({"outputs": []}, ""),
    "an argument too many": ({"kept_arguments": [0, 1]}, "there is no input 1"),
    "an argument before the first": ({"kept_arguments": [-1]}, "there is no input -1"),
    "half a key": ({"inputs": [array("key<fry>", [2], EIGHT[:7])]}, "inputs[0]: it has 7 bytes"),
    "a further case of another shape": (
        {"further_cases": [{"inputs": [array("f32", [1], EIGHT[:4])], "outputs": PAIR}]},
        "further_cases[0]: its arrays are of other types",
    ),
    "a further case of more results": (
        {"further_cases": [{"inputs": PAIR, "outputs": PAIR * 2}]},
        "further_cases[0]: its arrays are of other types",
    ),
    "a further case of too few bytes": (
        {"further_cases": [{"inputs": [array("f32", [2], EIGHT[:5])], "outputs": PAIR}]},
        "further_cases[0].inputs[0]: it has 5 bytes",
    ),
    "a further case without inputs": (
        {"further_cases": [{"inputs": None, "outputs": PAIR}]},
        "further_cases[0].inputs: it is null",
    ),
    "a further case that is null": ({"further_cases": [None]}, "further_cases[0]: it is null"),
    "no id": ({"id": None}, "id: it is null"),
    "no text of its level": ({"jaxpr": "no jaxpr"}, ""),
    "nothing but an opened brace": ({"jaxpr": "{"}, ""),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_row_is_named_and_the_others_are_checked(what, tmp_path):
    changed, says = BROKEN[what]
    path = tmp_path / "rows.parquet"
    write(path, [row("first"), row("second", **changed), row("third")])
    status, found, agree = failures(path, tmp_path)
    assert (status, len(found), agree) == (1, 1, 2), found
    assert says in found[0]["reason"]
    assert "second" in found[0]["id"] or "rows.parquet: row 1" in found[0]["id"]
    if says:
        assert f"{path}: row 1" in found[0]["id"]
    # The other rows can be graded; the broken one is an error that says where.
    for name, good in (("first", 0), ("second", 1)):
        predictions = tmp_path / "predictions.jsonl"
        predictions.write_text(json.dumps({"id": name, "level": "jaxpr", "text": SIN}) + "\n")
        done = jaxsmith("score", predictions, "--dataset", path)
        if says and (good or changed.get("id", "") is None):
            assert done.returncode == 1 and f"{path}: row 1" in done.stderr, done.stderr
        else:
            assert done.returncode == 0, done.stderr


def test_how_many_equations_a_row_says_it_has_excuses_no_outputs(tmp_path):
    path = tmp_path / "rows.parquet"
    wrong = [array("f32", [2], struct.pack("<2f", 0.85, 0.90))]
    write(path, [row("first", equations=2**62), row("second", equations=2**62, outputs=wrong)])
    status, found, agree = failures(path, tmp_path)
    assert (status, agree) == (1, 1) and [f["id"] for f in found] == ["second"], found


def test_text_that_is_no_utf8_is_named(tmp_path):
    path = tmp_path / "rows.parquet"
    rows = [row("first"), row("second"), row("third")]
    for each in rows:
        each.update({k: v.encode() for k, v in each.items() if isinstance(v, str)})
        for name in ("inputs", "outputs"):
            each[name] = [
                {k: v.encode() if isinstance(v, str) else v for k, v in a.items()}
                for a in each[name]
            ]
    rows[1]["jaxpr"] = SIN.encode()[:10] + b"\xff\xfe"
    write(path, rows, text=pa.binary())
    status, found, agree = failures(path, tmp_path)
    assert (status, len(found), agree) == (1, 1, 2), found
    assert "jaxpr: it is no UTF-8" in found[0]["reason"] and "row 1" in found[0]["id"]


@pytest.mark.parametrize("column", schema().names)
def test_missing_and_wrong_columns_are_named(column, tmp_path):
    path = tmp_path / "rows.parquet"
    whole = pa.Table.from_pylist([row("first"), row("second")], schema=schema())
    pq.write_table(whole.drop_columns([column]), path)
    done = jaxsmith("check", path)
    if column not in LEVELS:
        assert done.returncode in (1, 2) and f"it has no column {column}" in done.stderr
    elif column == "jaxpr":  # the only level with texts
        assert done.returncode == 1 and "nothing was checked" in done.stderr
    else:  # a dataset may be older than a level
        assert (done.returncode, done.stderr) == (0, "")
    if done.returncode:
        assert str(path) in done.stderr and len(done.stderr.splitlines()) == 1
    at = whole.schema.get_field_index(column)
    for wrong in (pa.array([1.5, 2.5]), pa.array([[[1]], [[2]]]), pa.array([{"a": 1}, {"a": 2}])):
        pq.write_table(whole.set_column(at, column, wrong), path)
        status, found, agree = failures(path, tmp_path)
        assert (status, len(found), agree) == (1, 2, 0), found
        assert all(column in each["reason"] for each in found)


@pytest.mark.parametrize("column", schema().names)
def test_a_column_that_is_there_twice_is_named(column, tmp_path):
    path, predictions = tmp_path / "rows.parquet", tmp_path / "predictions.jsonl"
    whole = pa.Table.from_pylist([row("first")], schema=schema())
    pq.write_table(whole.append_column(column, whole[column]), path)
    predictions.write_text(json.dumps({"id": "first", "level": "jaxpr", "text": SIN}) + "\n")
    for asked in (["check", path], ["score", predictions, "--dataset", path]):
        done = jaxsmith(*asked)
        assert done.returncode == 1, done
        assert f"{path}: it has two columns {column}" in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_file_that_is_not_whole_is_named(tmp_path):
    path = tmp_path / "rows.parquet"
    write(path, [row(f"r{i}") for i in range(20)])
    whole = path.read_bytes()
    step = max(1, len(whole) // 60)
    for n in [*range(0, len(whole), step), len(whole) - 1]:
        path.write_bytes(whole[:n])
        done = jaxsmith("check", path)
        assert done.returncode in (1, 2) and str(path) in done.stderr, (n, done.stderr)
        assert len(done.stderr.splitlines()) == 1
    path.write_bytes(whole)
    assert jaxsmith("check", path).returncode == 0


def test_changed_bytes_end_no_process(tmp_path):
    path = tmp_path / "rows.parquet"
    write(path, [row(f"r{i}") for i in range(20)])
    whole = path.read_bytes()
    step = max(1, len(whole) // 150)
    for n in range(4, len(whole), step):
        path.write_bytes(whole[:n] + bytes([whole[n] ^ 0xFF]) + whole[n + 1 :])
        done = jaxsmith("check", path)
        assert done.returncode in (0, 1, 2), (n, done.returncode, done.stderr)
        assert len(done.stderr.splitlines()) <= 1, done.stderr


def test_one_bad_file_does_not_hide_the_others(tmp_path):
    data = tmp_path / "dataset" / "data"
    data.mkdir(parents=True)
    for i in range(3):
        write(data / f"train-{i}.parquet", [row(f"{i}-{k}") for k in range(2)])
    (data / "train-1.parquet").write_bytes(b"PAR1 and nothing else")
    status, found, agree = failures(tmp_path / "dataset", tmp_path)
    assert (status, len(found), agree) == (1, 1, 4)
    assert "train-1.parquet" in found[0]["id"]


def test_a_file_that_the_manifest_names_is_missed(tmp_path):
    data = tmp_path / "dataset" / "data"
    data.mkdir(parents=True)
    names = [f"data/train-{i}.parquet" for i in range(2)]
    write(tmp_path / "dataset" / names[0], [row("x")])
    manifest = {"complete": True, "files": [{"path": name} for name in names]}
    (tmp_path / "dataset" / "manifest.json").write_text(json.dumps(manifest))
    status, found, agree = failures(tmp_path / "dataset", tmp_path)
    assert (status, len(found), agree) == (1, 1, 1)
    assert "train-1.parquet" in found[0]["id"]


def test_nothing_checked_is_said_in_words(tmp_path):
    path = tmp_path / "rows.parquet"
    write(path, [])
    done = jaxsmith("check", path)
    assert done.returncode == 1 and "nothing was checked: it holds no rows" in done.stderr
    write(path, [row("x")])
    done = jaxsmith("check", path, "--level", "hlo")
    assert done.returncode == 1 and "nothing was checked" in done.stderr


def fixed(of):
    return pa.list_(of, 1)


def chunked(path, rows):
    pq.write_table(pa.Table.from_pylist(rows, schema=schema()), path, row_group_size=1)


TYPES = {
    "large": {"many": pa.large_list, "text": pa.large_string(), "blob": pa.large_binary()},
    "views of text": {"text": pa.string_view()},
    "views of lists": {"many": pa.list_view},
    "views of large lists": {"many": pa.large_list_view},
    "text as bytes": {"text": pa.binary()},
    "dictionaries": {"text": pa.dictionary(pa.int32(), pa.string())},
    "large dictionaries": {"text": pa.dictionary(pa.int8(), pa.large_string())},
}


@pytest.mark.parametrize("what", TYPES)
def test_every_type_that_holds_text_and_lists_is_read(what, tmp_path):
    path = tmp_path / "rows.parquet"
    rows = [row("first"), row("second")]
    if what == "text as bytes":
        for each in rows:
            for name in ("inputs", "outputs"):
                each[name] = [{**a, "name": b"a", "dtype": a["dtype"].encode()} for a in each[name]]
            each.update({k: v.encode() for k, v in each.items() if isinstance(v, str)})
    of_text = "dict" in what or what == "views of text"  # of columns, since Arrow writes no others
    table = pa.Table.from_pylist(rows, schema=schema(**({} if of_text else TYPES[what])))
    if of_text:
        for i, field in enumerate(table.schema):
            if pa.types.is_string(field.type):
                table = table.set_column(i, field.name, table[field.name].cast(TYPES[what]["text"]))
    pq.write_table(table, path)
    assert failures(path, tmp_path) == (0, [], 2)


def test_integers_of_any_width_and_lists_of_fixed_size_are_read(tmp_path):
    path = tmp_path / "rows.parquet"
    table = pa.Table.from_pylist([row("first"), row("second")], schema=schema())
    for name, type_ in (
        ("equations", pa.int8()),
        ("devices", pa.uint64()),
        ("kept_arguments", fixed(pa.uint16())),
    ):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(type_))
    pq.write_table(table, path)
    assert failures(path, tmp_path) == (0, [], 2)


def test_many_row_groups_and_pages_are_read(tmp_path):
    path = tmp_path / "rows.parquet"
    chunked(path, [row(f"r{i}") for i in range(7)])
    assert failures(path, tmp_path) == (0, [], 7)
    table = pa.concat_tables(
        pa.Table.from_pylist([row(f"r{i}")], schema=schema()) for i in range(5)
    )
    pq.write_table(table, path, data_page_size=10, use_dictionary=False)
    assert failures(path, tmp_path) == (0, [], 5)


def rewritten(program, tmp_path):
    path, out = tmp_path / "rows.parquet", tmp_path / "rewritten.parquet"
    write(path, [row("first"), row("second")])
    done = subprocess.run(
        [sys.executable, "-c", program, path, out], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return out


def test_what_polars_writes_is_read(tmp_path):
    program = "import sys, polars; polars.read_parquet(sys.argv[1]).write_parquet(sys.argv[2])"
    assert failures(rewritten(program, tmp_path), tmp_path) == (0, [], 2)


def test_what_datasets_writes_is_read(tmp_path):
    program = (
        "import sys, datasets; datasets.Dataset.from_parquet(sys.argv[1]).to_parquet(sys.argv[2])"
    )
    assert failures(rewritten(program, tmp_path), tmp_path) == (0, [], 2)


ENDS = (-(2**63), 5, 2**63 - 1)


@pytest.mark.parametrize(
    ("dtype", "code", "numbers"),
    [
        ("i64", "q", ENDS),
        ("i64", "q", (ENDS[0],) * 3),
        ("i64", "q", (ENDS[2],) * 3),
        ("u64", "Q", (0, 2**64 - 1, 7)),
        ("u64", "Q", (2**63, 2**63 - 1, 2**63 + 1)),
        ("u64", "Q", (2**64 - 1,) * 3),
        ("i32", "i", (-(2**31), 2**31 - 1, 0)),
        ("i8", "b", (-128, 127, 127)),
        ("u8", "B", (255, 255, 255)),
        ("i64", "q", ()),
        ("f32", "f", (float("nan"),) * 3),
        ("f32", "f", (float("inf"), float("-inf"), float("nan"))),
        ("f64", "d", (1.7976931348623157e308, 5e-324, -1.7976931348623157e308)),
        ("bool", "?", (True, True, True)),
    ],
)
def test_any_inputs_have_a_verdict(dtype, code, numbers, tmp_path):
    operation = "neg" if dtype.startswith("f") else "not"
    changed = {"f": lambda x: -x, "b": lambda x: not x}.get(
        dtype[0], lambda x: ~x % 2**64 if code == "Q" else 255 - x if code == "B" else ~x
    )
    shape = f"{dtype}[{len(numbers)}]"
    text = f"{{ lambda ; a:{shape}. let b:{shape} = {operation} a in (b,) }}"

    def pack(values):
        return struct.pack(f"<{len(numbers)}{code}", *values)

    given = {
        "inputs": [array(dtype, [len(numbers)], pack(numbers))],
        "outputs": [array(dtype, [len(numbers)], pack(map(changed, numbers)))],
        "jaxpr": text,
    }
    write(tmp_path / "rows.parquet", [row("x", **given)])
    predictions = tmp_path / "predictions.jsonl"
    wrong = f"{{ lambda ; a:{shape}. let  in (a,) }}"
    predictions.write_text(
        "".join(json.dumps({"id": "x", "level": "jaxpr", "text": t}) + "\n" for t in (text, wrong))
    )
    verdicts = tmp_path / "verdicts.parquet"
    done = jaxsmith("score", predictions, "--dataset", tmp_path / "rows.parquet", "--out", verdicts)
    assert done.returncode == 0, (done.returncode, done.stderr)
    right, copied = pq.read_table(verdicts).to_pylist()
    assert right["parses"] and right["canonical"] and not copied["agrees"]
    assert not right["gradable"] or right["agrees"]


@pytest.mark.parametrize(
    "type_",
    [pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int16(), pa.string())],
    ids=str,
)
def test_predictions_of_any_type_of_text_are_read(type_, tmp_path):
    write(tmp_path / "rows.parquet", [row("x")])
    fields = {"id": ["x"], "level": ["jaxpr"], "text": [SIN]}
    table = pa.table(fields)
    for i, name in enumerate(fields):
        table = table.set_column(i, name, table[name].cast(type_))
    pq.write_table(table, tmp_path / "predictions.parquet")
    asked = ["score", tmp_path / "predictions.parquet", "--dataset", tmp_path / "rows.parquet"]
    done = jaxsmith(*asked, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_two_rows_of_one_id_are_named(tmp_path):
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "a.parquet", [row("y"), row("x")])
    write(tmp_path / "data" / "b.parquet", [row("x"), row("z"), row("z")])
    predictions = tmp_path / "predictions.jsonl"
    for name, status in (("x", 1), ("y", 0), ("z", 1)):  # others than those asked about may be
        predictions.write_text(json.dumps({"id": name, "level": "jaxpr", "text": SIN}) + "\n")
        done = jaxsmith("score", predictions, "--dataset", tmp_path)
        assert done.returncode == status, (name, done)
        if status:
            assert len(done.stderr.splitlines()) == 1 and f"the id '{name}'" in done.stderr
            second = f"{tmp_path}/data/b.parquet: row {2 if name == 'z' else 0}"
            assert second in done.stderr, done.stderr


IOTA = """func.func @main(%a: tensor<2xf32>) -> tensor<f32> {
  %0 = stablehlo.iota dim = 0 : tensor<1xf32>
  %1 = stablehlo.reshape %0 : (tensor<1xf32>) -> tensor<f32>
  return %1 : tensor<f32>
}
"""


def test_what_a_terminal_would_obey_is_spelt_out(tmp_path):
    name = "a\x1b[2J\nb\r"
    write(
        tmp_path / "rows.parquet", [row(name, jaxpr="{ \x1b[2J", category="\x1b[31m\n"), row("x")]
    )
    predictions = tmp_path / "predictions.jsonl"
    done = [jaxsmith("check", tmp_path / "rows.parquet")]
    for asked in (name, name + "c"):
        line = {"id": asked, "level": "jaxpr", "text": SIN}
        predictions.write_text(json.dumps(line) + "\n")
        done.append(jaxsmith("score", predictions, "--dataset", tmp_path / "rows.parquet"))
    assert [each.returncode for each in done] == [1, 0, 2], done
    for each in done:
        shown = each.stdout + each.stderr
        assert "\x1b" not in shown and "\\x1b[" in shown, each
    assert "a\\x1b[2J\\nb\\r jaxpr: " in done[0].stdout
    assert len(done[2].stderr.splitlines()) == 1, done[2]


def verdicts_on(rows, predictions, tmp_path, *options):
    write(tmp_path / "rows.parquet", rows)
    lines = [json.dumps({"id": i, "level": level, "text": t}) for i, level, t in predictions]
    (tmp_path / "predictions.jsonl").write_text("".join(line + "\n" for line in lines))
    asked = [tmp_path / "predictions.jsonl", "--dataset", tmp_path / "rows.parquet"]
    out = tmp_path / "verdicts.parquet"
    done = jaxsmith("score", *asked, "--out", out, *options)
    assert done.returncode == 0, done
    return pq.read_table(out).to_pylist()


def test_a_rows_own_text_is_verified_within_the_budget(tmp_path):
    rows = [row("x", jaxpr="", stablehlo=IOTA)]
    (verdict,) = verdicts_on(rows, [("x", "stablehlo", IOTA)], tmp_path, "--steps", "1")
    assert not verdict["gradable"], verdict
    assert "more than the 1 steps allowed" in verdict["reason"], verdict


def test_what_predictions_may_not_be_is_named(tmp_path):
    write(tmp_path / "rows.parquet", [row("x")])
    path = tmp_path / "predictions.parquet"
    asked = ["score", path, "--dataset", tmp_path / "rows.parquet"]
    good = {"id": pa.array(["x"]), "level": pa.array(["jaxpr"]), "text": pa.array([SIN])}
    for name in good:
        for wrong in (pa.array([[SIN]]), pa.array([1]), pa.nulls(1), pa.array([{"a": SIN}])):
            pq.write_table(pa.table({**good, name: wrong}), path)
            done = jaxsmith(*asked)
            assert done.returncode in (1, 2) and name in done.stderr, (name, done)
            assert len(done.stderr.splitlines()) == 1 and str(path) in done.stderr
    twice = pa.table([*good.values(), good["text"]], names=[*good, "text"])
    pq.write_table(twice, path)
    done = jaxsmith(*asked)
    assert done.returncode == 2 and "it has two columns text" in done.stderr, done
    # A text of any bytes is one that does not parse.
    pq.write_table(pa.table({**good, "text": pa.array([b"\xff\xfe{ lambda"])}), path)
    verdicts = tmp_path / "verdicts.parquet"
    done = jaxsmith(*asked, "--out", verdicts)
    assert done.returncode == 0, done.stderr
    (verdict,) = pq.read_table(verdicts).to_pylist()
    assert not verdict["parses"] and verdict["reason"]
