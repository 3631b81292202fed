"""`jaxsmith capture` and `jaxsmith.capture`: the program is what it would be without, and all that it
compiles is there."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import jaxsmith
import numpy as np
import pyarrow.parquet as parquet
import pytest
import ways_to_import_jax

TESTS = Path(__file__).parent
PROGRAM = str(TESTS / "captured_program.py")
LEVELS = ("jaxpr", "stablehlo", "hlo", "hlo_optimized")

# By jaxsmith's own readers.
READINGS = [
    f"{what}:{level}"
    for what in ("read", "execute")
    for level in ("jaxpr", "stablehlo", "hlo", "hlo_optimized")
]


def run(command, **options):
    return subprocess.run(
        command, cwd=TESTS, capture_output=True, text=True, timeout=300, input="typed\n", **options
    )


def capture(out, *program, flags=(), **environment):
    return run(
        [os.environ["JAXSMITH"], "capture", "--out", str(out), *flags, "--", *program],
        env={**os.environ, **environment},
    )


def names_in_log(errors):
    return sorted(re.findall(r"Finished XLA compilation of (\S+) in", errors))


def names_in(folder):
    """Of all compilations that the dataset knows of: rows, and duplicates that were left out."""
    rejects = parquet.read_table(Path(folder) / "rejects.parquet").to_pylist()
    return [row.entry for row in jaxsmith.load(folder)], [r["callable"] for r in rejects]


ENDS = {
    "": 0,
    "status": 3,
    "lowering": 1,
    "compile": 1,
    "raise": 1,
    "exit": 7,
    "kill": -9,
    "abort": -6,
}


@pytest.mark.parametrize("how", ENDS)
def test_the_program_is_what_it_would_be_without(tmp_path, how):
    # The tests' own process has variables besides, which C libraries have put there.
    alone = run([sys.executable, PROGRAM, *filter(None, [how])], env=dict(os.environ))
    watched = capture(tmp_path / "out", sys.executable, PROGRAM, *filter(None, [how]))
    assert alone.returncode == watched.returncode == ENDS[how]
    assert alone.stdout == watched.stdout
    told = [
        line for line in watched.stderr.splitlines() if not line.startswith("jaxsmith capture:")
    ]
    # The rest is the program's, but for the numbers of threads and addresses in a crash report.
    if how != "abort":
        assert told == alone.stderr.splitlines()
    entries, _ = names_in(tmp_path / "out")
    assert {"power", "secretive", "<lambda>"} <= set(entries)


@pytest.mark.parametrize("how", ["", "child"])
def test_all_that_jax_logs_is_recorded(tmp_path, how):
    out = tmp_path / "out"
    done = capture(out, sys.executable, PROGRAM, how, flags=["--all"], JAX_LOG_COMPILES="1")
    logged = names_in_log(done.stderr)
    assert len(logged) >= 8
    rows = list(jaxsmith.load(out))
    rejects = parquet.read_table(out / "rejects.parquet")
    assert len(rows) + rejects.num_rows == len(logged)
    modules = [re.match(r"module @(\w+)", row.stablehlo)[1] for row in rows]
    expected = {"jit_" + re.sub(r"\W", "_", name[4:-1]).rstrip("_") for name in logged}
    assert set(modules) == expected
    if how == "child":
        assert set(rejects["reason"].to_pylist()) == {"duplicate"}


def test_rows_know_where_they_come_from(tmp_path):
    out = tmp_path / "out"
    capture(out, sys.executable, "captured_program.py", MY_API_TOKEN="hunter2-very-secret")
    rows = {(row.entry, row.fields["static_arguments"]): row for row in jaxsmith.load(out)}
    power = rows["power", '{"n": "3"}']
    fields = power.fields
    assert fields["origin"] == "captured" and fields["callable"] == "__main__:power"
    assert re.fullmatch(r"captured_program\.py:\d+", fields["call_site"])
    assert [(a["name"], a["dtype"], a["shape"]) for a in fields["arguments"]] == [("x", "f32", [4])]
    assert "def scaled(x):" in power.source and "WEIGHT = 2.0" in power.source
    assert {c["check"]: c["status"] for c in fields["checks"]} == dict.fromkeys(
        [
            "texts",
            "parse",
            "run",
            "repeat",
            "finite",
            "arguments",
            "stable",
            "structure",
            *READINGS,
        ],
        "passed",
    )
    x = power.case.inputs["x"]
    np.testing.assert_allclose(power.case.outputs["result"], (x * 2) ** 3, rtol=1e-5)
    lines = {s.sources[0].line for s in power.spans["stablehlo"] if s.kind == "exact"}
    assert {power.source.split("\n")[n - 1].strip() for n in lines} >= {"return x * WEIGHT"}


def test_texts_are_those_of_jax(tmp_path):
    out = tmp_path / "out"
    capture(out, sys.executable, PROGRAM)
    namespace = {"__name__": "captured"}
    source = Path(PROGRAM).read_text().replace("\nmain()\n", "\n")
    exec(compile(source, PROGRAM, "exec"), namespace)
    traced = namespace["power"].trace(jnp.arange(4.0), 3)
    row = next(r for r in jaxsmith.load(out) if r.fields["static_arguments"] == '{"n": "3"}')
    lowered = traced.lower()
    assert row.jaxpr == str(traced.jaxpr)
    assert row.stablehlo == lowered.as_text()
    assert row.hlo == lowered.as_text(dialect="hlo")


def test_nothing_private_is_in_the_dataset(tmp_path):
    out, home = tmp_path / "out", tmp_path / "home"
    home.mkdir()
    done = capture(out, sys.executable, PROGRAM, MY_API_TOKEN="hunter2-very-secret", HOME=str(home))
    assert done.returncode == 0
    row = next(r for r in jaxsmith.load(out) if r.entry == "secretive")
    assert "<MY_API_TOKEN>" in row.jaxpr and "~/models" in row.jaxpr
    for path in out.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert b"hunter2" not in content and str(home).encode() not in content
    for row in jaxsmith.load(out):
        assert "hunter2" not in json.dumps(row.fields, default=str)
        assert str(home) not in json.dumps(row.fields, default=str)
        assert str(TESTS) not in json.dumps(row.fields, default=str)


def test_modules_and_pytest_run_too(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import jax\n\ndef test_it():\n    assert jax.jit(lambda x: x * 2 + 1)(3.0) == 7\n"
    )
    done = subprocess.run(
        [os.environ["JAXSMITH"], "capture", "--out", "out", "--", sys.executable, "-m", "pytest", "-q",
         "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
    (row,) = [row for row in jaxsmith.load(tmp_path / "out") if row.entry == "<lambda>"]
    assert row.fields["call_site"] == "test_it.py:4"


def test_an_interrupted_capture_can_be_finished(tmp_path):
    out = tmp_path / "out"
    command = [os.environ["JAXSMITH"], "capture", "--out", str(out), "--"]
    program = "import sys; sys.argv = ['x']; sys.stdin.readline(); exec(open(sys.argv.pop() and %r).read())"
    process = subprocess.Popen(
        [*command, sys.executable, "-c", program % PROGRAM],
        cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdin.write("go\n")
    process.stdin.flush()
    records = out / ".jaxsmith" / "records"
    deadline = time.monotonic() + 120
    while not any(b'"jit(power)"' in each.read_bytes() for each in records.glob("*.jsonl")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    # The program ends by itself, where its input does; its streams are those of the killed process.
    process.communicate(timeout=120)
    again = run([*command, sys.executable, "-c", "pass"])
    assert again.returncode == 2 and "--resume" in again.stderr
    done = run([os.environ["JAXSMITH"], "capture", "--out", str(out), "--resume"])
    assert done.returncode == 0, done.stderr
    assert "power" in names_in(out)[0]
    assert not (out / ".jaxsmith").exists()


def test_ctrl_c_reaches_the_program_alone(tmp_path):
    program = (
        "import signal, sys, jax\n"
        "jax.jit(lambda x: x * 2 + 1)(3.0)\n"
        "try:\n    print('ready', flush=True)\n    signal.pause()\n"
        "except KeyboardInterrupt:\n    print('interrupted', flush=True)\n    sys.exit(5)\n"
    )
    process = subprocess.Popen(
        [os.environ["JAXSMITH"], "capture", "--out", str(tmp_path / "out"), "--", sys.executable, "-c",
         program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert output == "interrupted\n" and process.returncode == 5
    assert len(jaxsmith.load(tmp_path / "out")) == 1


def test_whatever_way_a_program_comes_to_jax_it_is_watched(tmp_path):
    out = tmp_path / "out"
    program = str(TESTS / "ways_to_import_jax.py")
    alone = run([sys.executable, program])
    done = capture(out, sys.executable, program)
    assert done.returncode == 0 and done.stdout == alone.stdout
    entries, rejected = names_in(out)
    found = {*entries, *(name.rpartition(":")[2] for name in rejected)}
    assert set(ways_to_import_jax.WAYS) == found


BY_NO_IMPORT = """
import sys, types
from importlib.machinery import PathFinder
spec = PathFinder.find_spec("jax")
sys.modules["jax"] = module = types.ModuleType("jax")
module.__path__, module.__package__ = spec.submodule_search_locations, "jax"
with open(spec.origin) as file:
    exec(compile(file.read(), spec.origin, "exec"), module.__dict__)
module.jit(lambda x: x * 2 + 1)(2.0)
"""


def test_jax_that_is_not_noticed_is_said(tmp_path):
    done = capture(tmp_path / "out", sys.executable, "-c", BY_NO_IMPORT)
    assert done.returncode == 1 and "in a way that is not noticed" in done.stderr


def test_functions_that_start_processes_fail_as_without(tmp_path):
    program = (
        "import os\n"
        "assert os.execve in os.supports_fd and os.posix_spawn not in os.supports_fd\n"
        "for call in (os.execve, os.posix_spawn, os.posix_spawnp):\n"
        "    for env in ({}, {'a': 1}, {'=': ''}, {'a=b': ''}, {'a': chr(0)}, None, 3):\n"
        "        try:\n"
        "            call('/no/such', ['x'], env)\n"
        "        except Exception as error:\n"
        "            print(call.__name__, env, repr(error))\n"
    )
    alone = run([sys.executable, "-c", program])
    done = capture(tmp_path / "out", sys.executable, "-c", program)
    assert alone.returncode == done.returncode == 0, done.stderr
    assert alone.stdout == done.stdout and alone.stdout.count("\n") == 21


def test_failed_imports_are_told_as_without(tmp_path):
    program = str(TESTS / "import_that_fails.py")
    alone = run([sys.executable, program])
    assert "ValueError: no" in alone.stderr and "line 5, in <module>" in alone.stderr
    done = capture(tmp_path / "out", sys.executable, program)
    told = [line for line in done.stderr.splitlines() if not line.startswith("jaxsmith capture:")]
    assert told == alone.stderr.splitlines()
    assert len(jaxsmith.load(tmp_path / "out")) == 1


def test_threads_and_children_that_compile_at_once_are_recorded_whole(tmp_path):
    program = str(TESTS / "compiles_everywhere.py")
    alone = run([sys.executable, program])
    assert alone.returncode == 3
    for attempt in range(3):
        out = tmp_path / str(attempt)
        done = capture(out, sys.executable, program)
        assert done.returncode == 3 and done.stdout == alone.stdout, done.stderr
        entries, rejected = names_in(out)
        found = sorted([*entries, *(name.rpartition(":")[2] for name in rejected)])
        names = [f"on_thread_{i}" for i in range(8)]
        assert found == sorted([*names, "in_main", "in_spawned", "in_forked", "in_program"])


@pytest.mark.parametrize(
    "arguments, status, words",
    [
        (["--", "python"], 2, "--out is missing"),
        (["--out", "OUT"], 2, "behind --"),
        (["--out", "OUT", "python", "x.py"], 2, "behind --"),
        (["--out", "OUT", "--", "no-such-program"], 2, "No such file"),
        (["--out", "FULL", "--", "true"], 2, "it holds other files"),
        (["--out", "OUT", "--resume"], 2, "there is no capture"),
        (["--out", "OUT", "--", "true"], 0, "no Python process took part"),
        (["--out", "OUT", "--", "false"], 1, "no Python process took part"),
        (["--out", "OUT", "--", sys.executable, "-c", "1"], 0, "JAX compiled no function"),
    ],
)
def test_mistakes_get_one_line(tmp_path, arguments, status, words):
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "x").write_text("")
    done = subprocess.run(
        [os.environ["JAXSMITH"], "capture", *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == 1 and words in done.stderr
    assert not (tmp_path / "OUT").exists()


NO_ROOM = """
import resource, signal, jax
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
jax.jit(lambda x: x * 2 + 1)(2.0)
"""


def test_functions_are_missed_where_there_is_no_room_for_them(tmp_path):
    done = capture(tmp_path / "out", sys.executable, "-c", NO_ROOM)
    assert done.returncode == 1
    assert "records could not be written" in done.stderr and "no function" not in done.stderr


@pytest.mark.parametrize("removed", ["out", "out/.jaxsmith/records"])
def test_a_folder_that_the_program_removes_is_named(tmp_path, removed):
    program = f"import shutil\nshutil.rmtree({str(tmp_path / removed)!r})\n"
    done = capture(tmp_path / "out", sys.executable, "-c", program)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert re.search(r"--out \S+/out: the .* removed while", done.stderr)


# ---- In the process ------------------------------------------------------------------------------


def test_the_context_manager_records_what_is_compiled_within():
    before = jax.jit(lambda x: x + 17.5)
    before(1.0)
    with jaxsmith.capture() as captured:
        before(1.0)
        after = jax.jit(lambda x: jnp.sin(x) * 2)
        after(np.ones(3, np.float32))
        jnp.ones(7) + jnp.arange(7.0)
    jax.jit(lambda x: x - 17.5)(1.0)
    assert [each.name for each in captured] == ["jit(<lambda>)"]
    (found,) = captured
    traced = after.trace(np.ones(3, np.float32))
    assert found.jaxpr == str(traced.jaxpr)
    assert found.stablehlo == traced.lower().as_text()
    assert found.hlo == traced.lower().as_text(dialect="hlo")
    assert found.call_site.startswith(("tests/", "test_capture.py")) and found.cost.flops > 0
    assert any(span.kind == "exact" for span in found.spans["stablehlo"])
    assert captured.problems == []


def test_all_has_single_primitives_and_out_a_dataset(tmp_path):
    with jaxsmith.capture(all=True, out=tmp_path / "out") as captured:
        jax.lax.add(np.ones(5, np.float32), np.ones(5, np.float32))
        jax.jit(lambda x: x * 3 - 1)(2.0)
    assert {each.name for each in captured} >= {"jit(add)", "jit(<lambda>)"}
    dataset = jaxsmith.load(tmp_path / "out")
    assert len(dataset) == len(captured)
    with pytest.raises(jaxsmith.JaxsmithError, match="it holds a dataset; name another folder"):
        jaxsmith.capture(out=tmp_path / "out")


@pytest.mark.parametrize("out", ["/dev/null/z", "/proc/z/y"])
def test_out_is_tried_before_the_block(out):
    ran = []
    with pytest.raises(jaxsmith.JaxsmithError, match=f"cannot make the folder {out}/"):
        with jaxsmith.capture(out=out):
            ran.append(out)
    assert ran == []


def test_the_block_may_write_into_out(tmp_path):
    out = tmp_path / "run"
    with jaxsmith.capture(out=out) as captured:
        out.mkdir()
        (out / "log.txt").write_text("mine")
        jax.jit(lambda x: x * 3 - 4)(2.0)
    assert len(jaxsmith.load(out)) == len(captured) == 1 and captured.problems == []
    assert (out / "log.txt").read_text() == "mine"


def test_functions_and_their_records_stay_where_no_dataset_can_be_written(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    captured = jaxsmith.capture(out=tmp_path / "a" / "out")
    with pytest.raises(jaxsmith.JaxsmithError, match="could not be written") as raised:
        with captured:
            assert list(tmp_path.iterdir()) == [temporary]
            (tmp_path / "a").write_text("")
            jax.jit(lambda x: x * 3 - 2)(2.0)
    assert [each.name for each in captured] == ["jit(<lambda>)"]
    (file,) = temporary.iterdir()
    assert str(file) in str(raised.value)
    done = run([os.environ["JAXSMITH"], "capture", "--records", file, "--out", tmp_path / "out"])
    assert done.returncode == 0 and len(jaxsmith.load(tmp_path / "out")) == 1, done.stderr
