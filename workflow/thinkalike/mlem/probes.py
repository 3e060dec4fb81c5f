"""Linear probes: what can be read off a layer, beside what shapes its distances?

A probe of a feature that is a property of words may read off which word it is, and look the value up: arbitrary labels
of 14 lemmas are decoded at .93. Two numbers stand beside every score. `control_score` is that of the control task
(Hewitt and Liang 2019), the same labels shuffled among the units that they are a property of (sentences, lemmas,
words); `score_by_lemma` holds out all stimuli of some lemmas, whose words the probe has then never seen.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.features import Feature, fold_groups
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.folds import outer_folds
from thinkalike.numerics.matrices import as_matrix, of_order_one
from thinkalike.numerics.parallel import single_threaded
from thinkalike.property_levels import find_level, level_units

Fold = npt.NDArray[np.int64]
Scores = dict[str, tuple[float, float]]  # score and chance by name
_Probe = Callable[[npt.NDArray[np.float64], pd.Series, Fold], Scores]
_ALPHAS = 10.0 ** np.arange(-2.0, 7.0, 2.0)
_SHUFFLES = 3
_COLUMNS = [
    *("feature", "kind", "role", "score_name", "score", "chance", "control_score"),
    *("score_by_lemma", "chance_by_lemma", "control_score_by_lemma", "n"),
]


def probe_layer(
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    vectors: Any,
    *,
    folds: int | Sequence[Any] = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Predict every feature from a layer by a linear model, cross-validated over sentences and over lemmas.

    Parameters
    ----------
    stimuli
        The stimulus table, one row per stimulus in the order of `vectors`: a column for every feature and, where there
        are such, `sentence_id`, whose stimuli then share a fold (that of the MLEM), `word` and `lemma`.
    features
        By name. Controls are probed too.
    vectors
        Shape (n, units), or a `Representation`.
    folds
        Their number, or a fold label for every stimulus.
    seed
        Draws the folds and shuffles the labels of the control task.

    Returns
    -------
    DataFrame
        One row per feature and kind of score: feature, kind, role, score_name, score, chance, control_score,
        score_by_lemma, chance_by_lemma, control_score_by_lemma, n.

        Categorical and ordinal features: ridge classifier, its penalty chosen inside the training part by
        leave-one-out; `balanced_accuracy` (mean recall of the classes) and, with two classes, `roc_auc`. Both are
        computed within each fold and averaged, because held-out predictions of several folds, pooled, score below
        chance where there is nothing to decode. `chance` is what these predictions would score on average if the labels
        changed places within folds: 1 / the number of classes (AUC: 0.5), unless a fold lacks a class. Numeric: ridge
        regression, `r2` of all held-out predictions against the training means, 0 or a little below by chance.

        `control_score` is the mean of 3 control tasks: the labels shuffled among sentences, lemmas, words or stimuli,
        whichever the feature is a property of. The columns `by_lemma` hold out whole lemmas (words, where there is no
        column of lemmas); nan without either, and where a class has too few of them.

        Stimuli without a value are left out; so are classes of fewer than two stimuli per fold, or that all lie in one
        fold. Fewer than two classes that remain give nan.

    Raises
    ------
    InputError
        When rows do not match or there are fewer sentences than folds.
    """
    X = np.asarray(of_order_one(as_matrix(vectors, "vectors"), "vectors")[0], dtype=np.float64)
    if len(stimuli) != len(X):
        raise InputError(f"There are {len(stimuli)} stimuli but {len(X)} vectors; give one vector per stimulus.")
    units = _units(stimuli)
    groups = units["sentence"]
    if "sentence_id" in stimuli.columns:
        groups = label_codes(fold_groups(stimuli).reset_index(drop=True), pd.RangeIndex(len(stimuli)), "sentences")
    over_sentences = outer_folds(_checked_number(folds, groups), groups, seed)
    over_lemmas = _over_lemmas(units, folds if isinstance(folds, int) else int(over_sentences.max()) + 1, seed)
    rows: list[dict[str, Any]] = []
    for name, feature in features.items():
        if name not in stimuli.columns:
            raise InputError(f"Feature '{name}' is not a column of the stimulus table.")
        column = stimuli[name].reset_index(drop=True)
        kept = column.notna().to_numpy()
        level = feature.level or find_level(column, level_units(stimuli)).level
        shuffled = _shuffled(column, units[level], seed)
        with single_threaded():
            found = [
                _probed(feature, X[kept], column[kept], [one[kept] for one in shuffled], fold[kept])
                for fold in (over_sentences, over_lemmas)
                if fold is not None
            ]
        rows += _rows(feature, found, int(kept.sum()))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _units(stimuli: pd.DataFrame) -> dict[str, Fold]:
    """Return, for every level, the unit of each stimulus; of the next finer level where there is no such column."""
    own = np.arange(len(stimuli), dtype=np.int64)
    index = pd.RangeIndex(len(stimuli))

    def codes(key: str, otherwise: Fold) -> Fold:
        if key not in stimuli.columns:
            return otherwise
        labels = stimuli[key].reset_index(drop=True)
        return label_codes(labels.astype("string").str.lower() if key in ("word", "lemma") else labels, index, key)

    word = codes("word", own)
    lemma, sentence = codes("lemma", word), codes("sentence_id", own)
    item = codes("item_id", sentence)
    return {"stimulus": own, "word": word, "lemma": lemma, "sentence": sentence, "item": item}


def _checked_number(folds: int | Sequence[Any], sentences: Fold) -> int | Sequence[Any]:
    number = int(sentences.max()) + 1
    if isinstance(folds, int) and not 2 <= folds <= number:
        raise InputError(f"Option 'folds' is {folds} but must be from 2 to the number of sentences, {number}.")
    return folds


def _over_lemmas(units: Mapping[str, Fold], folds: int, seed: int) -> Fold | None:
    """Return folds of whole lemmas; None where every stimulus is a lemma of its own, or there are too few lemmas."""
    lemmas = units["lemma"]
    number = int(lemmas.max()) + 1
    return None if number == len(lemmas) or number < 2 * folds else outer_folds(folds, lemmas, seed)


def _shuffled(column: pd.Series, units: Fold, seed: int) -> list[pd.Series]:
    """Return the labels of the control task: those of units that have one change places."""
    generator = np.random.default_rng(seed)
    first = pd.Series(column.to_numpy()).groupby(units).first()
    labels = first.dropna()
    drawn = []
    for _ in range(_SHUFFLES):
        moved = pd.Series(labels.to_numpy()[generator.permutation(len(labels))], index=labels.index)
        drawn.append(pd.Series(moved.reindex(units).to_numpy(), index=column.index))
    return drawn


def _probed(
    feature: Feature, X: npt.NDArray[np.float64], column: pd.Series, shuffled: list[pd.Series], fold: Fold
) -> dict[str, tuple[float, float, float]]:
    """Return score, chance and the mean score of the control tasks, by the name of the score."""
    probe: _Probe = _probe_number if feature.kind == "numeric" else _probe_classes
    scores = probe(X, column, fold)
    controls = [probe(X, one, fold) for one in shuffled]

    def control(name: str) -> float:
        values = [one[name][0] for one in controls if name in one]
        return float(np.mean(values)) if values else float("nan")

    return {name: (score, chance, control(name)) for name, (score, chance) in scores.items()}


def _rows(feature: Feature, found: list[dict[str, tuple[float, float, float]]], n: int) -> list[dict[str, Any]]:
    rows = []
    for name, values in found[0].items():
        by_lemma = found[1].get(name, (np.nan,) * 3) if len(found) > 1 else (np.nan,) * 3
        score, chance, control = (round(float(value), 12) for value in values)
        other, other_chance, other_control = (round(float(value), 12) for value in by_lemma)
        entries = (feature.name, feature.kind, feature.role, name, score, chance, control)
        rows.append(dict(zip(_COLUMNS, (*entries, other, other_chance, other_control, n), strict=True)))
    return rows


def _probe_classes(X: npt.NDArray[np.float64], column: pd.Series, fold: Fold) -> Scores:
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = column.astype(str).to_numpy()
    kept = np.isin(labels, _usual_classes(labels, fold))
    X, labels, fold = X[kept], labels[kept], fold[kept]
    classes = np.unique(labels)
    if len(classes) < 2:
        return {"balanced_accuracy": (np.nan, np.nan)}
    accuracies, aucs = [], []
    for held_out in np.unique(fold):
        test = fold == held_out
        model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=_ALPHAS, class_weight="balanced"))
        model.fit(X[~test], labels[~test])
        accuracies.append(_balanced_accuracy(labels[test], model.predict(X[test])))
        if len(classes) == 2 and len(np.unique(labels[test])) == 2:
            margins = model.decision_function(X[test])
            aucs.append(float(roc_auc_score(labels[test] == classes[1], margins)))
    score, chance = np.mean(accuracies, axis=0)
    scores = {"balanced_accuracy": (float(score), float(chance))}
    if aucs:
        scores["roc_auc"] = (float(np.mean(aucs)), 0.5)
    return scores


def _usual_classes(labels: npt.NDArray[Any], fold: Fold) -> npt.NDArray[Any]:
    """Return the classes with two stimuli per fold at least that are in every training part."""
    names, counts = np.unique(labels, return_counts=True)
    several = np.array([len(np.unique(fold[labels == name])) > 1 for name in names], dtype=bool)
    return names[(counts >= 2 * len(np.unique(fold))) & several]


def _balanced_accuracy(labels: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the mean recall of the classes that are there, and its mean over all exchanges of the labels."""
    present = np.unique(labels)
    recalls = [np.mean(predicted[labels == name] == name) for name in present]
    return float(np.mean(recalls)), float(np.mean(np.isin(predicted, present)) / len(present))


def _probe_number(X: npt.NDArray[np.float64], column: pd.Series, fold: Fold) -> Scores:
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    y = column.to_numpy(dtype=np.float64)
    residual, total = 0.0, 0.0
    for held_out in np.unique(fold):
        test = fold == held_out
        if test.all():
            return {"r2": (np.nan, 0.0)}
        model = make_pipeline(StandardScaler(), RidgeCV(alphas=_ALPHAS)).fit(X[~test], y[~test])
        residual += float(np.sum((y[test] - model.predict(X[test])) ** 2))
        total += float(np.sum((y[test] - y[~test].mean()) ** 2))
    return {"r2": (1 - residual / total if total > 0 else np.nan, 0.0)}
