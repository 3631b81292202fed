"""HLO is placed in the source by StableHLO, and without that not at all: on all routes."""

import jax
import jaxsmith
import numpy as np
import pytest
from jaxsmith import levels
from jaxsmith.provenance import alignment

PLACED = ("hlo", "hlo_optimized")


def scaled():
    """A new one each time: JAX compiles what it knows no more."""

    def scaled(x):
        return x * 2 + 1

    return scaled


@pytest.fixture
def without_places(monkeypatch):
    def locate(text, printed):
        raise ValueError("no places")

    monkeypatch.setattr(alignment, "locate_stablehlo", locate)


def assert_not_placed(sample):
    spans = sample.spans
    for level in ("stablehlo", *PLACED):
        assert not spans.get(level) and sample.level(level)
        assert "no places" in sample.missing[levels.spans_column(level)]
    assert spans["jaxpr"]


def test_an_extraction_is_not_placed_by_half(without_places):
    assert_not_placed(jaxsmith.extract(scaled(), np.ones(3, np.float32)))


def test_a_captured_function_is_not_placed_by_half(without_places):
    with jaxsmith.capture() as captured:
        jax.jit(scaled())(np.ones(3, np.float32))
    assert_not_placed(captured[0])


def test_workers_always_make_what_others_are_placed_by(monkeypatch):
    assert levels.placing() == {"stablehlo"}
    monkeypatch.setattr(levels.producer("stablehlo"), "always", False, raising=False)
    with pytest.raises(AssertionError, match="stablehlo"):
        levels.placing.__wrapped__()
