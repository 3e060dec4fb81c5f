"""Weighted Kendall by the coding of features that stands beside the one a study goes by."""

import numpy as np
import pandas as pd

from thinkalike.similarity.drawn_profiles import ProfileKind, profile_column
from thinkalike.similarity.measures.profiles import weighted_kendall_parts
from thinkalike.tables import other_codings, require


def kendall_of_other_coding(importance: pd.DataFrame, profile: ProfileKind = "importance") -> pd.DataFrame:
    """Compare the profiles of all layers by the coding that is not the study's own.

    Parameters
    ----------
    importance
        The study's table: `model, layer, feature, importance`, and where there are `role` and `coding`.
    profile
        `importance`, or `weight` for the column `relative_weight`.

    Returns
    -------
    DataFrame
        `model_a, layer_a, model_b, layer_b, measure, value`, each pair of layers once, a layer with itself among them.
        The measure is called `weighted_kendall.difference`, say. No rows where the table has one coding only.
    """
    column = profile_column(profile)
    require(importance, ("model", "layer", "feature", column), "importance")
    rows = other_codings(importance)
    columns = ["model_a", "layer_a", "model_b", "layer_b", "measure", "value"]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    features = rows[rows["role"] == "feature"] if "role" in rows else rows
    features = features.astype({"model": str, "layer": str})
    profiles = features.pivot_table(index=["model", "layer"], columns="feature", values=column).dropna()
    values, names = profiles.to_numpy(), profiles.index.to_frame(index=False)
    tables = []
    for place in range(len(values)):
        others = values[place:]  # each layer after it, and itself
        likeness = weighted_kendall_parts(np.broadcast_to(values[place], others.shape), others).sum(axis=-1)
        second = names.iloc[place:].rename(columns={"model": "model_b", "layer": "layer_b"})
        first = {"model_a": str(names.at[place, "model"]), "layer_a": str(names.at[place, "layer"])}
        tables.append(second.assign(**first, value=np.round(likeness, 12)))
    measure = f"weighted_kendall.{rows['coding'].iloc[0]}"
    return pd.concat(tables, ignore_index=True).assign(measure=measure)[columns]
