"""How far a layer's profile is decided by the stimuli: the profiles of two halves of them, compared."""

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.similarity.drawn_profiles import ProfileKind, claim_of, drawn_profiles
from thinkalike.similarity.measures.measure import find_measure
from thinkalike.similarity.preparation import DECIMALS

COLUMNS = ["model", "layer", "measure", "reliability", "sd", "halvings", "over"]


def reliability(resamples: pd.DataFrame, *, measures: list[str], profile: ProfileKind = "importance") -> pd.DataFrame:
    """Compare each layer's profile in one half of the stimuli with its profile in the other half.

    Parameters
    ----------
    resamples
        Rows of all models: `model, layer, kind, draw, role, feature, over` and the profile's column; the halves are
        read.
    measures
        Measures of profiles. `resolved_kendall` compares what is certain already and has no reliability; it is left
        out.
    profile
        As in `compare_profiles`.

    Returns
    -------
    DataFrame
        One row per layer and measure: `model, layer, measure, reliability` (mean over halvings), `sd` (over halvings),
        `halvings` and `over`, what was halved. Two layers can hardly be more alike than the profile of each is like
        itself in other stimuli. It is that of half of the stimuli: all of them are more reliable. nan where a half has
        no order.
    """
    features = list(dict.fromkeys(resamples.loc[resamples["role"] == "feature", "feature"]))
    chosen = {name: find_measure(name) for name in measures if find_measure(name).compares == "profiles"}
    if not features:
        raise InputError("The table of resamples has no row of a feature; run the mlem stage again.")
    rows = []
    for model, own in resamples.groupby("model", sort=False):
        for layer, halves in drawn_profiles(own, features, kind="half", profile=profile, model=str(model)).items():
            for name, entry in chosen.items():
                comparator = entry.with_options()
                values = np.array(
                    [
                        comparator.score(a, b) if np.isfinite([a, b]).all() else np.nan
                        for a, b in zip(halves[::2], halves[1::2], strict=True)
                    ]
                )
                mean, sd = (values.mean(), values.std(ddof=1)) if len(values) > 1 else (values.sum(), np.nan)
                rows.append((str(model), layer, name, mean, sd, len(values)))
    table = pd.DataFrame(rows, columns=COLUMNS[:-1]).assign(over=claim_of(resamples))
    return table.round({"reliability": DECIMALS, "sd": DECIMALS})
