"""Who watches JAX within a process, in what order they begin and end, and where their records go."""

import gc
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import jaxsmith
import numpy as np
import pytest
from jax._src.interpreters import pxla
from jaxsmith.provenance import source
from jaxsmith.watching import sink

PACKAGE = Path(__file__).resolve().parent.parent / "python"
X = np.arange(3, dtype=np.float32)


def run_program(program, package=PACKAGE, **more):
    """In a Python of its own, with the package."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(package), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        **more,
    )


def functions_of_jax():
    return pxla.lower_sharding_computation, pxla.MeshComputation.compile


@pytest.fixture(autouse=True)
def jax_is_left_as_it_was():
    before = functions_of_jax()
    yield
    assert functions_of_jax() == before


def compiles(name):
    def function(x):
        return jnp.sin(x) * 2 + 1

    function.__name__ = function.__qualname__ = name
    jax.jit(function)(X)


def names(captured):
    assert captured.problems == []
    return [each.name for each in captured]


# ---- Blocks --------------------------------------------------------------------------------------


def test_blocks_within_one_another_each_record_their_own():
    with jaxsmith.capture() as outer:
        compiles("a")
        with jaxsmith.capture() as inner:
            compiles("b")
        compiles("c")
    compiles("d")
    assert names(outer) == ["jit(a)", "jit(b)", "jit(c)"] and names(inner) == ["jit(b)"]


def test_blocks_may_end_in_any_order():
    before = functions_of_jax()
    first, second, third = (jaxsmith.capture() for _ in range(3))
    first.__enter__()
    compiles("a")
    second.__enter__()
    compiles("b")
    first.__exit__(None, None, None)
    third.__enter__()
    compiles("c")
    second.__exit__(None, None, None)
    compiles("d")
    assert functions_of_jax() != before
    third.__exit__(None, None, None)
    assert functions_of_jax() == before
    compiles("e")
    assert names(first) == ["jit(a)", "jit(b)"]
    assert names(second) == ["jit(b)", "jit(c)"]
    assert names(third) == ["jit(c)", "jit(d)"]


def test_blocks_on_threads_overlap():
    both, end = threading.Barrier(2), threading.Barrier(2)
    found = {}

    def run(name, first_to_end):
        with jaxsmith.capture() as captured:
            both.wait()
            compiles(name)
            both.wait()
            if not first_to_end:
                end.wait()
        found[name] = names(captured)
        if first_to_end:
            end.wait()

    threads = [threading.Thread(target=run, args=(n, n == "a")) for n in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: set(each) for name, each in found.items()} == {
        "a": {"jit(a)", "jit(b)"},
        "b": {"jit(a)", "jit(b)"},
    }


def test_an_exception_ends_a_block():
    with jaxsmith.capture() as outer:
        with pytest.raises(ValueError, match="no"):
            with jaxsmith.capture() as inner:
                compiles("a")
                raise ValueError("no")
        compiles("b")
    assert names(inner) == ["jit(a)"] and names(outer) == ["jit(a)", "jit(b)"]


def test_a_block_that_a_generator_holds_ends_with_it():
    def held(found):
        with jaxsmith.capture() as captured:
            found.append(captured)
            yield

    found = []
    generator = held(found)
    next(generator)
    with jaxsmith.capture() as other:
        compiles("a")
        del generator
        gc.collect()
        compiles("b")
    compiles("c")
    assert names(found[0]) == ["jit(a)"] and names(other) == ["jit(a)", "jit(b)"]


def test_one_block_may_be_entered_again():
    captured = jaxsmith.capture()
    with captured:
        with captured:
            compiles("a")
        compiles("b")
    with captured:
        compiles("c")
    assert names(captured) == ["jit(a)", "jit(b)", "jit(c)"]


@pytest.mark.parametrize("last", ["ours", "theirs"])
def test_another_wrapper_of_the_same_functions_is_left_alone(monkeypatch, last):
    """One that was put on top in the meantime, and goes before or after us."""
    calls = []
    first = jaxsmith.capture()
    first.__enter__()
    with monkeypatch.context() as patch:
        below = functions_of_jax()
        patch.setattr(
            pxla,
            "lower_sharding_computation",
            lambda *a, **k: (calls.append("lower"), below[0](*a, **k))[1],
        )
        patch.setattr(
            pxla.MeshComputation,
            "compile",
            lambda *a, **k: (calls.append("compile"), below[1](*a, **k))[1],
        )
        compiles("a")
        if last == "theirs":
            first.__exit__(None, None, None)
            compiles("b")
            with jaxsmith.capture() as second:
                compiles("c")
            assert names(second) == ["jit(c)"]
    if last == "ours":
        compiles("d")
        first.__exit__(None, None, None)
    compiles("e")
    assert names(first) == (["jit(a)"] if last == "theirs" else ["jit(a)", "jit(d)"])
    assert calls.count("lower") == calls.count("compile") == (3 if last == "theirs" else 1)


def test_what_was_lowered_before_a_block_is_said():
    lowered = jax.jit(lambda x: x * 3 - 1).lower(X)
    with jaxsmith.capture() as captured:
        lowered.compile()
    assert len(captured) == 0
    assert captured.problems == ["jit(<lambda>): it was lowered before recording began"]


# ---- Records -------------------------------------------------------------------------------------


def messages(folder):
    return [
        [json.loads(line) for line in file.read_text().splitlines()]
        for file in sorted(folder.iterdir())
    ]


def test_the_header_comes_first_whoever_is_quick(tmp_path, monkeypatch):
    """A second thread has a record while the first one makes the header."""
    to_file = sink.FileSink(str(tmp_path))
    header = sink.header
    threads = []

    def slow_header():
        threads.append(threading.Thread(target=to_file, args=({"type": "raw", "name": "second"},)))
        threads[0].start()
        threads[0].join(timeout=1)  # it may wait for us, and must not overtake us
        return header()

    monkeypatch.setattr(sink, "header", slow_header)
    to_file({"type": "raw", "name": "first"})
    threads[0].join()
    (lines,) = messages(tmp_path)
    assert [line.get("name", line["type"]) for line in lines] == ["process", "first", "second"]


def test_many_threads_write_whole_lines(tmp_path):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for attempt in range(20):
            folder = tmp_path / str(attempt)
            folder.mkdir()
            to_file, start = sink.FileSink(str(folder)), threading.Barrier(8)

            def write(number, to_file=to_file, start=start):
                start.wait()
                for i in range(5):
                    to_file({"type": "raw", "name": f"{number}-{i}", "text": "x" * 5000})

            threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            (lines,) = messages(folder)
            assert [line["type"] for line in lines] == ["process", *["raw"] * 40]
            assert len({line["name"] for line in lines[1:]}) == 40
    finally:
        sys.setswitchinterval(interval)


def test_a_forked_process_has_a_file_of_its_own_though_a_thread_was_writing(tmp_path, monkeypatch):
    to_file = sink.FileSink(str(tmp_path))
    to_file({"type": "raw", "name": "parent"})
    within, go_on = threading.Event(), threading.Event()

    # A thread that holds the sink's lock at the fork.
    append = sink._append

    def slow_append(descriptor, lines):
        if b"thread" in lines:
            within.set()
            go_on.wait()
        append(descriptor, lines)

    monkeypatch.setattr(sink, "_append", slow_append)
    thread = threading.Thread(target=to_file, args=({"type": "raw", "name": "thread"},))
    thread.start()
    within.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        to_file({"type": "raw", "name": "child"})
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    go_on.set()
    thread.join()
    assert status == 0
    found = {
        tuple(line.get("name", line["type"]) for line in lines) for lines in messages(tmp_path)
    }
    assert found == {("process", "parent", "thread"), ("process", "child")}


def test_a_record_for_which_there_is_no_room_is_not_left_half(tmp_path):
    program = (
        "import signal, sys\n"
        "from jaxsmith.watching import sink\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"to_file = sink.FileSink({str(tmp_path)!r})\n"
        "for name, size in (('a', 10), ('b', 1 << 20), ('c', 10)):\n"
        "    try:\n"
        "        to_file({'type': 'raw', 'name': name, 'text': 'x' * size})\n"
        "    except OSError as error:\n"
        "        print(name, type(error).__name__)\n"
    )
    done = run_program(
        program,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, 1 << 19)),
    )
    assert done.returncode == 0 and done.stdout == "b OSError\n", done.stderr
    (lines,) = messages(tmp_path)
    assert [line.get("name", line["type"]) for line in lines] == ["process", "a", "c"]


def test_a_name_is_left_where_there_is_no_room_for_a_record(tmp_path):
    program = (
        "import os, resource, signal\n"
        "import jax\n"
        "from jaxsmith.watching.recorder import Recorder\n"
        "from jaxsmith.watching.sink import FileSink\n"
        f"to_file = FileSink({str(tmp_path)!r})\n"
        "Recorder(to_file, lost=to_file.lost).start()\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "for n in range(2):\n"
        "    jax.jit(lambda x: x * n + 1)(2.0)\n"
        "print(os.getpid())\n"
    )
    done = run_program(program)
    assert done.returncode == 0, done.stderr
    assert [file.name for file in tmp_path.iterdir()] == [f"lost-{done.stdout.strip()}"]


LEVELS = {
    "shout": ("traced", "str(stages.traced.jaxpr).upper()"),
    "late": ("compiled", "stages.compiled.runtime_executable().hlo_modules()[0].name"),
}


def test_a_level_of_the_table_is_captured_without_being_named(tmp_path):
    package = tmp_path / "jaxsmith"
    shutil.copytree(PACKAGE / "jaxsmith", package)
    with open(package / "levels" / "_table.py", "a") as table:
        for name, (reach, text) in LEVELS.items():
            table.write(f'ROWS.append(("{name}", "", "{reach}", "", False, False, False))\n')
            (package / "levels" / f"{name}.py").write_text(
                "from jaxsmith.levels.producing import Producer\n"
                "from jaxsmith.provenance.alignment import Located\n"
                "class Made(Producer):\n"
                f"    def text(self, stages): return {text}\n"
                "    def located(self, stages, text): return [Located(1)]\n"
                "PRODUCER = Made()\n"
            )
    program = (
        "import jax, jaxsmith\n"
        "with jaxsmith.capture() as captured:\n"
        "    jax.jit(lambda x: x + 1)(2.0)\n"
        "(f,) = captured\n"
        "print(f.level('shout') == f.jaxpr.upper(), f.level('late'), list(f.missing))\n"
        "print([len(f.spans[name]) for name in ('shout', 'late')])\n"
    )
    done = run_program(program, package=tmp_path)
    assert done.stdout == "True jit__lambda ['source']\n[1, 1]\n", done.stderr


def test_sources_are_found_on_threads_that_parse_at_once(tmp_path):
    files = []
    for number in range(16):
        body = "".join(f"    x = [(x + {k}) * ({k} - -x), {{{k}: x}}][0]\n" for k in range(60))
        files.append(tmp_path / f"module_{number}.py")
        files[-1].write_text(f"def function_{number}(x):\n{body}    return x\n")
    start, found = threading.Barrier(len(files)), {}

    def run(number):
        start.wait()
        text = source.source_at(str(files[number]), 1)
        found[number] = text and text.entry

    def let_others_go_on(phase, info):  # as whatever has to be cleaned up may
        time.sleep(0)

    shown, threshold = warnings._showwarnmsg, gc.get_threshold()
    gc.callbacks.append(let_others_go_on)
    gc.set_threshold(20)
    try:
        threads = [threading.Thread(target=run, args=(i,)) for i in range(len(files))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(let_others_go_on)
    assert found == {i: f"function_{i}" for i in range(len(files))}
    assert warnings._showwarnmsg is shown
