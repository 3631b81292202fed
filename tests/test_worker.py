"""The worker as a process: both routes give the same rows, whatever ran before."""

import difflib
import itertools
import random

import pytest
from jaxsmith.base import arrays
from jaxsmith.versions import REQUIRED_JAX
from jaxsmith.worker import probe
from jaxsmith.worker.merged import GROUP_SIZE, LARGE_TEXT
from worker_client import LEVELS, Worker
from worker_functions import SAMPLES, sample

REQUESTS = [sample.request(i) for i, sample in enumerate(SAMPLES)]
NAMES = [sample.name for sample in SAMPLES]


@pytest.fixture(scope="module")
def plain() -> list[dict]:
    with Worker() as worker:
        return worker.run(REQUESTS, "plain")


@pytest.fixture(scope="module")
def chunk_worker():
    with Worker() as worker:
        yield worker


@pytest.fixture(scope="module")
def chunk(chunk_worker) -> list[dict]:
    outcomes = chunk_worker.run(REQUESTS, "chunk")
    chunk.progress = list(chunk_worker.progress)
    return outcomes


def outputs(outcome: dict) -> list:
    return [arrays.decode(array) for array in outcome["outputs"]]


@pytest.mark.parametrize("index", range(len(SAMPLES)), ids=NAMES)
def test_routes_agree(plain, chunk, index):
    expected, found = plain[index], chunk[index]
    assert expected["ok"], expected
    assert found["ok"], found
    assert list(expected["levels"]) and expected["levels"].keys() == set(LEVELS)
    for level in LEVELS:
        texts = [outcome["levels"][level] for outcome in (expected, found)]
        assert texts[0] == texts[1], "\n".join(
            difflib.unified_diff(*(text.splitlines() for text in texts), lineterm="", n=0)
        )
    for key in (
        "spans",
        "constants",
        "result_paths",
        "flops",
        "bytes_accessed",
        "argument_matters",
    ):
        assert expected[key] == found[key], key
    for a, b in zip(outputs(expected), outputs(found), strict=True):
        assert arrays.close(a, b)


def test_outcomes_say_what_the_functions_are(chunk):
    by_name = dict(zip(NAMES, chunk, strict=True))
    assert by_name["unused"]["argument_matters"] == [True, False]
    assert by_name["shape_only"]["argument_matters"] == [True, False]
    assert by_name["no_arguments"]["argument_matters"] == []
    assert by_name["scalar"]["result_paths"] == [""]
    assert by_name["nested_results"]["result_paths"] == ["['u'][0]", "['u'][1][0]", "['v']"]
    constants = [arrays.decode(c) for c in by_name["captured_constants"]["constants"]]
    assert sorted(c.shape for c in constants) == [(2, 2), (300,)]
    assert by_name["matmul"]["flops"] >= 2 * 5 * 7 * 3
    assert by_name["matmul"]["stable"]
    # Constants over some elements are elided by XLA's default printing.
    assert "{...}" not in by_name["long_constant"]["levels"]["hlo_optimized"]


def test_fresh_worker_in_another_order_gives_the_same(chunk, chunk_worker):
    """Texts, figures and single-device outputs depend on the function and its group alone."""
    order = list(range(len(SAMPLES)))
    random.Random(1).shuffle(order)
    shuffled = [REQUESTS[i] for i in order]
    with Worker() as fresh:
        first = fresh.run(shuffled)
    second = chunk_worker.run(shuffled)  # has worked on the other order before
    assert first == second
    for i, outcome in zip(order, first, strict=True):
        for key in ("levels", "spans", "flops", "bytes_accessed", "constants", "argument_matters"):
            assert outcome[key] == chunk[i][key], NAMES[i]


def test_again_in_the_same_worker(chunk, chunk_worker):
    assert chunk_worker.run(REQUESTS) == chunk


def test_skipped_functions_move_no_other(chunk, chunk_worker):
    keep = {i for i in range(len(REQUESTS)) if i // GROUP_SIZE != 0 or i % 7}
    requests = [r if i in keep else {"skip": True} for i, r in enumerate(REQUESTS)]
    found = chunk_worker.run(requests)
    for i in keep:
        for key in ("levels", "flops", "argument_matters"):
            assert found[i][key] == chunk[i][key]
        if i >= GROUP_SIZE:  # a group without a skipped member has the same bytes
            assert found[i] == chunk[i], NAMES[i]
        assert all(map(arrays.close, outputs(chunk[i]), outputs(found[i])))


def test_isolated(plain, chunk_worker):
    found = chunk_worker.run(REQUESTS[:12], isolate=True)
    assert all(len(frame["functions"]) == 1 for frame in chunk_worker.progress)
    ran = [f["functions"][0] for f in chunk_worker.progress if f["stage"] == "run"]
    assert ran == list(range(12))
    for a, b in zip(plain, found, strict=False):
        assert a["levels"] == b["levels"]
        assert all(map(arrays.close, outputs(a), outputs(b)))


def test_progress_names_everything_before_it_is_done(chunk_worker):
    chunk_worker.run(REQUESTS[:3])
    stages = [(f["stage"], tuple(f["functions"])) for f in chunk_worker.progress]
    for i in range(3):
        for stage in ("exec", "trace", "text", "lower", "compile"):
            assert (stage, (i,)) in stages
    assert stages[-2:] == [("compile", (0, 1, 2)), ("run", (0, 1, 2))]


def test_a_long_text_is_run_by_itself(chunk_worker):
    steps = "\n".join(f"x = jnp.sin(x) + {i}.5" for i in range(LARGE_TEXT // 100))
    long = sample("long", "f32[3]", f"x = a\n{steps}\nreturn x").request()
    found = chunk_worker.run([REQUESTS[0], long, REQUESTS[2]])
    assert all(outcome["ok"] for outcome in found)
    assert len(found[1]["levels"]["stablehlo"]) > LARGE_TEXT > len(found[0]["levels"]["stablehlo"])
    ran = [tuple(f["functions"]) for f in chunk_worker.progress if f["stage"] == "run"]
    assert ran == [(0, 2), (1,)]


def test_runs_that_take_long_give_signs_of_life(monkeypatch):
    """Of a function with many arguments, each run has the time limit, not all of them together."""
    now, signs = [0.0], []
    monkeypatch.setattr(probe.time, "monotonic", lambda: now[0])

    def run(choices):
        now[0] += 0.4
        return choices

    run = probe.with_signs(run, lambda: signs.append(now[0]))
    for i in range(100):
        assert run([[i]]) == [[i]]
    gaps = [b - a for a, b in itertools.pairwise([0, *signs, now[0]])]
    assert max(gaps) < 2 and min(gaps[:-1]) >= 1


def test_levels_asked_for(plain, chunk_worker):
    for route in ("chunk", "plain"):
        for asked in ([], ["hlo"], ["hlo_optimized", "jaxpr"]):
            outcome = chunk_worker.run(REQUESTS[:1], route, levels=asked)[0]
            assert outcome["levels"].keys() == {"jaxpr", *asked}
            for level, text in outcome["levels"].items():
                assert text == plain[0]["levels"][level]


def test_hello():
    with Worker() as worker:
        assert worker.hello["type"] == "hello"
        assert worker.hello["versions"]["jax"] == REQUIRED_JAX
        assert worker.hello["versions"].keys() == {"python", "jax", "jaxlib", "numpy"}


def test_ends_with_its_requests():
    with Worker() as worker:
        pass
    assert worker.process.returncode == 0


def test_devices_and_processor_limit_change_no_text(plain):
    """What the supervisor sets for workers does not show in the texts of single-device
    functions."""
    chosen = [i for i, sample in enumerate(SAMPLES) if sample.devices == 1]
    with Worker(XLA_FLAGS="", PYTHONHASHSEED="1") as worker:
        found = worker.run([REQUESTS[i] for i in chosen], "plain")
    for i, outcome in zip(chosen, found, strict=True):
        assert outcome["levels"] == plain[i]["levels"], NAMES[i]
