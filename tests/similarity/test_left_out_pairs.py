"""Pairs of the same word that do not count, and controls whose differences are held constant."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import kendalltau, pearsonr, rankdata, spearmanr

from thinkalike.catalogue import PAIR_MEASURES
from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.representations.storage import Representation
from thinkalike.similarity import MEASURES, compare, compare_all, compare_models
from thinkalike.similarity.known_of_stimuli import known_of_stimuli

N = 60
RNG = np.random.default_rng(0)
WORDS = np.array([f"w{i}" for i in RNG.integers(14, size=N)])
LEMMAS = np.array([word if int(word[1:]) > 3 else "w0" for word in WORDS])
LEXICON = {word: RNG.normal(size=(2, 5)) for word in sorted(set(WORDS))}
# Two systems that merely tell words apart, each in its own way.
X, Y = (np.array([LEXICON[word][k] for word in WORDS]) + 0.05 * RNG.normal(size=(N, 5)) for k in (0, 1))
SAME_WORD = pdist(WORDS[:, None], lambda a, b: float(a[0] == b[0])).astype(bool)


def test_it_is_known_which_measures_are_sums_over_pairs():
    comparators = {name: entry.with_options() for name, entry in MEASURES.items()}
    assert {name for name, one in comparators.items() if one.leaves_out_pairs} == set(PAIR_MEASURES)
    assert [name for name, one in comparators.items() if one.takes_controls] == ["partial_rsa"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, lambda x, y: spearmanr(x, y).statistic),
        ({"comparison": "pearson"}, lambda x, y: pearsonr(x, y).statistic),
        ({"comparison": "cosine"}, lambda x, y: x @ y / np.linalg.norm(x) / np.linalg.norm(y)),
        ({"comparison": "kendall_tau_b"}, lambda x, y: kendalltau(x, y).statistic),
        ({"dissimilarity": "cosine"}, lambda x, y: spearmanr(x, y).statistic),
    ],
)
def test_rsa_without_pairs_of_the_same_word(options, expected):
    x, y = (pdist(Z, options.get("dissimilarity", "euclidean"))[~SAME_WORD] for Z in (X, Y))
    assert compare(X, Y, "rsa", exclude=WORDS, **options) == pytest.approx(expected(x, y), abs=1e-11)


def test_norm_difference_without_pairs_of_the_same_word():
    x, y = pdist(X)[~SAME_WORD], pdist(Y)[~SAME_WORD]
    value = compare(X, Y, "rsm_norm_difference", exclude=WORDS, centre=False, normalise=False)
    assert value == pytest.approx(np.linalg.norm(x - y), abs=1e-11)
    per_pair = compare(X, Y, "rsm_norm_difference", exclude=WORDS, centre=False, normalise=False, per_pair=True)
    assert per_pair == pytest.approx(np.sqrt(np.mean((x - y) ** 2)), abs=1e-11)


def residuals(kernel, kept):
    """Least squares on one number per stimulus over the pairs that count, by an explicit design."""
    rows, columns = (ends[kept] for ends in np.triu_indices(N, 1))
    design = np.zeros((kept.sum(), N))
    design[np.arange(len(rows)), rows] += 1
    design[np.arange(len(rows)), columns] += 1
    values = kernel[rows, columns]
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


def test_debiased_cka_without_pairs_of_the_same_word():
    kernels = [(Z - Z.mean(axis=0)) @ (Z - Z.mean(axis=0)).T for Z in (X, Y)]
    x, y = (residuals(kernel, ~SAME_WORD) for kernel in kernels)
    expected = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    assert compare(X, Y, "cka_debiased", exclude=WORDS) == pytest.approx(expected, abs=1e-10)


def test_debiased_cka_where_some_stimuli_have_no_partners():
    two_words = np.where(np.arange(N) < 30, "one", "two")  # a bipartite set of pairs: effects are not unique
    kernels = [(Z - Z.mean(axis=0)) @ (Z - Z.mean(axis=0)).T for Z in (X, Y)]
    kept = pdist(two_words[:, None] == "one").astype(bool)
    x, y = (residuals(kernel, kept) for kernel in kernels)
    expected = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    assert compare(X, Y, "cka_debiased", exclude=two_words) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("measure", PAIR_MEASURES)
def test_labels_that_no_two_stimuli_share_leave_nothing_out(measure):
    expected = compare(X, Y, measure)
    assert compare(X, Y, measure, exclude=np.arange(N)) == pytest.approx(expected, abs=1e-10)
    assert compare(X, Y, measure, exclude=[None] * N) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("measure", PAIR_MEASURES)
def test_a_layer_stays_identical_to_itself(measure):
    assert compare(X, X.copy(), measure, exclude=WORDS) == pytest.approx(MEASURES[measure].identical, abs=1e-9)


def test_several_labels_leave_out_what_shares_any():
    both = pd.DataFrame({"word": WORDS, "lemma": LEMMAS})
    assert compare(X, Y, "rsa", exclude=both) == compare(X, Y, "rsa", exclude=LEMMAS)
    assert compare(X, Y, "rsa", exclude=both) != compare(X, Y, "rsa", exclude=WORDS)


@pytest.mark.parametrize("measure", ["rsa", "cka_debiased"])
def test_two_systems_that_merely_tell_words_apart_are_no_longer_alike(measure):
    plain, excluded = compare(X, Y, measure), compare(X, Y, measure, exclude=WORDS)
    assert plain > 0.1 and abs(excluded) < 0.5 * plain
    if measure == "rsa":
        partial = compare(X, Y, "partial_rsa", controls=pd.DataFrame({"word": WORDS}))
        assert abs(partial) < 0.5 * plain


def partial(x, y, *controls):
    design = np.column_stack([np.ones(len(x)), *controls])
    x, y = (rankdata(z) - design @ np.linalg.lstsq(design, rankdata(z), rcond=None)[0] for z in (x, y))
    return x @ y / np.linalg.norm(x) / np.linalg.norm(y)


def test_partial_rsa_is_the_partial_correlation_of_ranks():
    lengths = RNG.integers(2, 9, size=N).astype(float)
    controls = pd.DataFrame({"word": WORDS, "length": lengths})
    further = rankdata(pdist(lengths[:, None]))
    expected = partial(pdist(X), pdist(Y), 1.0 - SAME_WORD, further)
    value = compare(X, Y, "partial_rsa", controls=controls, kinds={"length": "numeric"})
    assert value == pytest.approx(expected, abs=1e-10)
    with_one = compare(X, Y, "partial_rsa", controls=controls[["word"]])
    assert with_one == pytest.approx(partial(pdist(X), pdist(Y), 1.0 - SAME_WORD), abs=1e-10)
    kept = ~SAME_WORD
    expected = partial(pdist(X)[kept], pdist(Y)[kept], further[kept])
    value = compare(X, Y, "partial_rsa", controls=controls, kinds={"length": "numeric"}, exclude=WORDS)
    assert value == pytest.approx(expected, abs=1e-3)  # ranks of the control are taken among the pairs that count


def test_undefined_controls_never_differ():
    gaps = pd.DataFrame({"gender": [None if i % 3 == 0 else "fm"[i % 2] for i in range(N)]})
    codes = gaps["gender"].to_numpy()
    differs = pdist(np.arange(N)[:, None], lambda i, j: _differs(codes[int(i[0])], codes[int(j[0])]))
    value = compare(X, Y, "partial_rsa", controls=gaps)
    assert value == pytest.approx(partial(pdist(X), pdist(Y), differs), abs=1e-10)


def _differs(a, b):
    return float(pd.notna(a) and pd.notna(b) and a != b)


def test_controls_that_say_how_far_leave_nothing():
    place = np.repeat(np.arange(4), 15)
    same = np.eye(4)[place]
    assert np.isnan(compare(same, Y, "partial_rsa", controls=pd.DataFrame({"place": place})))


def test_without_controls_it_is_rsa():
    assert compare(X, Y, "partial_rsa") == compare(X, Y, "rsa")


def test_collections_and_models_say_the_same():
    single = compare(X, Y, "rsa", exclude=WORDS)
    assert compare_all({"x": X, "y": Y}, "rsa", exclude=WORDS).loc["x", "y"] == single
    table = compare_models({"0": X}, {"0": Y}, model_a="a", model_b="b", measure="rsa", exclude=WORDS)
    assert table["value"][0] == single
    assert table.attrs["pairs_left_out"] == SAME_WORD.sum() and table.attrs["pairs"] == len(SAME_WORD)


@pytest.mark.parametrize("measure", PAIR_MEASURES)
def test_a_null_permutes_over_the_pairs_that_count_in_both(measure):
    from thinkalike.similarity.chance import permutations

    settings = {"model_a": "a", "model_b": "b", "measure": measure, "seed": 3, "exclude": WORDS}
    noise = RNG.normal(size=(N, 4))
    table = compare_models({"0": X}, {"0": noise, "1": X + 0.01 * noise[:, :1]}, permutations=60, **settings)
    assert table["p"][0] > 0.03 and table["p"][1] == pytest.approx(1 / 61)
    if measure == "rsa":
        ranks = [np.zeros(len(SAME_WORD)) for _ in range(2)]
        for values, Z in zip(ranks, (X, noise), strict=True):
            values[~SAME_WORD] = rankdata(pdist(Z)[~SAME_WORD]) - ((~SAME_WORD).sum() + 1) / 2
        null = []
        for order in permutations(N, 60, 3):
            moved = squareform(squareform(ranks[1])[np.ix_(order, order)])
            common = ~SAME_WORD & ~squareform(squareform(SAME_WORD)[np.ix_(order, order)])
            x, y = ranks[0][common], moved[common]
            null.append(x @ y / np.linalg.norm(x) / np.linalg.norm(y))
        assert table["p"][0] == pytest.approx((1 + np.sum(np.array(null) >= table["value"][0])) / 61, abs=1e-11)


def test_intervals_leave_out_the_same_pairs():
    settings = {"model_a": "a", "model_b": "b", "measure": "rsa", "exclude": WORDS, "resamples": 20}
    table = compare_models({"0": X}, {"0": X + RNG.normal(size=X.shape)}, **settings)
    assert table["low"][0] < table["value"][0] < table["high"][0]


@pytest.mark.parametrize(
    ("measure", "settings", "message"),
    [
        ("procrustes", {"exclude": WORDS}, "Procrustes is not a sum over pairs of stimuli.*cka_debiased"),
        ("cka", {"exclude": WORDS}, "not a sum over pairs"),
        ("rsa", {"controls": pd.DataFrame({"word": WORDS})}, "takes no controls; use partial_rsa"),
        ("rsa", {"exclude": WORDS[:10]}, "There are 10 labels of pairs to leave out for 60 stimuli"),
        ("rsa", {"exclude": ["w"] * N}, "Only 0 pairs of stimuli are left"),
        ("cka_debiased", {"exclude": WORDS, "batch_size": 20}, "leave out 'batch_size'"),
        ("partial_rsa", {"controls": pd.DataFrame({"word": WORDS}), "kinds": {"word": "numeric"}}, "declared numeric"),
        ("partial_rsa", {"controls": pd.DataFrame({"word": WORDS}), "kinds": {"w": "numeric"}}, "'w', which is no"),
    ],
)
def test_refused(measure, settings, message):
    with pytest.raises(InputError, match=message):
        compare(X, Y, measure, **settings)


STIMULI = pd.DataFrame(
    {
        "sentence_id": [f"s{i // 4}" for i in range(N)],
        "position": [i % 4 for i in range(N)],
        "word": [word.upper() if i % 2 else word for i, word in enumerate(WORDS)],
        "lemma": LEMMAS,
        "length": [1.0 + i % 7 for i in range(N)],
        "number": [None if i % 3 == 0 else "singular" for i in range(N)],
    }
)
DECLARED = {
    "number": Feature("number", missing="category", role="control"),
    "length": Feature("length", kind="numeric", role="control"),
    "tense": Feature("tense"),
}


def test_a_study_s_settings_become_what_is_known_of_the_stimuli():
    known = known_of_stimuli(STIMULI, DECLARED, same_word_pairs="exclude", preprocessing="none")
    assert set(known) == {"groups", "sentences", "positions", "exclude", "preprocessing"}
    assert known["groups"] == known["sentences"] == list(STIMULI["sentence_id"])
    assert list(known["exclude"]["word"]) == list(WORDS)  # letters' case makes no other word
    known = known_of_stimuli(STIMULI, DECLARED, same_word_pairs="exclude", same_lemma_pairs="exclude", controls=None)
    assert list(known["exclude"].columns) == ["word", "lemma"]
    assert list(known["controls"].columns) == ["number", "length"] and known["kinds"] == {"length": "numeric"}
    assert set(known["controls"]["number"]) == {"undefined", "singular"}
    table = compare_models({"0": X}, {"0": Y}, model_a="a", model_b="b", measure="partial_rsa", **known)
    assert table.attrs["controls"] == ["number", "length"] and table.attrs["pairs_left_out"] > SAME_WORD.sum()


@pytest.mark.slow
def test_items_move_as_wholes_and_sequences_stay_sentences():
    items = STIMULI.assign(item_id=[f"i{i // 8}" for i in range(N)])
    known = known_of_stimuli(items, DECLARED)
    assert known["groups"] == list(items["item_id"]) and known["sentences"] == list(items["sentence_id"])
    settings = {"model_a": "a", "model_b": "b", "measure": "dsa"}
    by_item = compare_models({"0": X}, {"0": Y}, **settings, **known)
    by_sentence = compare_models({"0": X}, {"0": Y}, **settings, **known_of_stimuli(STIMULI, DECLARED))
    assert by_item["value"][0] == by_sentence["value"][0]


def test_what_the_stimuli_lack_is_named():
    with pytest.raises(InputError, match="same_lemma_pairs is 'exclude', but the stimuli have no column 'lemma'"):
        known_of_stimuli(STIMULI.drop(columns="lemma"), DECLARED, same_lemma_pairs="exclude")
    with pytest.raises(InputError, match="partial_rsa holds controls constant, but there are none"):
        known_of_stimuli(STIMULI, {"tense": DECLARED["tense"]}, controls=None)


def test_what_is_known_of_the_stimuli_goes_with_their_ids():
    ids = np.array([f"x{i:03d}" for i in range(N)])
    order = np.random.default_rng(5).permutation(N)
    a, b = Representation(ids[order], X[order]), Representation(ids, Y)
    settings = {"same_word_pairs": "exclude", "controls": None}
    known = known_of_stimuli(STIMULI.assign(stimulus_id=ids), DECLARED, **settings)
    known |= {name: [known[name][row] for row in order] for name in ("groups", "sentences", "positions")}
    table = compare_models({"0": a}, {"0": b}, model_a="a", model_b="b", measure="partial_rsa", **known)
    bare = known_of_stimuli(STIMULI, DECLARED, **settings)
    expected = compare_models({"0": X}, {"0": Y}, model_a="a", model_b="b", measure="partial_rsa", **bare)
    assert table["value"][0] == pytest.approx(expected["value"][0], abs=1e-11)
