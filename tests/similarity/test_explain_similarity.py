"""Explained similarity: against brute force, against planted answers, and against what must not matter."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import rankdata

from thinkalike.errors import InputError
from thinkalike.similarity import compare, explain_similarity
from thinkalike.similarity.explained.shapley import divide

BOTH = pytest.mark.parametrize("by", ["differences", "values"])


def features(n, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({name: rng.integers(k, size=n) for name, k in zip("abcd", (4, 2, 3, 2), strict=True)})
    table["c"] = table["c"].where(rng.random(n) > 0.3)
    return table.astype("Int64")


def layers(n, seed=1, units=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, units)), rng.normal(size=(n, units + 2))


def parts(e):
    return e.table().set_index("part")["value"]


def shapley_over_orders(worth, names):
    """Average what each name adds over every order: the definition."""
    orders = list(permutations(names))
    total = dict.fromkeys(names, 0.0)
    for order in orders:
        for place, name in enumerate(order):
            total[name] += worth(order[: place + 1]) - worth(order[:place])
    return {name: value / len(orders) for name, value in total.items()}


def standard_ranks(X):
    ranks = rankdata(pdist(X))
    return (ranks - ranks.mean()) / ranks.std()


@pytest.mark.parametrize("missing", ["same", "category"])
def test_contributions_by_differences_are_those_of_brute_force(missing):
    n = 40
    F, (X, Y) = features(n), layers(n)
    X[:, 0] += 3 * F["a"].to_numpy(float)
    i, j = np.triu_indices(n, 1)
    R = pd.DataFrame({"x": standard_ranks(X), "y": standard_ranks(Y)})
    for name in F:
        left, right = F[name].to_numpy(float, na_value=-7)[i], F[name].to_numpy(float, na_value=-7)[j]
        R[name] = (left != right) & ((missing == "category") | ((left != -7) & (right != -7)))

    def worth(names):
        if not names:
            return 0.0
        groups = R.groupby(list(names))
        return float((groups.size() * groups["x"].mean() * groups["y"].mean()).sum() / len(R))

    e = explain_similarity(F, X, Y, missing=missing)
    expected = shapley_over_orders(worth, list(F))
    for name in F:
        assert e.contributions[name] == pytest.approx(expected[name], abs=1e-9)
        assert e.last[name] == pytest.approx(worth(tuple(F)) - worth(tuple(set(F) - {name})), abs=1e-9)
    assert e.value == pytest.approx(float((R["x"] * R["y"]).mean()), abs=1e-9)
    assert e.value == compare(X, Y, "rsa")
    assert e.explained == pytest.approx(worth(tuple(F)), abs=1e-9)


def test_contributions_of_numbers_are_those_of_their_distances():
    n = 30
    F = pd.DataFrame({"length": np.random.default_rng(0).choice([0.1, 0.2, 0.3, 0.7], n), "b": features(n)["b"]})
    X, Y = layers(n)
    i, j = np.triu_indices(n, 1)
    R = pd.DataFrame({"x": standard_ranks(X), "y": standard_ranks(Y)})
    R["length"] = np.abs(F["length"].to_numpy()[i] - F["length"].to_numpy()[j]).round(9)
    R["b"] = F["b"].to_numpy()[i] != F["b"].to_numpy()[j]

    def worth(names):
        if not names:
            return 0.0
        groups = R.groupby(list(names))
        return float((groups.size() * groups["x"].mean() * groups["y"].mean()).sum() / len(R))

    e = explain_similarity(F, X, Y, kinds={"length": "numeric"})
    expected = shapley_over_orders(worth, ["length", "b"])
    assert e.contributions["length"] == pytest.approx(expected["length"], abs=1e-9)
    assert e.bins == {}


def test_cka_is_divided_by_the_same_groups():
    n = 30
    F, (X, Y) = features(n)[["a", "b"]], layers(n)
    X[:, 0] += 2 * F["a"].to_numpy(float)
    H = np.eye(n) - 1 / n
    kernels = [H @ Z @ Z.T @ H for Z in (X, Y)]
    i, j = np.triu_indices(n, 1)
    R = pd.DataFrame({name: (K / np.linalg.norm(K))[i, j] for name, K in zip("xy", kernels, strict=True)})
    for name in F:
        R[name] = F[name].to_numpy()[i] != F[name].to_numpy()[j]

    def worth(names):
        groups = R.groupby(list(names)) if names else R.assign(all=0).groupby("all")
        return 2 * float((groups.size() * groups["x"].mean() * groups["y"].mean()).sum())

    e = explain_similarity(F, X, Y, measure="cka")
    expected = shapley_over_orders(worth, ["a", "b"])
    assert e.value == pytest.approx(compare(X, Y, "cka"), abs=1e-12)
    for name in F:
        assert e.contributions[name] == pytest.approx(expected[name], abs=1e-9)
    debiased = explain_similarity(F, X, Y, measure="cka_debiased")
    assert debiased.value == pytest.approx(compare(X, Y, "cka_debiased"), abs=1e-12)


def test_contributions_by_values_are_those_of_ridge_regressions_on_pairs():
    from sklearn.linear_model import Ridge

    from thinkalike.similarity.explained.feature_levels import read_levels
    from thinkalike.similarity.explained.halves import HALVINGS, make_halvings
    from thinkalike.similarity.explained.pair_cells import pair_cells

    n = 40
    F, (X, Y) = features(n)[["a", "b", "c"]], layers(n)
    X[:, 0] += 3 * F["a"].to_numpy(float)
    Y[:, 0] += 2 * F["a"].to_numpy(float)
    i, j = np.triu_indices(n, 1)
    R = [standard_ranks(X), standard_ranks(Y)]
    halvings = make_halvings(pair_cells(read_levels(F)), np.arange(n), HALVINGS, 3)

    def columns(names):
        blocks = []
        for name in names:
            values = F[name].to_numpy(float, na_value=-1)
            pairs = np.sort(np.stack([values[i], values[j]]), axis=0).T
            blocks.append(pd.get_dummies(pd.Series(list(map(tuple, pairs)))).to_numpy(float))
        return np.hstack(blocks)

    def worth(names):
        if not names:
            return 0.0
        Z, found = columns(names), []
        for halving in halvings:
            rows = [half.positions for half in halving]
            for here, there in (rows, rows[::-1]):
                for one, other in (R, R[::-1]):
                    # A penalty of 1e-4 per pair.
                    fit = Ridge(alpha=1e-4 * len(here)).fit(Z[here], one[here])
                    found.append(np.cov(fit.predict(Z[there]), other[there], ddof=0)[0, 1])
        return float(np.mean(found))

    e = explain_similarity(F, X, Y, by="values", seed=3)
    expected = shapley_over_orders(worth, list(F))
    for name in F:
        assert e.contributions[name] == pytest.approx(expected[name], abs=1e-9)


@BOTH
@pytest.mark.parametrize("controls", [(), ("d",)])
def test_the_parts_sum_to_the_value(by, controls):
    n = 60
    F, (X, Y) = features(n), layers(n)
    e = explain_similarity(F, X, Y, by=by, controls=controls)
    assert e.value == pytest.approx(e.explained + e.form + e.lexical + e.unexplained, abs=1e-12)
    assert e.value == pytest.approx(parts(e).sum(), abs=1e-12)
    assert list(e.roles) == ["feature"] * (4 - len(controls)) + ["control"] * len(controls)
    assert controls or e.lexical == 0


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_independent_layers_share_nothing(by, seed):
    n = 600
    F, (X, Y) = features(n, seed), layers(n, seed + 100, units=20)
    e = explain_similarity(F, X, Y, by=by, controls=["d"])
    assert e.contributions.abs().max() < 0.005
    assert abs(e.explained) < 0.01
    assert abs(e.form) < 0.015
    assert abs(e.lexical) < 0.01


@BOTH
def test_no_part_of_a_random_layer_with_itself_is_the_features(by):
    n = 600
    F, (X, _) = features(n), layers(n, units=20)
    e = explain_similarity(F, X, X, by=by, controls=["d"])
    assert e.value == 1
    assert parts(e).drop("unexplained").abs().max() < 0.03
    assert e.unexplained == pytest.approx(1, abs=0.04)


def test_unequal_levels_are_credited_to_their_feature_by_values():
    n = 600
    F = features(n)
    rng = np.random.default_rng(5)
    places = rng.normal(size=(4, 20)) * np.array([1.0, 1.0, 3.0, 6.0])[:, None]
    X, Y = (places[F["a"].to_numpy(int)] + 0.3 * rng.normal(size=(n, 20)) for _ in range(2))
    values, differences = (explain_similarity(F, X, Y, by=by) for by in ("values", "differences"))
    assert values.value > 0.9
    assert values.contributions["a"] == pytest.approx(values.value, abs=0.02)
    assert values.contributions.drop("a").abs().max() < 0.01
    assert differences.contributions["a"] < 0.7 * differences.value
    assert differences.form == pytest.approx(differences.value - differences.explained, abs=0.02)
    assert differences.covered > 0.97


def test_planted_shares_are_recovered():
    """Independent additive parts of known shares: what a feature carries is its share of the variance."""
    n = 700
    rng = np.random.default_rng(8)
    F = pd.DataFrame({"a": rng.integers(2, size=n), "b": rng.integers(2, size=n)})
    units = [np.eye(4)[0] * 2.0, np.eye(4)[1] * 1.0]
    shared = F["a"].to_numpy()[:, None] * units[0] + F["b"].to_numpy()[:, None] * units[1]
    X, Y = (np.hstack([shared, 0.35 * rng.normal(size=(n, 3))]) for _ in range(2))
    i, j = np.triu_indices(n, 1)
    R = pd.DataFrame({"x": standard_ranks(X), "y": standard_ranks(Y)})
    means = {}
    for names in (["a"], ["b"], ["a", "b"]):
        for name in names:
            R[name] = F[name].to_numpy()[i] != F[name].to_numpy()[j]
        groups = R.groupby(names)
        means["".join(names)] = float((groups.size() * groups["x"].mean() * groups["y"].mean()).sum() / len(R))
    expected = {
        "a": (means["a"] + means["ab"] - means["b"]) / 2,
        "b": (means["b"] + means["ab"] - means["a"]) / 2,
    }
    e = explain_similarity(F, X, Y, by="values")
    for name, share in expected.items():
        assert e.contributions[name] + e.form / 2 == pytest.approx(share, abs=0.02)


def test_combinations_are_form_and_words_are_lexical():
    n = 600
    rng = np.random.default_rng(9)
    F = features(n)[["a", "b"]]
    F["word"] = rng.integers(30, size=n)
    joint = rng.normal(size=(4, 2, 20))[F["a"].to_numpy(int), F["b"].to_numpy(int)]
    words = rng.normal(size=(30, 20))[F["word"].to_numpy(int)]
    for by in ("differences", "values"):
        X, Y = (joint + 0.3 * rng.normal(size=(n, 20)) for _ in range(2))
        e = explain_similarity(F, X, Y, by=by, controls=["word"])
        assert e.form > 0.2
        assert e.unexplained < 0.07
        assert abs(e.lexical) < 0.02
        X, Y = (words + 0.3 * rng.normal(size=(n, 20)) for _ in range(2))
        e = explain_similarity(F, X, Y, by=by, controls=["word"])
        assert e.lexical > 0.3
        assert e.contributions[["a", "b"]].abs().max() < 0.02


@BOTH
def test_what_does_not_matter(by):
    n = 80
    F, (X, Y) = features(n), layers(n)
    X[:, 0] += 3 * F["a"].to_numpy(float)
    sentence = np.arange(n) // 2
    e = parts(explain_similarity(F, X, Y, by=by, groups=sentence))
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    moved = parts(explain_similarity(F, 3 * X @ rotation + 1, Y, by=by, groups=sentence))
    pd.testing.assert_series_equal(moved, e, atol=1e-9)
    renamed = F.assign(a=F["a"].map({0: "z", 1: "y", 2: "q", 3: "r"}), b=F["b"].map({0: True, 1: False}))
    pd.testing.assert_series_equal(parts(explain_similarity(renamed, X, Y, by=by, groups=sentence)), e, atol=1e-9)
    swapped = parts(explain_similarity(F, Y, X, by=by, groups=sentence))
    pd.testing.assert_series_equal(swapped, e, atol=1e-9)
    reordered = parts(explain_similarity(F[list("dbca")], X, Y, by=by, groups=sentence))
    pd.testing.assert_series_equal(reordered[list("abcd")], e[list("abcd")], atol=1e-9)
    again = explain_similarity(F, X, Y, by=by, groups=sentence)
    pd.testing.assert_series_equal(parts(again), e, rtol=0, atol=0)


def test_the_order_of_stimuli_does_not_matter():
    n = 80
    F, (X, Y) = features(n), layers(n)
    sentence = np.arange(n) // 2
    order = np.random.default_rng(4).permutation(n)
    for by in ("differences", "values"):
        e = explain_similarity(F, X, Y, by=by, groups=sentence)
        other = explain_similarity(F.iloc[order], X[order], Y[order], by=by, groups=sentence[order])
        pd.testing.assert_series_equal(parts(other), parts(e), atol=1e-9)


def test_pairs_are_left_out_before_ranking():
    n = 40
    F, (X, Y) = features(n), layers(n)
    words = np.arange(n) % 7
    i, j = np.triu_indices(n, 1)
    kept = words[i] != words[j]
    ranks = [rankdata(pdist(Z)[kept]) for Z in (X, Y)]
    e = explain_similarity(F, X, Y, exclude=words)
    assert e.value == pytest.approx(np.corrcoef(ranks)[0, 1], abs=1e-9)
    assert explain_similarity(F, X, Y, exclude=np.arange(n)).value == compare(X, Y, "rsa")


def test_numbers_of_many_values_are_binned_and_said_so():
    n = 200
    F = pd.DataFrame({"frequency": np.random.default_rng(0).gamma(2, size=n)})
    X, Y = layers(n)
    e = explain_similarity(F, X, Y, kinds={"frequency": "numeric"})
    assert len(e.bins["frequency"]) == 9
    binned = np.searchsorted(e.bins["frequency"], F["frequency"], side="right")
    assert np.bincount(binned).min() >= 19
    by_hand = explain_similarity(pd.DataFrame({"frequency": binned}), X, Y, kinds={"frequency": "numeric"})
    assert by_hand.contributions["frequency"] == pytest.approx(e.contributions["frequency"], abs=1e-12)


@BOTH
def test_a_layer_whose_stimuli_are_equally_far_apart_is_nan(by):
    n = 20
    F, (X, _) = features(n), layers(n)
    e = explain_similarity(F, np.eye(n), X, by=by)
    assert np.isnan(e.value)
    assert parts(e).drop("lexical").isna().all()
    assert "undefined" in e.sentence()


@BOTH
def test_intervals_hold_their_estimates(by):
    n = 120
    F, (X, Y) = features(n)[["a", "b"]], layers(n)
    for Z in (X, Y):
        Z[:, 0] += 2 * F["a"].to_numpy(float)
    e = explain_similarity(F, X, Y, by=by, n_resamples=40)
    table = e.table().query("role != 'lexical'")
    assert (table["low"] < table["high"]).all()
    assert table["low"].between(table["value"] - 0.3, table["value"]).mean() > 0.7
    assert e.over == "stimuli"
    assert table.set_index("part").loc["a", "low"] > 0
    assert explain_similarity(F, X, Y, groups=np.arange(n) // 3, n_resamples=5).over == "groups"


def test_many_features_are_divided_by_orders_with_their_error():
    n = 60
    rng = np.random.default_rng(0)
    F = pd.DataFrame({f"f{k}": rng.integers(2, size=n) for k in range(13)})
    X, Y = layers(n)
    e = explain_similarity(F, X, Y)
    assert e.standard_errors is not None
    assert (e.standard_errors > 0).all()
    assert e.value == pytest.approx(parts(e).sum(), abs=1e-12)


def test_drawn_orders_agree_with_all_orders_within_their_error():
    rng = np.random.default_rng(0)
    table = rng.normal(size=2**6)
    table[0] = 0

    def worth(subset):
        return np.array([table[int(subset @ 2 ** np.arange(6))]])

    exact, drawn = divide(worth, 6), divide(worth, 6, orders=3000)
    assert exact.values.sum() == pytest.approx(table[-1], abs=1e-12)
    assert drawn.values.sum() == pytest.approx(table[-1], abs=1e-12)
    off = np.abs(exact.values - drawn.values) / drawn.standard_errors
    assert off.max() < 4
    assert (off > 0.05).any()


def test_it_prints_as_a_small_table_and_a_sentence():
    n = 60
    F, (X, Y) = features(n), layers(n)
    text = repr(explain_similarity(F, X, Y))
    assert text.startswith("rsa = ")
    assert "unexplained" in text
    assert "lexical" not in text
    sentence = explain_similarity(F, X, X).sentence()
    assert sentence.startswith("RSA 1.00: ")
    assert sentence.endswith("is carried by nothing in the table.")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measure": "procrustes"}, "'procrustes'.*not known"),
        ({"measure": "nonsense"}, "'nonsense'"),
        ({"measure": "cka", "exclude": [1] * 20}, "cannot be left out"),
        ({"by": "forms"}, "by is 'forms'"),
        ({"controls": ["word"]}, "controls names 'word'"),
        ({"controls": list("abcd")}, "at least one feature"),
        ({"features": features(19)}, "19 rows for 20"),
        ({"groups": [0] * 20}, "at least 4"),
        ({"groups": [0] * 19}, "19 entries"),
        ({"exclude": [0] * 20}, "two pairs"),
        ({"n_resamples": -1}, "n_resamples"),
        ({"n_resamples": 3, "groups": [0, 1, 2, 3] * 5}, "at least 8"),
        ({"kinds": {"z": "numeric"}}, "'z'"),
        ({"Y": np.zeros((20, 3))}, "all 20 rows are equal"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(changes, message):
    X, Y = layers(20)
    given = {"features": features(20), "X": X, "Y": Y, **changes}
    with pytest.raises(InputError, match=message):
        explain_similarity(**given)
