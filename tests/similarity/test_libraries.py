"""Live cross-checks against public libraries, on data that no file of this project holds."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr, weightedtau

from thinkalike.similarity import compare
from thinkalike.similarity.compare_profiles import find_measure


def related(seed, n, d1, d2):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 6))
    return tuple(shared @ rng.normal(size=(6, d)) + 1.5 * rng.normal(size=(n, d)) + 3 for d in (d1, d2))


PAIRS = {"tall": related(1, 80, 12, 20), "wide": related(2, 40, 90, 60)}
each_pair = pytest.mark.parametrize("X, Y", PAIRS.values(), ids=PAIRS)


@each_pair
@pytest.mark.parametrize("kind", ["euclidean", "sqeuclidean", "cosine", "correlation"])
def test_rsa_equals_scipy(X, Y, kind):
    expected = spearmanr(pdist(X, kind), pdist(Y, kind)).statistic
    assert compare(X, Y, "rsa", dissimilarity=kind) == pytest.approx(expected, abs=1e-11)


@each_pair
def test_rsa_and_linear_cka_equal_rsatoolbox(X, Y):
    rdm = pytest.importorskip("rsatoolbox.rdm")
    data = pytest.importorskip("rsatoolbox.data")
    a, b = (rdm.calc_rdm(data.Dataset(Z), method="euclidean") for Z in (X, Y))
    for method, measure, options in (
        ("spearman", "rsa", {}),
        ("corr", "rsa", {"dissimilarity": "sqeuclidean", "comparison": "pearson"}),
        ("cosine", "rsa", {"dissimilarity": "sqeuclidean", "comparison": "cosine"}),
        ("tau-a", "rsa", {"comparison": "kendall_tau_a"}),
        ("kendall", "rsa", {"comparison": "kendall_tau_b"}),
        ("cosine_cov", "cka", {}),
    ):
        expected = rdm.compare(a, b, method=method)[0, 0]
        assert compare(X, Y, measure, **options) == pytest.approx(expected, abs=1e-9), method


@each_pair
def test_cka_equals_ckatorch(X, Y):
    torch = pytest.importorskip("torch")
    core = pytest.importorskip("ckatorch.core")
    x, y = torch.tensor(X), torch.tensor(Y)
    biased = float(core.cka_base(x, y, kernel="linear", unbiased=False, method="fro_norm"))
    debiased = float(core.cka_base(x, y, kernel="linear", unbiased=True, method="fro_norm"))
    rbf = float(core.cka_base(x, y, kernel="rbf", unbiased=False, method="fro_norm"))
    assert compare(X, Y, "cka") == pytest.approx(biased, abs=1e-9)
    assert compare(X, Y, "cka_debiased") == pytest.approx(debiased, abs=1e-9)
    assert compare(X, Y, "cka", kernel="rbf", bandwidth="lower_median") == pytest.approx(rbf, abs=1e-9)


@each_pair
def test_minibatch_cka_equals_ckatorch(X, Y):
    torch = pytest.importorskip("torch")
    core = pytest.importorskip("ckatorch.core")
    batches = [torch.tensor(Z).reshape(-1, 10, Z.shape[1]) for Z in (X, Y)]
    expected = float(core.cka_batch(*batches))
    assert compare(X, Y, "cka_debiased", batch_size=10) == pytest.approx(expected, abs=1e-9)
    assert compare(X, Y, "cka_debiased", batch_size=len(X)) == pytest.approx(compare(X, Y, "cka_debiased"), abs=1e-11)


@each_pair
def test_distance_correlation_equals_its_definition(X, Y):
    """Székely, Rizzo & Bakirov (2007), equation 2.9; dcor's values are among those of test_oracle.py."""

    def centred(Z):
        distances = squareform(pdist(Z))
        return distances - distances.mean(0) - distances.mean(1)[:, None] + distances.mean()

    A, B = centred(X), centred(Y)
    expected = np.sqrt((A * B).mean() / np.sqrt((A**2).mean() * (B**2).mean()))
    assert compare(X, Y, "distance_correlation") == pytest.approx(expected, abs=1e-11)


def test_procrustes_equals_scipy():
    from scipy.spatial import procrustes

    X, Y = related(3, 50, 12, 12)
    nuclear = np.sqrt(1 - procrustes(X, Y)[2])
    assert compare(X, Y, "procrustes") == pytest.approx(np.sqrt(2 - 2 * nuclear), abs=1e-11)
    assert compare(X, Y, "procrustes_angular") == pytest.approx(np.arccos(nuclear), abs=1e-11)


@each_pair
def test_aligned_cosine_equals_scipy_on_padded_matrices(X, Y):
    from scipy.linalg import orthogonal_procrustes

    width = max(X.shape[1], Y.shape[1])
    x, y = (np.pad(Z - Z.mean(axis=0), ((0, 0), (0, width - Z.shape[1]))) for Z in (X, Y))
    rotated = x @ orthogonal_procrustes(x, y)[0]
    cosines = (rotated * y).sum(axis=1) / np.linalg.norm(rotated, axis=1) / np.linalg.norm(y, axis=1)
    assert compare(X, Y, "aligned_cosine") == pytest.approx(cosines.mean(), abs=1e-11)


def test_regression_equals_scikit_learn():
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import r2_score

    X, Y = PAIRS["tall"]
    predicted = LinearRegression().fit(Y, X).predict(Y)
    expected = r2_score(X, predicted, multioutput="variance_weighted")
    assert compare(X, Y, "linear_regression") == pytest.approx(expected, abs=1e-11)


@each_pair
def test_cross_validated_regression_equals_scikit_learn(X, Y):
    from sklearn.linear_model import RidgeCV

    residual = total = 0.0
    for fold in np.array_split(np.random.default_rng(4).permutation(len(X)), 4):
        train = np.setdiff1d(np.arange(len(X)), fold)
        singular = np.linalg.svd(Y[train] - Y[train].mean(axis=0), compute_uv=False)
        model = RidgeCV(alphas=10.0 ** np.arange(-4, 5) * np.mean(singular**2)).fit(Y[train], X[train])
        residual += np.sum((X[fold] - model.predict(Y[fold])) ** 2)
        total += np.sum((X[fold] - X[train].mean(axis=0)) ** 2)
    value = compare(X, Y, "linear_regression", folds=4, seed=4)
    assert value == pytest.approx(1 - residual / total, abs=1e-9)


def test_cca_equals_the_eigenvalues_of_its_definition():
    X, Y = (Z - Z.mean(axis=0) for Z in PAIRS["tall"])
    product = np.linalg.solve(X.T @ X, X.T @ Y) @ np.linalg.solve(Y.T @ Y, Y.T @ X)
    correlations = np.sqrt(np.sort(np.linalg.eigvals(product).real)[::-1])
    assert compare(X, Y, "cca") == pytest.approx(correlations.mean(), abs=1e-9)
    assert compare(X, Y, "cca", squared=True) == pytest.approx((correlations**2).mean(), abs=1e-9)


@each_pair
@pytest.mark.parametrize("centred", [True, False])
def test_neighbours_equal_scikit_learn(X, Y, centred):
    from sklearn.neighbors import NearestNeighbors

    sets = []
    for Z in (X, Y):
        Z = Z - Z.mean(axis=0) if centred else Z
        found = NearestNeighbors(n_neighbors=7, metric="cosine").fit(Z).kneighbors(return_distance=False)
        sets.append([set(row) for row in found])  # without a query, scikit-learn leaves out the row itself
    shared = np.array([len(a & b) for a, b in zip(*sets, strict=True)])
    assert compare(X, Y, "mutual_knn", k=7, centre=centred) == pytest.approx(np.mean(shared / 7), abs=1e-11)
    assert compare(X, Y, "jaccard", k=7, centre=centred) == pytest.approx(np.mean(shared / (14 - shared)), abs=1e-11)
    second = []
    for i, (a, b) in enumerate(zip(*sets, strict=True)):
        union = sorted(a | b)
        rows = []
        for Z in (X, Y):
            Z = Z - Z.mean(axis=0) if centred else Z
            unit = Z / np.linalg.norm(Z, axis=1, keepdims=True)
            rows.append(unit[union] @ unit[i])
        second.append(rows[0] @ rows[1] / np.linalg.norm(rows[0]) / np.linalg.norm(rows[1]))
    value = compare(X, Y, "second_order_cosine", k=7, centre=centred)
    assert value == pytest.approx(np.mean(second), abs=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_profiles_equal_scipy(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 4, 9) / 4, rng.random(9)  # ties in x
    for name, expected in (("weighted_kendall", weightedtau(x, y)), ("spearman_profiles", spearmanr(x, y))):
        assert find_measure(name).with_options().score(x, y) == pytest.approx(expected.statistic, abs=1e-12)
