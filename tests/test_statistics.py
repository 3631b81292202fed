"""`jaxsmith coverage` and `jaxsmith stats`: figures of small datasets that can be counted by hand, and of
a generated one that Python counts again."""

import ast
import json
import math
import os
import struct
import subprocess
from collections import Counter
from pathlib import Path
from random import Random

import dataset_rows
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from source_names import names_in

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))

SOURCE = '''\
import jax.numpy as jnp
from jax import lax as low, nn
from jax.numpy.linalg import norm


def f(x, nn=None):
    """Return `a` (2,) of `x`."""
    # The norm is above zero.
    bounded = jnp.clip(x, 0.5, 2.0)

    def inner(y):
        return y + 0.7 * y

    return low.cond(norm(x) > 1, inner, jnp.sin, bounded + 0.7).sum()
'''
LOOP = """{ lambda ; a:f32[2] b:i32[20]. let
    c:f32[] = reduce_sum[axes=(0,)] a
    d:f32[2] = jit[
      name=g
      jaxpr={ lambda ; a:f32[2] c:f32[]. let d:f32[2] = mul a c in (d,) }
    ] a c
    e:i32[] f:f32[2] = scan[
      jaxpr={ lambda ; g:i32[] h:f32[2]. let
          i:i32[] = add g 1:i32[]
          j:f32[2] = cond[
            branches=(
              { lambda ; k:f32[2]. let l:f32[2] = sin k in (l,) }
              { lambda ; m:f32[2]. let  in (m,) }
            )
          ] g h
        in (i, j) }
      length=4
    ] 0:i32[] d
  in (f, b) }"""


def jaxsmith(*arguments):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)], capture_output=True, text=True, timeout=600
    )


def answer(*arguments):
    done = jaxsmith(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def write(folder, rows):
    """Rows with the columns that describe a function, too."""
    counts = pa.list_(pa.struct([("op", pa.string()), ("count", pa.int64())]))
    more = [(name, pa.string()) for name in ("source", "family", "transformation", "split")]
    fields = [*dataset_rows.schema(), *map(pa.field, *zip(*more, strict=True))]
    fields += [pa.field("member", pa.int64()), pa.field("op_counts_stablehlo", counts)]
    folder.mkdir()
    table = pa.Table.from_pylist(rows, schema=pa.schema(fields))
    pq.write_table(table, folder / "train.parquet")
    return folder


def described(name, **changed):
    about = {"source": SOURCE, "family": name, "transformation": "grad", "split": "train"}
    counts = [{"op": "stablehlo.sine", "count": 3}]
    return dataset_rows.row(name, **about, member=0, op_counts_stablehlo=counts) | changed


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("statistics") / "small"
    numbers = [dataset_rows.array("f32", [4], struct.pack("<4f", *each)) for each in
               [(1, 2, 3, 4), (-1, -2, -3, -4), (5, 5, 5, 5), (7, 7, 8, 9)]]  # fmt: skip
    return write(
        folder,
        [
            described("a", category="loop", jaxpr=LOOP),
            described("b", category="loop", inputs=numbers[:1], outputs=numbers[1:2]),
            described("c", inputs=numbers[:1], outputs=numbers[2:3], split="test"),
            described("d", inputs=numbers[:1], outputs=numbers[3:], jaxpr="{ lambda ; nothing"),
        ],
    )


def test_coverage_counts_names_operations_and_types(small):
    found = answer("coverage", small)
    assert found["rows"] == 4 and found["unread"] == 1
    functions = found["functions"]
    assert functions["jax.numpy"]["met"] == {"clip": 4, "sin": 4}
    assert functions["jax.lax"]["met"] == functions["jax.lax"]["rare"] == {"cond": 4}
    assert functions["jax.numpy.linalg"]["met"] == {"norm": 4}
    assert functions["jax.nn"]["met"] == {} and "relu" in functions["jax.nn"]["never"]
    assert "split" in functions["jax.random"]["never"] and functions["jax.scipy.stats"]["never"]
    assert "grad" in functions["jax"]["never"] and "custom_vjp" in functions["jax"]["never"]
    assert found["all_functions"]["met"] == 4 and found["all_functions"]["exist"] > 800
    assert found["methods"] == {"sum": {"times": 4, "rows": 4}}
    assert found["operations"]["stablehlo"] == {"stablehlo.sine": {"times": 12, "rows": 4}}
    # Counted in the text, since there is no column for it.
    assert found["operations"]["jaxpr"]["sin"] == {"times": 3, "rows": 3}
    assert found["operations"]["jaxpr"]["scan"] == {"times": 1, "rows": 1}
    assert found["dtypes"] == {"f32": {"times": 7, "rows": 3}, "i32": {"times": 2, "rows": 1}}
    assert found["ranks"]["0"] == {"times": 3, "rows": 1} and "bf16" in found["dtypes_never"]
    assert found["transformations"] == {"grad": {"times": 4, "rows": 4}}
    assert {k: v["rows"] for k, v in found["nesting"].items()} == {"0": 2, "2": 1}


# Counts of an operation are added up where a row has several.
@pytest.mark.parametrize(
    ("numbers", "read"), [([1, 2], True), ([-1], False), ([2**63 - 1, 1], False)]
)
def test_counts_that_cannot_be_are_their_rows_error(numbers, read, tmp_path):
    counts = [{"op": "stablehlo.sine", "count": n} for n in numbers]
    folder = write(tmp_path / "rows", [described("a"), described("b", op_counts_stablehlo=counts)])
    found = answer("coverage", folder)
    assert (found["rows"], found["unread"]) == (2, 0 if read else 1)
    sines = found["operations"]["stablehlo"]["stablehlo.sine"]
    assert sines == {"times": 6 if read else 3, "rows": 2 if read else 1}


def test_coverage_is_a_table_for_people(small):
    done = jaxsmith("coverage", small, "--few", 2)
    assert done.returncode == 0, done.stderr
    assert "jax.random never: PRNGKey" in done.stdout
    assert "fewer than 2: add 1, cond 1, jit 1, mul 1, reduce_sum 1, scan 1" in done.stdout
    assert all(len(line) <= 101 for line in done.stdout.splitlines())


def test_a_python_without_jax_is_named(small, tmp_path):
    done = jaxsmith("coverage", small, "--python", tmp_path / "none")
    assert done.returncode == 2 and "--python" in done.stderr and done.stdout == ""


def test_figures_of_a_dataset_that_can_be_counted_by_hand(small):
    found = answer("stats", small)
    assert found["rows"] == {"rows": 4, "unread": 1, "families": 4, "categories": 2}
    assert found["sizes"]["operations, 95 %"] == pytest.approx(5.5)  # 6, 1 and 1
    assert found["nesting of control flow"]["2"] == pytest.approx(1 / 3)
    values = found["values of jaxprs"]
    assert [values[k] for k in ("of rank 0", "integers")] == pytest.approx([3 / 9, 2 / 9])
    assert values["axes over 16"] == 0
    assert found["glue"] == {"of elementwise operations": 1, "rows": pytest.approx(1 / 3)}
    assert set(found["guards, rows"].values()) == {1}
    outputs = list(found["outputs, rows"].values())
    assert outputs == pytest.approx([3, 1 / 3, 2 / 3, 1 / 3])  # large, constant, half, negated
    assert found["category fidelity"] == {"loop, jaxpr": 0.5, "loop, source": 0}
    sources = found["sources, one row a family"]
    assert sources["distinct identifiers"] == 13
    assert sources["functions with a docstring"] == 0.5 and sources["docstrings' patterns"] == 1
    assert found["sources"]["rows with a comment"] == 1
    near = found["rows with a neighbour in another family"]
    assert [near["equal"], near["clusters at 0.8"]] == pytest.approx([2 / 3, 2])
    assert found["rows of other splits with a neighbour in train"]["0.8 and more"] == 1
    assert found["tokens, at 3 bytes each"]["jaxpr, 95 %"] > 100


def test_docstrings_of_one_pattern_are_one(tmp_path):
    texts = ["Return `a` (2,) of `x`.", "Return `b` of `x`, `y` (3, 4) and `z`.", "Add `x`."]
    rows = [
        described(str(i), source=f'def f(x):\n    """{text}\n\n    More."""\n    return x\n')
        for i, text in enumerate(texts)
    ]
    found = answer("stats", write(tmp_path / "d", rows))["sources, one row a family"]
    assert found["docstrings' first lines"] == 3 and found["docstrings' patterns"] == 2


DIVERGENCES = [
    kind + of
    for kind in ("operations", "pairs of definition and use", "element types", "ranks")
    for of in ("", ", floor", ", rows weighing the same", ", rows weighing the same, floor")
]


def test_divergence_is_jensen_and_shannon_s(small, tmp_path):
    other = write(tmp_path / "sines", [described(f"r{i}") for i in range(8)])
    assert answer("stats", other, "--against", other)["distances"][
        "divergence of jaxprs, bits"
    ] == pytest.approx(dict.fromkeys(DIVERGENCES, 0))
    found = answer("stats", small, "--against", other)["distances"]["divergence of jaxprs, bits"]
    # sin is three of eight operations there and all of them here; every pair here is of two there.
    p, m = 3 / 8, (3 / 8 + 1) / 2
    operations = (p * math.log2(p / m) + 5 / 8 + math.log2(1 / m)) / 2
    assert found["operations"] == pytest.approx(operations)
    table = jaxsmith("stats", small, "--against", other).stdout
    assert f"{operations:.4g}" in table


def near_duplicates(functions, at_least):
    """How many of (family, operations) share so much with one of another family."""
    sets = [
        (family, {tuple(ops[i : i + 5]) for i in range(max(1, len(ops) - 4))})
        for family, ops in functions
    ]
    return sum(
        any(f != g and len(a & b) >= at_least * len(a | b) for g, b in sets) for f, a in sets
    )


def test_near_duplicates_are_all_that_there_are(tmp_path):
    random = Random(3)
    functions = []
    for family in range(150):
        root = [random.choice(["sin", "cos", "tan", "exp"]) for _ in range(30)]
        for _ in range(2):  # of the root itself a few operations differ
            changed = [
                random.choice(["abs", "neg"]) if random.random() < 0.01 else op for op in root
            ]
            functions.append((str(family // 2 if random.random() < 0.1 else family), changed))
    rows = []
    for i, (family, ops) in enumerate(functions):
        lines = "\n".join(
            f"    v{'abcdefghij'[k % 10]}:f32[2] = {op} a" for k, op in enumerate(ops)
        )
        text = f"{{ lambda ; a:f32[2]. let\n{lines}\n  in (a,) }}"
        rows.append(described(str(i), family=family, jaxpr=text))
    found = answer("stats", write(tmp_path / "near", rows))
    near = found["rows with a neighbour in another family"]
    assert found["rows"]["unread"] == 0
    for name, least in (("0.8 and more", 0.8), ("0.9 and more", 0.9), ("equal", 1)):
        assert round(near[name] * len(rows)) == near_duplicates(functions, least), name
    assert near["0.8 and more"] > 0


def rows_of(dataset):
    files = sorted((dataset / "data").glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_a_generated_dataset_is_counted_as_python_does(generated):
    rows, found = rows_of(generated), answer("coverage", generated)
    assert found["rows"] == len(rows) == 80 and found["unread"] == 0
    names = Counter(name for row in rows for name in names_in(row["source"]))
    for namespace, functions in found["functions"].items():
        expected = {
            name: names[f"{namespace}.{name}"]
            for name in [*functions["met"], *functions["never"]]
            if f"{namespace}.{name}" in names
        }
        assert functions["met"] == expected
    for level in dataset_rows.LEVELS:
        counts = Counter()
        for row in rows:
            counts.update({c["op"]: c["count"] for c in row[f"op_counts_{level}"]})
        assert {k: v["times"] for k, v in found["operations"][level].items()} == dict(counts)


def test_a_generated_dataset_is_measured_as_python_does(generated):
    rows, found = rows_of(generated), answer("stats", generated)
    roots = {}
    for row in sorted(rows, key=lambda row: -row["member"]):
        roots[row["family"]] = row["source"]
    words, documented = set(), 0
    for source in roots.values():
        tree = ast.parse(source)
        blocks = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        for node in (n for block in blocks for n in ast.walk(block)):
            documented += isinstance(node, ast.FunctionDef) and bool(ast.get_docstring(node))
            for field in ("id", "attr", "arg", "name", "module"):
                word = getattr(node, field, None)
                words |= {word} if isinstance(word, str) else set()
    sources = found["sources, one row a family"]
    assert sources["distinct identifiers"] == len(words)
    assert found["rows"]["families"] == len(roots)
    assert sources["functions with a docstring"] > 0 or documented == 0
    equations = sorted(row["equations"] for row in rows)
    half = len(equations) // 2
    median = found["sizes"]["equations, median"]
    assert equations[half - 1] <= median <= equations[half]
