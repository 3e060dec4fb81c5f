"""A study in a few sentences, each computed from its tables: what was studied, what was found, what to beware of."""

import pandas as pd

from thinkalike.explorer import summary_of_pairs as pairs
from thinkalike.explorer.sentence_parts import enumerated, number
from thinkalike.explorer.summary_warnings import warnings_of
from thinkalike.figures.parts.feature_styles import feature_label
from thinkalike.figures.parts.model_styles import model_styles
from thinkalike.tables import first_coding, other_codings, require

#: More entries of a study than this are counted, not named.
_MOST_NAMES = 8


def summarise(
    *,
    importance: pd.DataFrame,
    scores: pd.DataFrame,
    similarity: pd.DataFrame,
    models: pd.DataFrame,
    stimuli: pd.DataFrame,
    agreement: pd.DataFrame | None = None,
    explained: pd.DataFrame | None = None,
    stimuli_warnings: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return a study's summary.

    Parameters
    ----------
    importance, scores, similarity, models, stimuli, agreement, explained, stimuli_warnings
        The study's tables of these names.

    Returns
    -------
    DataFrame
        One row per sentence: `kind` (studied, result, warning), `topic`, `sentence`, and `tables`, the names of the
        tables from which its numbers are computed.

    Raises
    ------
    InputError
        When a table lacks a column.
    """
    require(importance, ("model", "layer", "feature", "role", "importance"), "importance")
    require(scores, ("model", "layer", "score"), "scores")
    found = [
        ("studied", "study", _studied(models, stimuli, importance), "models, stimuli, importance"),
        ("result", "importance", _first_features(importance, models), "importance, models"),
        ("result", "score", _scores(scores, models), "scores, models"),
    ]
    if explained is not None and len(explained):
        found += [
            ("result", "most alike", pairs.most_alike(explained, models), "explained, models"),
            ("result", "explained", pairs.share_explained(explained, models), "explained, models"),
        ]
    measure = str(similarity["measure"].iloc[-1]) if explained is None else str(explained["measure"].iloc[0])
    found.append(("result", "training", pairs.trained_and_untrained(similarity, measure, models), "similarity, models"))
    if agreement is not None:
        found.append(("result", "agreement", pairs.measures_agree(agreement), "agreement"))
    found += [("warning", topic, text, tables) for topic, text, tables in warnings_of(importance, stimuli_warnings)]
    kept = [row for row in found if row[2]]
    return pd.DataFrame(kept, columns=["kind", "topic", "sentence", "tables"])


def _studied(models: pd.DataFrame, stimuli: pd.DataFrame, importance: pd.DataFrame) -> str:
    styles = model_styles(models, models)
    entries = list(dict.fromkeys(style.entry_label for style in styles.values() if not style.control))
    untrained = sum(style.control for style in styles.values())
    named = [*entries] if len(entries) <= _MOST_NAMES else [f"{len(entries)} trained entries of the study"]
    if untrained:
        named.append(f"{untrained} untrained control{'s' if untrained > 1 else ''}")
    roles = importance.drop_duplicates("feature")["role"].value_counts()
    sentences = f" in {stimuli['sentence_id'].nunique():,} sentences" if "sentence_id" in stimuli else ""
    controls = roles.get("control", 0)
    beside = f" and {controls} control{'s' if controls > 1 else ''}" if controls else ""
    layers = len(models[["model", "layer"]].drop_duplicates())
    return (
        f"{len(styles)} models ({enumerated(named)}), {layers} layers in all, by "
        f"{len(stimuli):,} stimuli{sentences} and {roles.get('feature', 0)} features{beside}."
    )


def _first_features(importance: pd.DataFrame, models: pd.DataFrame) -> str | None:
    """Say which feature is first in how many layers, of trained models and of controls."""
    rows = first_coding(importance)
    rows = rows[(rows["role"] == "feature") & rows["importance"].notna()]
    if rows.empty:
        return None
    # Of features that are equally important the first by name.
    ordered = rows.assign(importance=rows["importance"].round(12)).sort_values("feature", kind="stable")
    firsts = ordered.sort_values("importance", ascending=False, kind="stable").drop_duplicates(["model", "layer"])
    firsts = firsts[firsts["importance"] > 0]
    controls = {name for name, style in model_styles(models, models).items() if style.control}
    texts = []
    for whose, chosen in (
        ("trained models", firsts[~firsts["model"].isin(controls)]),
        ("untrained controls", firsts[firsts["model"].isin(controls)]),
    ):
        counts = chosen["feature"].value_counts()
        leading = sorted(counts.index, key=lambda name: (-counts[name], name))[:2]
        listed = [f"{feature_label(name).lower()} in {counts[name]}" for name in leading]
        if listed:
            texts.append(f"of the {len(chosen)} layers of {whose}, {enumerated(listed)}")
    return f"The most important feature is: {'; '.join(texts)}." if texts else None


def _scores(scores: pd.DataFrame, models: pd.DataFrame) -> str | None:
    """Say how well the features explain the layers, by both codings where there are two."""
    controls = {name for name, style in model_styles(models, models).items() if style.control}
    rows, others = first_coding(scores), other_codings(scores)
    trained = rows[~rows["model"].isin(controls)]
    if trained.empty or trained["score"].isna().all():
        return None
    of = f" ({rows['coding'].iloc[0]})" if "coding" in rows else ""
    text = (
        f"The features predict held-out distances with a mean score of {number(trained['score'].mean())}{of} in layers "
        f"of trained models, from {number(trained['score'].min())} to {number(trained['score'].max())}"
    )
    untrained = rows[rows["model"].isin(controls)]
    if len(untrained):
        text += f", and of {number(untrained['score'].mean())} in those of untrained controls"
    if len(others):
        mean = others[~others["model"].isin(controls)]["score"].mean()
        text += f"; by {others['coding'].iloc[0]} the trained models' mean is {number(mean)}"
    return text + "."
