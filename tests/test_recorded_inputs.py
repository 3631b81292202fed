"""Which input set is recorded: the first on which every argument shows, nothing is on the edge and
outputs are not mostly one value."""

import numpy as np
import pytest
from jaxsmith.worker import probe
from jaxsmith.worker.function import Work


def recorded_of(function, sets, cases):
    inputs = [[np.asarray(x, np.float32) for x in values] for values in sets]
    work = Work(0, "", "", False, 1, inputs, cases=cases)

    def run(choices):
        arguments = [probe.chosen(work, j, choice) for j, choice in enumerate(choices[0])]
        return [[np.asarray(function(*arguments), np.float32)]]

    probe.probe([work], [list(range(len(sets[0])))], run)
    return work


def limited(x, limit):
    return np.minimum(x, limit)


@pytest.mark.parametrize(
    ("sets", "recorded"),
    [
        ([(2.0, 1.0), (0.5, 3.0), (0.25, 4.0)], 0),  # either shows where the other is large
        ([(0.5, 3.0), (0.75, 4.0), (0.875, 0.8)], 2),  # the limit binds in the last alone
    ],
)
def test_an_argument_that_does_not_show_makes_another_set_the_recorded(sets, recorded):
    work = recorded_of(limited, sets, [1, 2])
    assert work.recorded == recorded
    assert work.argument_matters == [True, True]
    assert work.outputs[0] == limited(*np.float32(sets[recorded]))
    assert recorded not in work.case_outputs


def test_a_set_on_the_edge_is_not_recorded_where_another_is_not():
    work = recorded_of(lambda x: 100.0 * (x > 1.0) + x, [(1.0,), (2.0,), (0.5,)], [1, 2])
    assert (work.recorded, work.stable) == (1, True)


def test_a_set_that_gives_no_numbers_is_not_recorded_where_another_does():
    work = recorded_of(lambda x: 1.0 / np.maximum(x, 0), [(-1.0,), (2.0,), (0.5,)], [1, 2])
    assert work.recorded == 1


def test_a_set_that_levels_most_elements_is_not_recorded_where_another_does_not():
    low, middle = [-3.0, -2.0, -1.0, 4.0], [1.0, 2.0, 3.0, 4.0]
    work = recorded_of(lambda x: np.maximum(x, 0), [(low,), (low,), (middle,)], [1, 2])
    assert work.recorded == 2
    # An argument that shows counts for more.
    sets = [(low, 1.0), (middle, 0.0), (middle, 0.0)]
    work = recorded_of(lambda x, scale: np.maximum(x, 0) * (scale > 0.5), sets, [1, 2])
    assert (work.recorded, work.argument_matters) == (0, [True, True])


def test_without_further_cases_there_is_no_choice():
    work = recorded_of(limited, [(0.5, 3.0), (0.75, 4.0), (0.875, 0.8)], [])
    assert work.recorded == 0
