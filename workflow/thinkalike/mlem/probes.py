"""Linear probes: what can be read off a layer, beside what shapes its distances?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.features import Feature, fold_groups
from thinkalike.numerics.matrices import as_matrix
from thinkalike.numerics.parallel import single_threaded

Fold = npt.NDArray[np.intp]
_ALPHAS = 10.0 ** np.arange(-2.0, 7.0, 2.0)


def probe_layer(
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    vectors: Any,
    *,
    folds: int | Sequence[Any] = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Predict every feature from a layer by a linear model, cross-validated over sentences.

    Parameters
    ----------
    stimuli
        The stimulus table, a row per stimulus in the order of `vectors`: a column for every feature and, where there is
        one, `sentence_id`, whose stimuli then share a fold.
    features
        By name. Controls are probed too.
    vectors
        Shape (n, units), or a `Representation`.
    folds
        Their number, or a fold label for every stimulus.
    seed
        Draws the folds.

    Returns
    -------
    DataFrame
        feature, kind, role, score_name, score, chance, n. Categorical and ordinal features: ridge classifier, its
        penalty chosen inside the training part by leave-one-out; `balanced_accuracy` (mean recall of the classes,
        chance 1 / their number) and, with two classes, `roc_auc` (chance 0.5). Numeric: ridge regression, `r2` against
        the training mean (chance 0, below it if worse). Stimuli without a value are left out; classes of fewer than two
        stimuli a fold are left out too. The score pools the held-out predictions of all folds; nan if fewer than two
        classes remain.

    Raises
    ------
    InputError
        When rows do not match or there are fewer sentences than folds.
    """
    X = as_matrix(vectors, "vectors")
    if len(stimuli) != len(X):
        raise InputError(f"There are {len(stimuli)} stimuli but {len(X)} vectors; give one vector per stimulus.")
    test_fold = _fold_of_rows(stimuli, folds, seed)
    rows: list[dict[str, Any]] = []
    for name, feature in features.items():
        if name not in stimuli.columns:
            raise InputError(f"Feature '{name}' is not a column of the stimulus table.")
        probe = _probe_number if feature.kind == "numeric" else _probe_classes
        column = stimuli[name].reset_index(drop=True)
        kept = column.notna().to_numpy()
        with single_threaded():
            scores = probe(X[kept], column[kept], test_fold[kept])
        rows += [{"feature": name, "kind": feature.kind, "role": feature.role, **score} for score in scores]
    return pd.DataFrame(rows, columns=["feature", "kind", "role", "score_name", "score", "chance", "n"])


def _fold_of_rows(stimuli: pd.DataFrame, folds: int | Sequence[Any], seed: int) -> Fold:
    """Return the test fold of every stimulus; all stimuli of a sentence share it."""
    if not isinstance(folds, int):
        if len(folds) != len(stimuli):
            raise InputError(f"There are {len(folds)} fold labels for {len(stimuli)} stimuli; give one for each.")
        return pd.factorize(np.asarray(folds))[0]
    sentences = fold_groups(stimuli) if "sentence_id" in stimuli.columns else pd.Series(range(len(stimuli)))
    codes, names = pd.factorize(sentences)
    if not 2 <= folds <= len(names):
        raise InputError(f"Option 'folds' is {folds} but must be from 2 to the number of sentences, {len(names)}.")
    fold_of_sentence = np.random.default_rng(seed).permutation(np.arange(len(names)) % folds)
    return fold_of_sentence[codes]


def _probe_classes(X: npt.NDArray[np.float64], column: pd.Series, test_fold: Fold) -> list[dict[str, Any]]:
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = column.astype(str).to_numpy()
    names, counts = np.unique(labels, return_counts=True)
    usual = names[counts >= 2 * max(1, len(np.unique(test_fold)))]
    kept = np.isin(labels, usual)
    X, labels, test_fold = X[kept], labels[kept], test_fold[kept]
    if len(usual) < 2:
        return [_score("balanced_accuracy", float("nan"), float("nan"), len(labels))]
    predicted = labels.copy()
    margins = np.zeros(len(labels))
    for fold in np.unique(test_fold):
        test = test_fold == fold
        if len(np.unique(labels[~test])) < len(usual):
            return [_score("balanced_accuracy", float("nan"), 1 / len(usual), len(labels))]
        model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=_ALPHAS, class_weight="balanced"))
        model.fit(X[~test], labels[~test])
        predicted[test] = model.predict(X[test])
        margins[test] = model.decision_function(X[test]) if len(usual) == 2 else 0.0
    accuracy = float(balanced_accuracy_score(labels, predicted))
    scores = [_score("balanced_accuracy", accuracy, 1 / len(usual), len(labels))]
    if len(usual) == 2:
        scores.append(_score("roc_auc", float(roc_auc_score(labels == usual[1], margins)), 0.5, len(labels)))
    return scores


def _probe_number(X: npt.NDArray[np.float64], column: pd.Series, test_fold: Fold) -> list[dict[str, Any]]:
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    y = column.to_numpy(dtype=np.float64)
    residual, total = 0.0, 0.0
    for fold in np.unique(test_fold):
        test = test_fold == fold
        model = make_pipeline(StandardScaler(), RidgeCV(alphas=_ALPHAS)).fit(X[~test], y[~test])
        residual += float(np.sum((y[test] - model.predict(X[test])) ** 2))
        total += float(np.sum((y[test] - y[~test].mean()) ** 2))
    return [_score("r2", 1 - residual / total if total > 0 else float("nan"), 0.0, len(y))]


def _score(name: str, value: float, chance: float, n: int) -> dict[str, Any]:
    return {"score_name": name, "score": round(value, 12), "chance": chance, "n": n}
