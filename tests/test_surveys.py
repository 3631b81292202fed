"""Surveys (plan/jax/surveys.h) give, in JAX, results of the types that the planner says, and finite
ones, several side by side."""

import re

import jax
import numpy as np
import pytest
from printed_functions import array, printed_by

OF_EACH = 4
# With one reading that was taken, or none.
MAY_BE_NAN = {"figures of known readings", "what can be used"}


@pytest.fixture(scope="module")
def printed():
    return printed_by("print_surveys_main", 3, OF_EACH)


def test_each_survey_is_drawn(printed):
    assert not [p["survey"] for p in printed if "source" not in p]


def test_figures_stand_side_by_side(printed):
    """Or something goes on with all of them; and not the same ones in each program."""
    sources = {}
    for p in printed:
        assert len(p["results"]) >= 2 or re.search(r"jnp\.stack\(", p["source"]), p["source"]
        sources.setdefault(p["survey"], set()).add(p["source"])
    for survey, each in sources.items():
        assert len(each) >= 2, survey


def test_jax_gives_the_types_that_are_planned(printed):
    wrong = []
    for p in printed:
        scope = {}
        with jax.enable_x64(p["x64"]):
            exec(p["source"], scope)  # noqa: S102
            tree = jax.tree.structure(eval(p["argument_tree"], scope))  # noqa: S307
            run = jax.jit(scope[p["entry"]])
            for inputs in p["arguments"]:
                arguments = [jax.numpy.asarray(array(a)) for a in inputs]
                out = jax.tree.leaves(run(*tree.unflatten(arguments)))
                found = sorted(jax.typeof(leaf).str_short(short_dtypes=True) for leaf in out)
                planned = sorted(r["aval"] for r in p["results"])
                if found != planned:
                    wrong.append(f"{p['survey']}: {found} for {planned}\n{p['source']}")
                    break
                finite = all(np.isfinite(np.asarray(leaf)).all() for leaf in out)
                if not finite and p["survey"] not in MAY_BE_NAN:
                    wrong.append(f"{p['survey']}: not finite\n{p['source']}")
                    break
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:8])
