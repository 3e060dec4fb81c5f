"""The most and the least similar pair of layers of a study."""

from collections.abc import Collection, Mapping

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.figures.parts.inputs import select_measure
from thinkalike.figures.parts.measure_labels import larger_is_more_similar
from thinkalike.figures.parts.styles import model_styles
from thinkalike.similarity.layer_pairs import Layer, distinct_pairs, layer_matrix, models_of

Pair = tuple[Layer, Layer]


def extreme_pairs(
    similarity: pd.DataFrame,
    measure: str = "weighted_kendall",
    *,
    between_models_only: bool = True,
    exclude: Collection[str] | None = None,
    families: Mapping[str, str] | None = None,
) -> dict[str, Pair]:
    """Return the pair of layers that is most alike and the one that is least.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value`.
    measure
        Which measure of the table; its direction is the registry's.
    between_models_only
        Leave out pairs within one model, and within one family (two seeds of it).
    exclude
        Models that are left out; by default those whose name or family says that they were never trained.
    families
        Family by model name; without it told from the names.

    Returns
    -------
    dict
        `most` and `least`, each ((model, layer), (model, layer)), the first model before the second by name. Of equal
        values the first by name is taken.
    """
    rows = select_measure(similarity, measure)
    styles = model_styles(models_of(rows), families)
    left_out = {name for name, style in styles.items() if style.control} if exclude is None else set(exclude)
    kept = {name: style for name, style in styles.items() if name not in left_out}
    pairs = distinct_pairs(layer_matrix(rows, measure, dict(sorted(kept.items()))))
    if between_models_only:
        family_of = {name: style.family for name, style in kept.items()}
        pairs = pairs[pairs["model_a"].map(family_of) != pairs["model_b"].map(family_of)]
    if pairs.empty:
        raise InputError(
            f"The similarity table has no pair of layers of {measure} between the models to compare; "
            "add a model to the study or allow pairs within a model."
        )
    pairs = pairs.sort_values(["value", "model_a", "layer_a", "model_b", "layer_b"], kind="stable")
    low, high = pairs["value"].min(), pairs["value"].max()
    ends = (high, low) if larger_is_more_similar(measure) else (low, high)
    return {
        name: _pair(pairs[pairs["value"] == end].iloc[0]) for name, end in zip(("most", "least"), ends, strict=True)
    }


def _pair(row: pd.Series) -> Pair:
    return (str(row["model_a"]), str(row["layer_a"])), (str(row["model_b"]), str(row["layer_b"]))
