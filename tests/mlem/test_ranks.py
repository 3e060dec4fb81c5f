"""Scores of few predictions of many ties are those of scipy on the pairs written out."""

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from thinkalike.mlem.rank_tables import ranks_of_distances, table_of

RANDOM = np.random.default_rng(0)
DISTANCES = {
    "all different": RANDOM.random(500),
    "heavy ties": RANDOM.integers(0, 7, size=500) / 3,
    "some are 0": RANDOM.random(500) * RANDOM.integers(0, 2, size=500),
    "one far away": np.append(1e-9 * RANDOM.permutation(499), 1e9),
}


@pytest.mark.parametrize("case", DISTANCES)
def test_ranks_of_distances(case):
    values = DISTANCES[case]
    ranks, squares = ranks_of_distances(values)
    expected = rankdata(values) - (len(values) + 1) / 2
    np.testing.assert_array_equal(ranks, expected)
    assert squares == pytest.approx(float(expected @ expected), rel=1e-12)


@pytest.mark.parametrize("case", DISTANCES)
@pytest.mark.parametrize("n_patterns", [2, 7, 400])
def test_spearman_of_a_table(case, n_patterns):
    values = DISTANCES[case]
    index = RANDOM.integers(n_patterns, size=len(values))
    predictions = RANDOM.permutation(n_patterns) // (1 + n_patterns // 4) / 7  # some patterns have one prediction
    table = table_of(index, *ranks_of_distances(values), n_patterns)
    expected = spearmanr(predictions[index], values).statistic
    assert table.score(predictions, "spearman") == pytest.approx(expected, abs=1e-12)
