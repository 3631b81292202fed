"""A function that misbehaves costs itself alone."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest
from jaxsmith import versions
from jaxsmith.worker import function, serve
from worker_client import Worker, environment
from worker_functions import sample

GOOD = sample("good", "f32[3]", "return jnp.sin(a) * 2")
LEAK = "kept = []\njax.jit(lambda x: kept.append(x * 2) or x)(jnp.ones(3))\n"

# Body, and the stage and reason it is refused with.
REFUSED = {
    "syntax": ("return a +", "exec", "SyntaxError"),
    "exits_at_import": ("def f(a): return a\nraise SystemExit(3)", "exec", "SystemExit"),
    "no_entry": ("def f(a): return a\ndel f", "exec", "entry"),
    "exits": ("import sys\nsys.exit(3)", "trace", "SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "trace", "KeyboardInterrupt"),
    "recurses": ("return f(a)", "trace", "RecursionError"),
    "type_error": ("return a + 'x'", "trace", "TypeError"),
    "shapes": ("return a @ jnp.ones((4, 4))", "trace", "TypeError"),
    "concrete": ("return float(a[0])", "trace", "ConcretizationTypeError"),
    "missing_file": ("open('/no/such/file')", "trace", "FileNotFoundError"),
    "address": ("raise ValueError(object())", "trace", "ValueError"),
    "unprintable": (
        "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd",
        "trace",
        "Odd",
    ),
    "surrogates": ("raise ValueError('\\ud800 \\x00')", "trace", "ValueError"),
    "key_result": ("return jax.random.key(0)", "trace", "dtype"),
    "leak": (LEAK + "def f(a): return a + kept[0]", "trace", "leaked_tracer"),
    "leak_in_branch": (
        LEAK + "def f(a):\n    return lax.cond(a[0] > 0, lambda x: x + kept[0], lambda x: x, a)",
        "trace",
        "leaked_tracer",
    ),
    "leak_of_loop": (
        "kept = []\nlax.scan(lambda c, x: (kept.append(c + x) or c, x), a[0], a)\nreturn a + kept[0]",
        "trace",
        "leaked_tracer",
    ),
    "address_in_text": (
        "def g(x):\n    return x\ng.__name__ = str(object())\nreturn jax.jit(g)(a)",
        "text",
        "address",
    ),
    "path_in_text": (
        "def g(x):\n    return x\ng.__name__ = '/usr/lib/python.py:3'\nreturn jax.jit(g)(a)",
        "text",
        "path",
    ),
    "address_in_result": ("return {str(object()): a}", "trace", "address"),
    "unknown_target": (
        "kind = jax.ShapeDtypeStruct((3,), jnp.float32)\nreturn jax.ffi.ffi_call('nowhere', kind)(a)",
        "compile",
        "JaxRuntimeError",
    ),
    "random_outputs": (
        "values = iter(range(1000))\n"
        "def f(a):\n"
        "    kind = jax.ShapeDtypeStruct((), jnp.float32)\n"
        "    return jax.pure_callback(lambda: np.float32(next(values)), kind)",
        "repeat",
        "differs",
    ),
}
# What is changed of the process here must not reach the functions after it.
VANDALS = [
    "jax.config.update('jax_enable_x64', True)\nreturn a + 1",
    "jax.config.update('jax_default_matmul_precision', 'highest')\nreturn a * 1.5",
    "import sys\nsys.stdout.close()\nsys.stderr = None\nreturn a * 3",
    "jnp.sin = jnp.cos\njax.jit = jax.enable_x64 = lax.scan = None\nreturn a * 5",
    "import os, sys\nos.chdir('/')\nsys.path.clear()\nsys.setrecursionlimit(200)\nreturn a * 7",
    "import os\nos.fork()\nreturn a * 9",
    "import warnings\nwarnings.simplefilter('error')\nreturn a * 11",
    "print('x' * 1_000_000, flush=True)\nreturn a * 13",
    "import os\nos.environ['VANDAL'] = 'was here'\nreturn a * 15",
    "np.seterr(all='ignore')\nnp.set_printoptions(precision=1)\nreturn a * 17",
    "jnp.vandal = np.vandal = 'was here'\nnp.random.rand(3)\nreturn a * 19",
    "jax.default_matmul_precision('highest').__enter__()\nreturn a * 21",
    "jax.set_mesh(jax.make_mesh((1,), ('vandal',)))\ndef f(a): return a * 23",
    "jax.named_scope('vandal').__enter__()\nreturn a * 25",
]
# Shows what is left of all that in the name of its result, and in its texts.
WITNESS = sample(
    "witness",
    "f32[3,3]",
    """
    import os
    import random

    numpy = np.geterr(), np.get_printoptions(), np.random.rand()
    others = os.environ.get("VANDAL"), hasattr(jnp, "vandal"), hasattr(np, "vandal"), random.random()
    return {str((numpy, others)): jnp.where(a @ a > 0, a, 0)}
    """,
)


def requests() -> list[dict]:
    """Culprits and vandals, each followed by a good function."""
    bodies = [body for body, *_ in REFUSED.values()] + VANDALS
    mixed = []
    for i, body in enumerate(bodies):
        mixed += [sample(str(i), "f32[3]", body), GOOD]
    return [s.request() for s in mixed]


@pytest.fixture(scope="module", params=["plain", "chunk"])
def outcomes(request) -> list[dict]:
    with Worker() as process:
        return process.run(requests(), request.param)


@pytest.mark.parametrize("index", range(len(REFUSED)), ids=list(REFUSED))
def test_refused(outcomes, index):
    _, stage, reason = list(REFUSED.values())[index]
    outcome = outcomes[2 * index]
    assert not outcome["ok"]
    assert (outcome["stage"], outcome["reason"]) == (stage, reason)
    assert "\n" not in outcome["detail"] and len(outcome["detail"]) <= 300
    assert not re.search(r"0x[0-9a-f]{4}|/\w+/\w+", outcome["detail"])


def test_others_are_untouched(outcomes):
    with Worker() as process:
        expected = process.run([GOOD.request()])[0]
    for outcome in outcomes[1::2]:
        assert outcome["ok"], outcome
        for key in ("levels", "flops", "result_paths", "argument_matters"):
            assert outcome[key] == expected[key]


def test_vandals_are_served(outcomes):
    for outcome in outcomes[2 * len(REFUSED) :: 2]:
        assert outcome["ok"], outcome


@pytest.mark.parametrize("route", ["plain", "chunk"])
def test_nothing_is_left_of_vandals(route):
    with Worker() as process:
        expected = process.run([WITNESS.request()], route)
    assert expected[0]["ok"], expected
    with Worker() as process:
        process.run([sample(str(i), "f32[3]", v).request() for i, v in enumerate(VANDALS)], route)
        assert process.run([WITNESS.request()], route) == expected


def test_refusals_are_the_same_on_both_routes_and_again():
    with Worker() as process:
        plain = process.run(requests(), "plain")
        chunk, again = process.run(requests()), process.run(requests())
    assert chunk == again
    for a, b in zip(plain, chunk, strict=True):
        assert a["ok"] or a == b


def test_failing_alone_and_together_leave_the_group_alike():
    """The good members' bytes do not depend on which of the others fail, or on when."""
    bad = sample("bad", "f32[3]", REFUSED["unknown_target"][0]).request()
    good = [GOOD.request(i) for i in range(6)]
    with Worker() as process:
        found = process.run([*good[:2], bad, *good[2:5], bad, good[5]])
        left_out = process.run([*good[:2], {"skip": True}, *good[2:5], {"skip": True}, good[5]])
    for i, (a, b) in enumerate(zip(found, left_out, strict=True)):
        assert i in (2, 6) or a == b


@pytest.mark.parametrize("route", ["chunk", "plain"])
def test_what_is_too_large_to_send_costs_itself_alone(route):
    """Arrays, texts, a captured constant: each by itself is more than an outcome may take."""
    bodies = [
        "return jnp.tile(a, 100_000)",
        "for _ in range(900):\n    a = jnp.sin(a)\nreturn a",
        "return a[0] + jnp.asarray(np.arange(100_000, dtype=np.float32))[::50_000]",
    ]
    functions = [GOOD.request(0)]
    for i, body in enumerate(bodies):
        functions += [sample(f"large{i}", "f32[3]", body).request(), GOOD.request(i + 1)]
    with Worker() as process:
        found = process.run(functions, route, most_bytes=60_000)
    for i, outcome in enumerate(found):
        if i % 2 == 0:
            assert outcome["ok"], outcome
            continue
        assert (outcome["stage"], outcome["reason"]) == ("answer", "size"), outcome
        assert "more than 60,000" in outcome["detail"]


def test_flood_of_output_and_lost_descriptors_end_the_worker_not_the_caller():
    vandal = sample("vandal", "f32[3]", "import os\nos.closerange(3, 100)\nreturn a")
    with Worker() as process, pytest.raises(EOFError):
        process.run([GOOD.request(), vandal.request()])
    assert process.process.returncode != 0


@pytest.mark.parametrize("name, version", [("jax", "0.4.30"), ("jaxlib", "0.10.1")])
def test_wrong_version_is_told_in_one_line(tmp_path: Path, name: str, version: str):
    """Another version of a package stands first on the path."""
    info = tmp_path / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    path = f"{tmp_path}:{environment()['PYTHONPATH']}"
    with Worker(PYTHONPATH=path) as process:
        assert process.hello["type"] == "fatal"
        message = process.hello["message"]
        assert versions.REQUIRED_JAX in message and version in message and "\n" not in message
    assert process.process.returncode == 1


def test_missing_packages_are_told_in_one_line():
    """-S leaves out the installed packages, MessagePack among them."""
    with Worker("-S") as process:
        assert process.hello["type"] == "fatal"
        assert "jax" in process.hello["message"] and "\n" not in process.hello["message"]
    assert process.process.returncode == 1


def test_fatal_frame_is_messagepack():
    assert msgpack.unpackb(serve.fatal_message("no — jax")) == {
        "type": "fatal",
        "message": "no — jax",
    }


@pytest.mark.parametrize(
    "level, text, reason",
    [
        ("jaxpr", "name=\ud800", "encoding"),
        ("jaxpr", "f=<function g at 0x7f12>", "address"),
        ("stablehlo", "call_target = <g at 0x7f12>", "address"),
        ("jaxpr", "where=0x7f0123456789", "address"),
        ("hlo", 'source_file="/usr/lib/x"', "path"),
        ("hlo", "at module.py:12", "path"),
        ("stablehlo", 'dense<"0x0000803F00000040"> : tensor<2xf32>', None),
        ("jaxpr", "name=ναι:f32[] a/b", None),
    ],
)
def test_texts_of_this_machine_are_refused(level, text, reason):
    of_python = level == "jaxpr"
    if reason is None:
        function.check_text(level, text, of_python)
        return
    with pytest.raises(function.Refused) as refused:
        function.check_text(level, text, of_python)
    assert refused.value.reason == reason


def test_nothing_to_do():
    with Worker() as process:
        assert process.run([]) == process.run([], "plain") == []
        (skipped,) = process.run([{"skip": True}])
        assert not skipped["ok"]


def test_truncated_request_ends_the_worker():
    with Worker() as process:
        os.write(process._requests, struct.pack("<I", 100) + b"short")
    assert process.process.returncode == 0


def test_descriptors_are_required():
    done = subprocess.run(
        [sys.executable, "-m", "jaxsmith.worker"], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 2 and "--requests-fd" in done.stderr


def scratch_folders() -> set[str]:
    return {name for name in os.listdir("/dev/shm") if name.startswith("jaxsmith-hlo-")}


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no folder in memory")
def test_scratch_folders_do_not_pile_up():
    """A worker removes its own when it ends, and that of one that was killed when it starts."""
    with Worker() as killed:
        before = scratch_folders()
        killed.run([GOOD.request()])
        (left,) = scratch_folders() - before
        killed.process.kill()
        killed.process.wait()
    assert left in scratch_folders()
    with Worker() as process:
        process.run([GOOD.request()])
        assert left not in scratch_folders()
        mine = scratch_folders() - before
    assert mine and not mine & scratch_folders()
