"""`jaxsmith generate` from end to end: what it writes, and that nothing but its options decides that."""

import ast
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from jaxlib import _hlo
from jaxsmith.worker import merged

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
COUNT = 150
# What is looked at here is the run, again and again: large programs would be most of its time.
ARGUMENTS = ["--count", str(COUNT), "--seed", "11", "--redo", "10", "--size", "medium"]
CATEGORIES = 10


def jaxsmith(*arguments, timeout=600, **environment):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=dict(os.environ, **environment),
    )


def start(out, *arguments):
    command = [JAXSMITH, "generate", *ARGUMENTS, "--out", str(out), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def children(pid):
    """Process ids of the direct children of a process."""
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in file.read_text().split()]
        except OSError:  # the thread has ended
            continue
    return found


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def segments(out):
    """What a run has done so far: the segments of its journal that are whole. COUNT rows are four."""
    return list(out.rglob("segment-*.parquet"))


def wait_until(process, event):
    """Waits for an event of a run that goes on; fails where the run ends before."""
    while not event():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    assert process.poll() is None, "the run ended before it was to be disturbed"


def wait_for_segments(process, out, number):
    wait_until(process, lambda: len(segments(out)) >= number)


def wait_for_workers(process, number=1):
    """Gives their process ids."""
    wait_until(process, lambda: len(children(process.pid)) >= number)
    return children(process.pid)


def rows_in(segments):
    return sum(pq.ParquetFile(path).metadata.num_rows for path in segments)


def rows_of(folder):
    return [
        row
        for path in sorted(folder.glob("data/*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def assert_same(folder, reference):
    found, expected = digests(folder), digests(reference)
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """What one worker makes without disturbance: what all others are compared with."""
    out = tmp_path_factory.mktemp("reference") / "dataset"
    done = jaxsmith("generate", *ARGUMENTS, "--out", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    return out, done


@pytest.fixture(scope="session")
def rows(dataset):
    return rows_of(dataset[0])


def test_it_is_laid_out_as_hugging_face_expects(dataset):
    names = set(digests(dataset[0]))
    assert {"README.md", "manifest.json", "rejects.parquet"} <= names
    data = [name for name in names if name.startswith("data/")]
    assert {
        re.match(r"data/(train|validation|test)-\d{5}-of-\d{5}\.parquet$", n)[1] for n in data
    } >= {"train"}
    assert names - set(data) == {"README.md", "manifest.json", "rejects.parquet"}


def test_it_holds_as_many_different_rows_as_asked_for(rows):
    assert len(rows) == COUNT
    assert len({row["id"] for row in rows}) == COUNT
    assert len({row["signature"] for row in rows}) == COUNT


def test_every_category_has_its_share(rows):
    counts = Counter(row["category"] for row in rows)
    assert len(counts) == CATEGORIES
    assert min(counts.values()) >= 0.04 * COUNT  # of so few rows; of 10,000 it is 0.08


def test_splits_share_no_family_and_no_structure(rows):
    for column in ("family", "structure"):
        sides = {}
        for row in rows:
            assert sides.setdefault(row[column], row["split"]) == row["split"]


def test_rows_say_where_they_stand(dataset):
    for path in dataset[0].glob("data/*.parquet"):
        assert {row["split"] for row in pq.read_table(path, columns=["split"]).to_pylist()} == {
            path.name.split("-")[0]
        }


def test_the_manifest_says_what_it_was_made_of(dataset):
    manifest = json.loads((dataset[0] / "manifest.json").read_text())
    text = json.dumps(manifest)
    assert manifest["run"]["options"]["count"] == COUNT
    assert manifest["run"]["options"]["seed"] == 11
    assert "0.10.2" in text
    assert str(dataset[0]) not in text and "workers" not in manifest["run"]["options"]


def test_rows_name_the_options_that_outputs_depend_on(rows):
    for row in rows:
        options = json.loads(row["options"])
        assert "--xla_cpu_max_isa" in options["xla_flags"]
        # Functions over several devices are run by the plain route, at the default options.
        found = options.get("outputs_compiled_with")
        assert found == (merged.RUN_OPTIONS if row["devices"] == 1 else None)


def test_nothing_tells_of_the_machine(rows):
    for row in rows:
        for level in ("source", "jaxpr", "stablehlo", "hlo", "hlo_optimized"):
            assert row[level]
            assert str(ROOT) not in row[level]
            assert not re.search(r"0x[0-9a-f]{9,}", row[level]), row["id"]


def test_sources_are_as_formatter_and_linter_want_them(rows, tmp_path):
    for row in rows:
        (tmp_path / f"f{row['id'].replace('-', '_')}.py").write_text(row["source"])
    ruff = [sys.executable, "-m", "ruff"]
    for arguments in (["check", "--select", "F,E7,E9"], ["format", "--check"]):
        done = subprocess.run(
            [*ruff, *arguments, "--isolated", "--quiet", tmp_path], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-3000:]


def test_jax_alone_derives_the_same_rows(dataset):
    command = [sys.executable, ROOT / "tests" / "replay.py", dataset[0], "--rows", "60"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_counts_are_those_that_the_official_parsers_give(rows):
    checked = Counter()
    for row in rows:
        for level in ("hlo", "hlo_optimized"):
            module = _hlo.hlo_module_from_text(row[level])
            lines = [i.to_string() for c in module.computations() for i in c.instructions()]
            opcodes = Counter(re.search(r"[\]})] ([a-z][a-z0-9-]*)\(", line)[1] for line in lines)
            assert {c["op"]: c["count"] for c in row[f"op_counts_{level}"]} == dict(opcodes)
            checked += opcodes
    assert len(checked) > 50


# Lines that end an operation or stand for a part of one.
NO_OPERATION = {
    "stablehlo": re.compile(r" *(\}|\^bb|cond \{|func\.func |module |$)| +reducer\("),
    "jaxpr": re.compile(r"(?! *(([a-z]\w*|_):\S+ )+= )"),
}
REASONS = {
    "jaxpr": r"JAX's own function, traced once.*|JAX prints it as a parameter of an equation.*",
    "stablehlo": r"it comes from outside of the source text|JAX gives no location for it",
    "hlo": r"it comes from outside of the source text|XLA (made it|gives no location for an? [a-z-]+)",
    "hlo_optimized": r"it comes from outside of the source text|XLA (made it|gives no location for an? [a-z-]+)",
}


@pytest.mark.parametrize("level", REASONS)
def test_every_operation_points_at_its_source_or_says_why_not(rows, level):
    known, all_spans, of_jax = 0, 0, 0
    for row in rows:
        lines, source = row[level].split("\n"), row["source"].split("\n")
        spans = row["spans_" + level]
        all_spans += len(spans)
        for span in spans:
            assert 1 <= span["line"] <= len(lines)
            if span["kind"] == "none":
                assert not span["sources"] and re.fullmatch(REASONS[level], span["reason"])
                # A distribution or a minimiser has hundreds of such equations, whoever calls it.
                of_jax += span["reason"].startswith("JAX's own function")
                continue
            known += 1
            assert span["reason"] == "" and len(span["sources"]) >= 1
            assert (len(span["sources"]) == 1) or span["kind"] == "merged"
            for place in span["sources"]:
                assert 1 <= place["line"] <= place["end_line"] <= len(source)
                first = source[place["line"] - 1][place["column"] :]
                assert first.strip() and not first.lstrip().startswith(("#", "import ", "from "))
        if level in NO_OPERATION:
            spanned = {span["line"] for span in spans}
            missing = [
                line
                for number, line in enumerate(lines, 1)
                if number not in spanned and not NO_OPERATION[level].match(line)
            ]
            assert missing == [], row[level]
        else:
            assert len(spans) == sum(each["count"] for each in row["op_counts_" + level])
    # The rest are mostly parameters and constants.
    least = {"jaxpr": 0.98, "stablehlo": 0.85}.get(level, 0.6)
    assert known / (all_spans - of_jax) > least and of_jax < 0.25 * all_spans


OPERATORS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply"}
# Derivatives of a product add, and so on.
DERIVATIVES = re.compile(r"grad|jac|hessian|jvp|vjp|linear|custom|implicit|checkpoint|remat")


@pytest.mark.parametrize("level", ["stablehlo", "hlo", "hlo_optimized"])
def test_an_exact_place_is_that_of_the_operation(rows, level):
    """`a * b` and `a * b + c` begin together."""
    right, wrong = 0, []
    for row in rows:
        if row["transformation"] != "forward" or DERIVATIVES.search(row["source"]):
            continue
        lines, operators = row[level].split("\n"), {}
        for node in ast.walk(ast.parse(row["source"])):
            if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
                place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
                operators[place] = OPERATORS[type(node.op)]
        for span in row["spans_" + level]:
            line = lines[span["line"] - 1]
            found = re.search(r"(?:stablehlo\.| )(add|subtract|multiply)[( ]", line)
            if span["kind"] != "exact" or not found:
                continue
            place = span["sources"][0]
            written = operators.get(
                (place["line"], place["column"], place["end_line"], place["end_column"])
            )
            # XLA adds the negative of a constant.
            negated = (level, written, found[1]) == ("hlo_optimized", "subtract", "add")
            if written == found[1] or negated:
                right += 1
            elif written is not None:
                wrong.append((row["id"], line.strip(), place))
    assert wrong == [] and right > 100, (right, wrong[:5])


def test_the_summary_has_a_line_for_each_category(dataset, rows):
    for category, count in Counter(row["category"] for row in rows).items():
        assert re.search(rf"^{category}\s+{count}\s", dataset[1].stdout, re.MULTILINE), dataset[
            1
        ].stdout
    assert re.search(rf"^all\s+{COUNT}\s", dataset[1].stdout, re.MULTILINE)


def test_two_workers_give_the_same_bytes(dataset, tmp_path):
    done = jaxsmith("generate", *ARGUMENTS, "--out", tmp_path / "d", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert_same(tmp_path / "d", dataset[0])


@pytest.mark.parametrize("kills", [(0, 1, 0, 1), (1, 0, 1, 0)])
def test_killed_again_and_again_it_gives_the_same_bytes(dataset, tmp_path, kills):
    """Each time when it has written so many segments more; 0: when its workers start."""
    out = tmp_path / "d"
    for more in kills:
        before = len(segments(out))
        process = start(out, "--workers", 2, "--flush", 0, "--resume")
        wait_for_workers(process)
        wait_for_segments(process, out, before + more)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert len(segments(out)) >= before + more
        assert not (out / "data").exists()
    assert 0 < rows_in(segments(out)) < COUNT
    done = jaxsmith("generate", *ARGUMENTS, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    assert_same(out, dataset[0])


def test_killed_workers_cost_nothing(dataset, tmp_path):
    """One is killed at the start, one after each of two segments: rows are done and rows missing."""
    out = tmp_path / "d"
    process = start(out, "--workers", 2, "--flush", 0)
    killed = set()
    for number in range(3):
        wait_for_segments(process, out, number)
        worker = max(wait_for_workers(process, 2))
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)
        assert process.poll() is None and rows_in(segments(out)) < COUNT
        wait_until(process, lambda: not killed & set(children(process.pid)))
    assert len(killed) == 3
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert_same(out, dataset[0])


def test_workers_end_with_their_supervisor(tmp_path):
    process = start(tmp_path / "d", "--flush", 0)
    wait_for_segments(process, tmp_path / "d", 1)
    workers = wait_for_workers(process)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while any(
        Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()
        for pid in workers
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_workers_start_it_ends_and_leaves_nothing(tmp_path, number):
    """A worker that never says that it is there: whoever waits for it is heard."""
    (tmp_path / "python").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "python").chmod(0o755)
    command = [JAXSMITH, "generate", *ARGUMENTS, "--out", str(tmp_path / "d"), "--workers", "2"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, JAXSMITH_PYTHON=str(tmp_path / "python")),
    )
    workers = wait_for_workers(process, 2)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)  # a worker has two minutes to start
    assert process.returncode in (1, 130), errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not list((tmp_path / "d").rglob("*")), errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_a_dataset_that_can_go_on(dataset, tmp_path, number):
    out = tmp_path / "d"
    process = start(out, "--workers", 1, "--flush", 0)
    wait_for_segments(process, out, 1)
    process.send_signal(number)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    some = rows_of(out)
    assert 0 < len(some) < COUNT
    assert f"interrupted: {len(some)} of {COUNT}" in printed
    done = jaxsmith("generate", *ARGUMENTS, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    assert_same(out, dataset[0])


def test_what_is_done_is_not_done_again(dataset):
    before = digests(dataset[0])
    done = jaxsmith("generate", *ARGUMENTS, "--out", dataset[0], "--resume")
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    assert digests(dataset[0]) == before


def test_a_folder_with_something_else_is_left_alone(dataset, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    before = digests(dataset[0])
    for out, more in (
        (tmp_path, []),
        (dataset[0], []),
        (dataset[0], ["--resume", "--count", str(COUNT + 1)]),
        (dataset[0], ["--resume", "--seed", "12"]),
        (tmp_path / "letter.txt", []),
    ):
        arguments = [
            a for a in ARGUMENTS if not more or a not in ("--count", "--seed", str(COUNT), "11")
        ]
        done = jaxsmith("generate", *arguments, "--out", out, *more)
        assert done.returncode == 2, (out, more, done.stdout, done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert digests(dataset[0]) == before
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say what to do"),
        (["genrate"], "did you mean 'generate'"),
        (["generate"], "--out is missing"),
        (["generate", "--count", "0"], "--count 0"),
        (["generate", "--count", "many"], "'many' is not a whole number"),
        (["generate", "--categories", "loops"], "did you mean 'loop'"),
        (["generate", "--dtypes", "f33"], "did you mean 'f32'"),
        (["generate", "--levels", "llvm"], "there is no level 'llvm'"),
        (["generate", "--max-rank", "9"], "ranks go from 0 to 4"),
        (["generate", "--cuont", "9"], "did you mean '--count'"),
        (["generate", "--config", "missing.toml"], "missing.toml"),
        (["generate", "surplus"], "surplus"),
    ],
)
def test_misuse_gets_one_line(arguments, says, tmp_path):
    out = ["--out", tmp_path / "d"] if arguments[1:] else []
    done = jaxsmith(*arguments, *out)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_configuration_file_says_the_same_as_flags(tmp_path):
    (tmp_path / "c.toml").write_text('count = 0\ncategories = ["loop", "math"]\n')
    done = jaxsmith("generate", "--config", tmp_path / "c.toml", "--out", tmp_path / "d")
    assert "--count 0" in done.stderr
    (tmp_path / "c.toml").write_text("cuont = 3\n")
    done = jaxsmith("generate", "--config", tmp_path / "c.toml", "--out", tmp_path / "d")
    assert "did you mean 'count'" in done.stderr
    assert done.returncode == 2


def test_a_missing_jax_is_named(tmp_path):
    (tmp_path / "python").write_text("#!/bin/sh\nexec " + sys.executable + ' -S "$@"\n')
    (tmp_path / "python").chmod(0o755)
    # Where another Python is to be named it is a misuse.
    for python, status in (
        (tmp_path / "python", 2),
        (tmp_path / "no-such-python", 2),
        ("/bin/false", 1),
    ):
        done = jaxsmith("generate", "--out", tmp_path / "d", JAXSMITH_PYTHON=str(python))
        assert done.returncode == status, (python, done.stderr)
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert not (tmp_path / "d").exists()


def test_a_disk_that_takes_no_more_is_named_and_the_run_can_go_on(dataset, tmp_path):
    def limit_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))

    out = tmp_path / "d"
    command = [JAXSMITH, "generate", *ARGUMENTS, "--out", str(out), "--flush", "0"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit_files)
    assert done.returncode == 1
    complaints = [
        line for line in done.stderr.splitlines() if line.startswith("jaxsmith generate:")
    ]
    assert len(complaints) == 1 and "File too large" in complaints[0], done.stderr
    assert not (out / "data").exists()  # it met the run in the middle
    done = jaxsmith("generate", *ARGUMENTS, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    assert_same(out, dataset[0])


def test_help_and_version():
    for arguments in (["--help"], ["generate", "--help"], ["--version"]):
        done = jaxsmith(*arguments)
        assert done.returncode == 0 and done.stdout and not done.stderr
