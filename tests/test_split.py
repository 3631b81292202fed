"""`jaxsmith split`: what its splits promise, counted again on the files by Python alone."""

import hashlib
import itertools
import json
import os
import re
import subprocess
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import jaxsmith
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
OPERATIONS = """abs acos acosh asin asinh atan atanh cbrt ceil copy cos cosh digamma erf erfc exp exp2 expm1 floor
lgamma log log1p logistic neg real round rsqrt sign sin sinh sqrt square tan tanh""".split()
OPTIONS = ["--held-out", "0.06", "--share", "0.05"]
SPECIAL = ("test_unseen_ops", "test_longer", "test_unseen_shapes")


def run(*arguments):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)], capture_output=True, text=True, timeout=600
    )


def split(*arguments):
    done = run("split", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(folder):
    files = sorted((folder / "data").glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def contents(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def jaxpr(operations, shape):
    """A chain of unary operations."""
    names = ["".join(pair) for pair in itertools.product("klmnpqrs", "abcdefgh")]
    kind = f"f32[{shape[0]},{shape[1]}]"
    lines = [
        f"    {names[i + 1]}:{kind} = {operation} {names[i]}"
        for i, operation in enumerate(operations)
    ]
    body = "\n".join(lines)
    return f"{{ lambda ; {names[0]}:{kind}. let\n{body}\n  in ({names[len(operations)]},) }}"


def families(count, seed):
    """(family, member, operations, shape): many families are near an earlier one, some equal to it."""
    random, roots = Random(seed), []
    for family in range(count):
        if roots and random.random() < 0.4:
            root = list(random.choice(roots))
            if random.random() < 0.6:
                root[-1] = random.choice(OPERATIONS)
        else:
            root = random.choices(OPERATIONS, k=random.randint(4, 36))
        roots.append(root)
        for member in range(random.randint(1, 3)):
            longer = random.choices(OPERATIONS, k=8) if member == 2 else []
            shape = (random.randint(2, 20), random.randint(2, 20))
            yield f"{seed}-{family}", member, root + longer, shape


def write(folder, base, functions, **manifest):
    """A dataset that looks as if it had been made: the texts are those of made-up functions."""
    rows = []
    for family, member, operations, shape in functions:
        structure = hashlib.md5(" ".join(operations).encode()).hexdigest()
        rows.append(
            base.to_pylist()[0]
            | {"id": f"{family}-{member}", "family": family, "member": member}
            | {"jaxpr": jaxpr(operations, shape), "equations": len(operations)}
            | {"structure": structure, "split": "train", "callable": f"project:f{family}"}
        )
    (folder / "data").mkdir(parents=True)
    for i in range(0, len(rows), 150):
        table = pa.Table.from_pylist(rows[i : i + 150], schema=base.schema)
        pq.write_table(table, folder / "data" / f"train-{i:05}.parquet", row_group_size=64)
    about = {"complete": True, "run": {"seed": 1}, "splits": {"train": len(rows)}} | manifest
    (folder / "manifest.json").write_text(json.dumps(about))
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """One row of a generated dataset: its columns."""
    out = tmp_path_factory.mktemp("base") / "generated"
    done = run("generate", "--count", 6, "--seed", 5, "--redo", 0, "--categories", "math",
               "--workers", 1, "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return pa.concat_tables(map(pq.read_table, sorted((out / "data").glob("*.parquet")))).slice(
        0, 1
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, base):
    return write(tmp_path_factory.mktemp("split") / "dataset", base, families(300, 1))


@pytest.fixture(scope="module")
def captured(tmp_path_factory, base):
    functions = [*families(20, 2), *((f"r{f}", m, o, s) for f, m, o, s in families(12, 1))]
    folder = write(tmp_path_factory.mktemp("split") / "captured", base, functions)
    own = pq.read_table(folder / "data" / "train-00000.parquet").to_pylist()
    own[0]["callable"] = "jax._src.numpy.ufuncs:multiply"
    table = pa.Table.from_pylist(own, schema=base.schema)
    pq.write_table(table, folder / "data" / "train-00000.parquet")
    return folder


def read_back(out, said):
    return {"folder": out, "said": said, "rows": rows_of(out)} | {
        "manifest": json.loads((out / "manifest.json").read_text()),
        "rejects": pq.read_table(out / "rejects.parquet").to_pylist(),
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory, dataset, captured):
    out = tmp_path_factory.mktemp("split") / "made"
    said = split(dataset, "--out", out, "--real", captured, "--rows-per-shard", 40, *OPTIONS)
    return read_back(out, said)


@pytest.fixture(scope="module")
def unthinned(tmp_path_factory, dataset):
    out = tmp_path_factory.mktemp("split") / "unthinned"
    return read_back(out, split(dataset, "--out", out, "--held-out", 0.06))


@pytest.fixture(params=["made", "unthinned"])
def either(request):
    return request.getfixturevalue(request.param)


def of_split(made, name):
    return [row for row in made["rows"] if row["split"] == name]


def operations(row):
    return re.findall(r" = (\w+) \w+", row["jaxpr"])


def pairs(row):
    return set(itertools.pairwise(operations(row)))


def shapes(row):
    return {
        tuple(map(int, sizes.split(","))) for sizes in re.findall(r"f32\[([\d,]+)\]", row["jaxpr"])
    }


def windows(row):
    ops = operations(row)
    return frozenset(tuple(ops[i : i + 5]) for i in range(max(1, len(ops) - 4)))


def index(a, b):
    both = len(a & b)
    return both / (len(a) + len(b) - both)


def near(rows, least):
    """Pairs of rows of different families."""
    sets = [windows(row) for row in rows]
    holders = defaultdict(set)
    for i, each in enumerate(sets):
        for window in each:
            holders[window].add(i)
    candidates = {pair for group in holders.values() for pair in itertools.combinations(group, 2)}
    for i, k in candidates:
        if rows[i]["family"] != rows[k]["family"] and index(sets[i], sets[k]) >= least:
            yield i, k


def groups(count, links):
    """By painting over: which of so many things are linked."""
    colour = list(range(count))
    members = {i: [i] for i in colour}
    for i, k in links:
        a, b = colour[i], colour[k]
        if a == b:
            continue
        for each in members[b]:
            colour[each] = a
        members[a] += members.pop(b)
    return list(members.values())


def test_every_row_is_there_unchanged_or_left_out_for_a_reason(dataset, captured, made):
    before = {row["id"]: row for row in [*rows_of(dataset), *rows_of(captured)]}
    kept, left = made["rows"], made["rejects"]
    assert sorted(before) == sorted(row["id"] for row in [*kept, *left])
    for row in kept:
        assert row | {"split": ""} == before[row["id"]] | {"split": ""}
    for row in left:
        assert row["source"] == before[row["id"]]["source"] and row["stage"] == "split"
    reasons = {"near duplicate", "near real", "held out", "not written"}
    assert {row["reason"] for row in left} == reasons


def test_files_hold_the_split_that_they_are_called_after(made):
    listed = {file["path"] for file in made["manifest"]["files"]}
    there = sorted((made["folder"] / "data").glob("*.parquet"))
    assert listed == {f"data/{file.name}" for file in there} | {"rejects.parquet"}
    for file in there:
        table = pq.read_table(file)
        assert 0 < len(table) <= 40
        assert set(table["split"].to_pylist()) == {file.name.rsplit("-", 3)[0]}
    counts = Counter(row["split"] for row in made["rows"])
    assert {k: n for k, n in made["manifest"]["splits"].items() if n} == counts
    assert {*SPECIAL, "train", "test_real"} <= set(counts)
    assert counts["train"] > len(made["rows"]) / 2


def test_clusters_do_not_straddle(either):
    rows = [row for row in either["rows"] if row["split"] != "test_real"]
    links = list(near(rows, 0.8))
    assert len(links) > 20
    for key in ("family", "structure"):
        first = {}
        links += [(first.setdefault(row[key], i), i) for i, row in enumerate(rows)]
    for group in groups(len(rows), links):
        assert len({rows[i]["split"] for i in group}) == 1


def test_training_lacks_the_pairs_and_knows_their_operations(either):
    train = of_split(either, "train")
    seen = set().union(*map(pairs, train))
    known = set().union(*(set(operations(row)) for row in train))
    held_out = {tuple(pair) for pair in either["manifest"]["held_out"]["pairs"]}
    assert held_out and not held_out & seen
    assert all(op in known for pair in held_out for op in pair)
    found = of_split(either, "test_unseen_ops")
    assert found and all(pairs(row) & held_out for row in found)


def test_longer_rows_are_longer_than_all_of_training(either):
    longest = max(row["equations"] for row in of_split(either, "train"))
    assert either["manifest"]["held_out"]["longest"] == longest
    found = of_split(either, "test_longer")
    assert found and all(row["equations"] > longest for row in found)


def test_unseen_shapes_are_unseen(either):
    seen = set().union(*map(shapes, of_split(either, "train")))
    held_out = {tuple(shape) for shape in either["manifest"]["held_out"]["shapes"]}
    assert held_out and not held_out & seen
    found = of_split(either, "test_unseen_shapes")
    assert found and all(shapes(row) & held_out for row in found)


def test_nothing_else_is_near_a_real_row(made, captured):
    real = of_split(made, "test_real")
    written = [row for row in rows_of(captured) if not row["callable"].startswith("jax._src")]
    assert {row["id"] for row in real} == {row["id"] for row in written}
    sets = [windows(row) for row in real]
    for row in made["rows"]:
        if row["split"] != "test_real":
            assert all(index(windows(row), each) < 0.8 for each in sets)


def near_duplicates(rows):
    """What there is in groups of near rows besides the rows of one family."""
    found = 0
    for group in groups(len(rows), near(rows, 0.8)):
        families = Counter(rows[i]["family"] for i in group)
        found += len(group) - max(families.values())
    return found / len(rows)


def test_large_clusters_train(unthinned):
    rows = unthinned["rows"]
    links, first = list(near(rows, 0.8)), {}
    links += [(first.setdefault(row["family"], i), i) for i, row in enumerate(rows)]
    large = [group for group in groups(len(rows), links) if len(group) > 10]
    assert large and all(rows[i]["split"] == "train" for group in large for i in group)
    assert unthinned["manifest"]["clusters"]["largest"] >= max(map(len, large))


def test_near_duplicates_are_thinned_to_their_share(dataset, made):
    before = {row["id"]: row for row in rows_of(dataset)}
    kept = [row["id"] for row in made["rows"] if row["id"] in before]
    kept += [row["id"] for row in made["rejects"] if row["reason"] == "held out"]
    assert near_duplicates(list(before.values())) > 0.1
    # Not fewer than asked for, either: a group may fall apart, which takes a little.
    assert 0.02 < near_duplicates([before[name] for name in kept]) <= 0.05


def test_what_leaks_is_what_python_counts(made):
    train = [windows(row) for row in of_split(made, "train")]
    structures = {row["structure"] for row in of_split(made, "train")}
    card = (made["folder"] / "README.md").read_text()
    found = made["manifest"]["leakage"]
    assert set(found) == {*SPECIAL, "validation", "test", "test_real"}
    for name, figures in found.items():
        rows = of_split(made, name)
        nearest = [max((index(windows(row), each) for each in train), default=0) for row in rows]
        counts = [sum(n >= least for n in nearest) for least in (0.5, 0.8, 0.9)]
        same = sum(row["structure"] in structures for row in rows)
        assert list(figures.values()) == [len(rows), *counts, same]
        assert counts[1:] == [0, 0] and same == 0
        share = f"{100 * counts[0] / len(rows) if rows else 0:.1f}"
        assert f"| {name} | {len(rows)} | {counts[0]} ({share} %) |" in card
        assert re.search(rf"{name} +{len(rows)} +{counts[0]} +0 +0 +0\n", made["said"])
    assert any(figures["neighbour in train, 0.5"] for figures in found.values())


def test_the_same_dataset_gives_the_same_bytes(dataset, captured, made, tmp_path):
    out = tmp_path / "again"
    split(dataset, "--out", out, "--real", captured, "--rows-per-shard", 40, *OPTIONS,
          "--workers", 1)  # fmt: skip
    assert contents(out) == contents(made["folder"])


def test_an_interrupted_run_is_resumed(dataset, captured, made, tmp_path):
    out = tmp_path / "killed"
    arguments = [dataset, "--out", out, "--real", captured, "--rows-per-shard", 40, *OPTIONS]
    process = subprocess.Popen([JAXSMITH, "split", *map(str, arguments)], stdout=subprocess.DEVNULL)
    while not (out / ".jaxsmith" / "run.json").exists() and process.poll() is None:
        pass
    process.kill()
    process.wait()
    if not (out / "manifest.json").exists():
        refused = run("split", *arguments)
        assert refused.returncode == 2 and "--resume" in refused.stderr
        other = run("split", *arguments, "--neighbours", 0.9, "--resume")
        assert other.returncode == 2 and "another run" in other.stderr
    split(*arguments, "--resume")
    assert contents(out) == contents(made["folder"])
    assert split(*arguments, "--resume") == ""  # nothing is left to do


def test_the_package_loads_the_splits_that_there_are(made):
    for name in (*SPECIAL, "train", "test_real"):
        assert len(jaxsmith.load(made["folder"], split=name)) == len(of_split(made, name))
    assert len(jaxsmith.load(made["folder"])) == len(made["rows"])
    with pytest.raises(jaxsmith.JaxsmithError, match="test_longer"):
        jaxsmith.load(made["folder"], split="longer")


def test_a_split_dataset_is_read_by_the_other_commands(made):
    done = run("stats", made["folder"], "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"]["rows"] == len(made["rows"]) and found["rows"]["unread"] == 0
    assert found["rows of other splits with a neighbour in train"]["0.8 and more"] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--neighbours", "0.3"], "--neighbours 0.3: give an index from 0.5 to 1"),
        (["--share", "2"], "--share 2: give a share from 0 to 1"),
        (["--held-out", "0.5"], "--held-out 0.5: give a share from 0 to 0.2"),
        (["--real", "nowhere"], "nowhere: there is no dataset in it"),
    ],
)
def test_what_makes_no_sense_is_said_before_any_work(dataset, tmp_path, arguments, says):
    done = run("split", dataset, "--out", tmp_path / "out", *arguments)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_only_whole_datasets_are_split_and_nothing_stays_behind(base, dataset, tmp_path):
    unfinished = write(tmp_path / "unfinished", base, families(3, 1), complete=False)
    done = run("split", unfinished, "--out", tmp_path / "out")
    assert done.returncode == 2 and "not finished" in done.stderr
    older = write(tmp_path / "older", base, families(3, 1))
    file = older / "data" / "train-00000.parquet"
    whole = pq.read_table(file)
    pq.write_table(whole.drop_columns(["signature"]), file)
    done = run("split", older, "--out", tmp_path / "out")
    assert done.returncode == 2 and "no column signature" in done.stderr
    bad = whole.set_column(
        whole.schema.get_field_index("id"), "id", pa.nulls(len(whole), pa.string())
    )
    pq.write_table(bad, file)
    done = run("split", older, "--out", tmp_path / "out")
    assert done.returncode == 1 and "train-00000.parquet: row 0" in done.stderr
    assert not (tmp_path / "out").exists()
    done = run("split", dataset, "--out", dataset)
    assert done.returncode == 2 and "it holds a dataset" in done.stderr
