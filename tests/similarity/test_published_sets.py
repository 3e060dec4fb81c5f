"""The two sets of Klabunde et al. (2023), selectable by name, with exactly their preprocessing."""

import numpy as np
import pytest

from thinkalike.catalogue import MEASURE_SETS
from thinkalike.errors import InputError
from thinkalike.similarity import MEASURES, compare
from thinkalike.similarity.measures.measure import find_measure

NAMES = [f"{name}.{published}" for published, members in MEASURE_SETS.items() for name in members]


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 6)) + 2
    return x, x @ rng.normal(size=(6, 6)) + 0.3 * rng.normal(size=(40, 6))


@pytest.mark.parametrize("name", NAMES)
def test_a_measure_of_a_set_is_the_measure_with_the_sets_options(name, pair):
    base, _, published = name.partition(".")
    assert compare(*pair, name) == compare(*pair, base, **MEASURE_SETS[published][base])


@pytest.mark.parametrize("name", NAMES)
def test_only_the_second_set_ignores_a_translation(name, pair):
    x, y = pair
    moved = compare(x + np.array([3.0, -1, 0, 5, 2, 1]), y, name)
    assert (abs(moved - compare(x, y, name)) < 1e-9) == name.endswith("+tr")
    assert ("translation" in find_measure(name).invariant_to) == name.endswith("+tr")


def test_options_go_before_those_of_the_set(pair):
    assert compare(*pair, "jaccard.ot+is", k=3) == compare(*pair, "jaccard", k=3, centre=False)


def test_a_set_without_the_measure_is_named():
    with pytest.raises(InputError, match=r"no measure 'rsa.ot\+is'; measures of published sets are procrustes.ot\+is"):
        find_measure("rsa.ot+is")
    assert "rsa" in MEASURES
