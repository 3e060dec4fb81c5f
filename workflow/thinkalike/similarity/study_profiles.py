"""The profiles of all layers of a study, and the same in every resample."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.layers import layer_order
from thinkalike.similarity.drawn_profiles import Draws, ProfileKind, drawn_profiles, profile_column
from thinkalike.tables import first_coding, require

Layer = tuple[str, str]


@dataclass(frozen=True)
class StudyProfiles:
    """Profiles by (model, layer), models in the order of the table, layers in theirs.

    Attributes
    ----------
    features
        What the numbers of a profile are of.
    means
        Shape (n_features,), on all stimuli.
    draws
        Shape (n_draws, n_features), in resamples that all layers share.
    """

    features: list[str]
    means: dict[Layer, npt.NDArray[np.float64]]
    draws: dict[Layer, Draws]

    @property
    def models(self) -> list[str]:
        """Names of the models."""
        return list(dict.fromkeys(model for model, _ in self.means))

    def of_model(self, model: str) -> list[Layer]:
        """Return a model's layers, in order."""
        return [layer for layer in self.means if layer[0] == model]


def study_profiles(
    importance: pd.DataFrame, resamples: pd.DataFrame, profile: ProfileKind = "importance"
) -> StudyProfiles:
    """Read the profiles of a study from its tables.

    Parameters
    ----------
    importance
        Rows of all models: `model, layer, feature, role` and the profile's column; several folds are averaged, controls
        left out.
    resamples
        Rows of all models, see `CrossValidation.profile_draws`.
    profile
        As in `compare_profiles`.

    Raises
    ------
    InputError
        When a layer has no resamples, or other features than the others.
    """
    column = profile_column(profile)
    require(importance, ("model", "layer", "feature", "role", column), "importance")
    rows = first_coding(importance)
    rows = rows[rows["role"] == "feature"].astype({"model": str, "layer": str})
    features = list(dict.fromkeys(rows["feature"]))
    table = rows.groupby(["model", "layer", "feature"], sort=False)[column].mean().unstack("feature")[features]
    if table.isna().any(axis=None):
        model, layer = table.index[table.isna().any(axis=1)][0]
        raise InputError(f"{model}, layer {layer} has not the same features as the others; fit all with the same.")
    order = {model: place for place, model in enumerate(dict.fromkeys(rows["model"]))}
    layers = sorted(table.index, key=lambda layer: (order[layer[0]], layer_order(layer[1])))
    drawn = {
        (str(model), layer): draws
        for model, own in resamples.groupby("model", sort=False)
        for layer, draws in drawn_profiles(own, features, profile=profile, model=str(model)).items()
    }
    missing = [layer for layer in layers if layer not in drawn]
    if missing:
        raise InputError(f"{missing[0][0]}, layer {missing[0][1]} has no resamples; run the mlem stage again.")
    means = {layer: table.loc[layer].to_numpy(dtype=np.float64) for layer in layers}
    return StudyProfiles(features, means, {layer: drawn[layer] for layer in layers})
