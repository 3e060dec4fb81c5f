"""What the features can say at all: on how many pairs each varies, and which cannot be told apart."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.features import ENTANGLED, INSEPARABLE
from thinkalike.mlem.cells import UNDEFINED, Coding, combine
from thinkalike.mlem.moments import Moments


def pairs_varying(coding: Coding, exclude: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Return on how many pairs (of different `exclude` label) each feature differs, shape (n_features,)."""
    return np.array([_varying(codes, exclude) for codes in coding.codes.T])


def _varying(codes: NDArray[np.int64], exclude: NDArray[np.int64] | None) -> float:
    def pairs_within(groups: NDArray[np.int64]) -> float:
        sizes = np.bincount(groups[groups != UNDEFINED]).astype(float)
        return float(sizes @ sizes) / 2

    everything = np.where(codes == UNDEFINED, UNDEFINED, 0)
    number = pairs_within(everything) - pairs_within(codes)
    if exclude is not None:
        number -= pairs_within(combine(everything, exclude)) - pairs_within(combine(codes, exclude))
    return number


def difference_correlations(moments: Moments, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the correlation of the differences of any two features over pairs; NaN where one never varies."""
    n = len(names)
    mean = moments.z[:n] / moments.pairs
    covariance = moments.zz[:n, :n] / moments.pairs - np.outer(mean, mean)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
    deviation[deviation < 1e-7 * np.sqrt(np.diag(moments.zz)[:n] / moments.pairs)] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.clip(covariance / np.outer(deviation, deviation), -1, 1)
    correlations[:, deviation == 0] = correlations[deviation == 0, :] = np.nan
    return pd.DataFrame(correlations, index=list(names), columns=list(names))


def same_differences(correlations: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which features differ just where another one does, by the same amount but for a factor."""
    others = correlations.to_numpy(copy=True)
    np.fill_diagonal(others, np.nan)
    return np.asarray((np.nan_to_num(others) > 1 - 1e-9).any(axis=1))


def _tied(names: tuple[str, ...], others: NDArray[np.float64]) -> list[list[int]]:
    """Return the groups of features that cannot be told apart, those of one alone included."""
    groups: list[list[int]] = []
    for f in range(len(names)):
        near = [group for group in groups if any(abs(others[f, g]) >= INSEPARABLE for g in group)]
        joined = sorted([f, *(g for group in near for g in group)])
        groups = [group for group in groups if group not in near] + [joined]
    return groups


def diagnose_features(
    moments: Moments, coding: Coding, pairs_varying: NDArray[np.float64]
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Return a table by feature, the correlations, and a sentence for each trouble."""
    names = coding.names
    correlations = difference_correlations(moments, names)
    others = correlations.to_numpy(copy=True)
    np.fill_diagonal(others, np.nan)
    strength = np.where(np.isnan(others), -1.0, np.abs(others))
    closest = strength.argmax(axis=1)
    known = strength[np.arange(len(names)), closest] >= 0
    table = pd.DataFrame(
        {
            "feature": list(names),
            "pairs_varying": pairs_varying,
            "share_varying": pairs_varying / moments.pairs,
            "closest_feature": [names[g] if ok else None for g, ok in zip(closest, known, strict=True)],
            "closest_correlation": np.where(known, others[np.arange(len(names)), closest], np.nan),
            "tied_to": _tied_names(names, others),
        }
    )
    return table, correlations, tuple(_sentences(names, others, pairs_varying))


def _tied_names(names: tuple[str, ...], others: NDArray[np.float64]) -> list[str]:
    """Return for each feature the names of those that it cannot be told from; empty for none."""
    group_of = {f: group for group in _tied(names, others) for f in group}
    return [", ".join(names[g] for g in group_of[f] if g != f) for f in range(len(names))]


def _sentences(names: tuple[str, ...], others: NDArray[np.float64], pairs_varying: NDArray[np.float64]) -> list[str]:
    sentences = [
        f"Feature '{name}' differs on no pair: its weight and importance are 0 and say nothing about the model."
        for name, count in zip(names, pairs_varying, strict=True)
        if count == 0
    ]
    tied = [group for group in _tied(names, others) if len(group) > 1]
    for group in tied:
        strengths = np.abs(others[np.ix_(group, group)])
        listed = ", ".join(f"'{names[f]}'" for f in group[:-1]) + f" and '{names[group[-1]]}'"
        least, most = np.nanmin(strengths), np.nanmax(strengths)
        sentences.append(
            f"Features {listed} cannot be told apart: their differences correlate at {least:.2f}"
            f"{f' to {most:.2f}' if len(group) > 2 else ''} over pairs; read their weights and importances together."
        )
    for f, name in enumerate(names):
        for g in range(f + 1, len(names)):
            if any(f in group and g in group for group in tied):
                continue
            if abs(others[f, g]) >= ENTANGLED:
                sentences.append(
                    f"Features '{name}' and '{names[g]}' are entangled: their differences correlate at "
                    f"{others[f, g]:.2f} over pairs; see conditional and drop-column importance, too."
                )
    return sentences
