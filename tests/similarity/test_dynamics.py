"""Dynamical similarity: sequences of words, the authors' library, and layers of two models."""

import numpy as np
import pytest

from thinkalike.errors import InputError
from thinkalike.similarity import MEASURES, compare, compare_all, compare_models
from thinkalike.similarity.measures.dynamics import runs_of_words

OPTIONS = {"rank": 4, "iterations": 100}


def simulate(operator, seed=0, count=15, length=12):
    """Return sequences of a linear system from random starts."""
    starts = np.random.default_rng(seed).normal(size=(count, len(operator)))
    powers = [np.linalg.matrix_power(operator, t) for t in range(length)]
    return [np.array([power @ start for power in powers]) for start in starts]


def rotation(seed, size=4):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]


FIRST = simulate(0.95 * rotation(0))
OTHER = simulate(np.diag([0.9, 0.5, 0.3, 0.1]))


def test_words_are_sequences_in_their_order_and_gaps_divide_them():
    sentences = ["b", "a", "a", "a", "b", "a", "c"]
    positions = [1, 4, 0, 1, 0, 5, 7]
    runs = runs_of_words(sentences, positions)
    assert [run.tolist() for run in runs] == [[2, 3], [1, 5], [4, 0], [6]]
    with pytest.raises(InputError, match="Two stimuli stand at one position"):
        runs_of_words(["a", "a"], [0, 0])


def test_without_the_library_it_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "DSA", None)
    with pytest.raises(InputError, match="pip install"):
        compare(FIRST, OTHER, "dsa")


@pytest.mark.slow
def test_a_rotated_copy_is_closer_than_another_system():
    pytest.importorskip("DSA")
    copy = [3 * sequence @ rotation(7) + 1 for sequence in FIRST]
    near, far = compare(FIRST, copy, "dsa", **OPTIONS), compare(FIRST, OTHER, "dsa", **OPTIONS)
    assert 0 <= near < 0.3 < far < np.pi
    assert compare(copy, FIRST, "dsa", **OPTIONS) == near
    table = compare_all({"first": FIRST, "other": OTHER}, "dsa", threads=4, **OPTIONS)
    assert table.loc["first", "other"] == table.loc["other", "first"] == far
    assert table.loc["first", "first"] == MEASURES["dsa"].identical


@pytest.mark.slow
def test_the_smaller_of_what_the_library_finds_in_both_directions():
    DSA = pytest.importorskip("DSA")
    import torch

    found = []
    for pair in ((FIRST, OTHER), (OTHER, FIRST)):
        torch.manual_seed(0)
        model = DSA.DSA([pair[0]], [pair[1]], n_delays=2, rank=4, iters=100, lr=0.01, score_method="angular")
        found.append(float(np.squeeze(model.fit_score())))
    state = torch.random.get_rng_state()
    assert compare(FIRST, OTHER, "dsa", centre=False, **OPTIONS) == pytest.approx(min(found), abs=1e-3)
    assert torch.equal(state, torch.random.get_rng_state()), "the caller's random numbers are others now"


@pytest.mark.slow
def test_what_does_not_suffice_is_refused():
    pytest.importorskip("DSA")
    with pytest.raises(InputError, match=r"longer than 20 words \('delays'\) have 0 states"):
        compare(FIRST, FIRST, "dsa", delays=20)
    with pytest.raises(InputError, match="'rank' is 9 but 2 words of 4 units have only 8 directions"):
        compare(FIRST, FIRST, "dsa", rank=9)
    with pytest.raises(InputError, match=r"compares sequences, so 'preprocessing' \(z-score\) does not apply"):
        compare(FIRST, FIRST, "dsa", preprocessing="z-score")
    with pytest.raises(InputError, match="arrays of shape"):
        compare([np.ones(3)], FIRST, "dsa")
    with pytest.raises(InputError, match="not finite"):
        compare([*FIRST, np.full((5, 4), np.nan)], FIRST, "dsa", **OPTIONS)


@pytest.mark.slow
def test_layers_of_two_models_with_stimuli_in_any_order():
    pytest.importorskip("DSA")
    lengths = [len(sequence) for sequence in FIRST]
    sentences = np.repeat(np.arange(len(FIRST)), lengths)
    positions = np.concatenate([np.arange(length) for length in lengths])
    rows = np.concatenate(FIRST)
    a, b = {"0": rows, "1": np.concatenate(OTHER)}, {"0": rows @ rotation(7)}
    settings = {"model_a": "a", "model_b": "b", "measure": "dsa", "options": OPTIONS}
    table = compare_models(a, b, groups=sentences, positions=positions, permutations=5, **settings)
    assert list(table.columns) == ["model_a", "layer_a", "model_b", "layer_b", "measure", "value"]
    assert table["value"][0] < 0.3 < table["value"][1]
    assert table["value"][1] == compare(OTHER, [sequence @ rotation(7) for sequence in FIRST], "dsa", **OPTIONS)
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = [{name: X[order] for name, X in model.items()} for model in (a, b)]
    moved = compare_models(*shuffled, groups=sentences[order], positions=positions[order], **settings)
    assert moved["value"].tolist() == table["value"].tolist()
    halves = compare_models(a, a, groups=sentences, positions=positions, resamples=3, **settings)
    assert (halves["low"] <= halves["high"]).all()
    with pytest.raises(InputError, match="'dsa' compares sequences of words"):
        compare_models(a, b, groups=sentences, **settings)


def test_a_copy_is_identical_whether_or_not_it_is_the_same_object():
    assert compare(FIRST, [sequence.copy() for sequence in FIRST], "dsa", **OPTIONS) == MEASURES["dsa"].identical
