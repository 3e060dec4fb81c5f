"""What a reader of a study should beware of, found in its tables."""

import pandas as pd

from thinkalike.tables import first_coding


def warnings_of(importance: pd.DataFrame, stimuli_warnings: pd.DataFrame | None) -> list[tuple[str, str, str]]:
    """Return topic, sentence and tables of each warning.

    Warned of are problems of the stimuli, and profiles of importance most of which lies within noise of 0.
    """
    found = [("profiles", text, "importance") for text in _noise(first_coding(importance))]
    if stimuli_warnings is not None:
        found += [("stimuli", str(text), "stimuli_warnings") for text in stimuli_warnings["warning"]]
    return found


def _noise(importance: pd.DataFrame) -> list[str]:
    """Say in how many layers more than half of the features are within two standard deviations over folds of 0."""
    if "importance_sd" not in importance:
        return []
    rows = importance[importance["role"] == "feature"].dropna(subset=["importance", "importance_sd"])
    near = rows["importance"].abs() <= 2 * rows["importance_sd"]
    shares = near.groupby([rows["model"], rows["layer"]]).mean()
    count = int((shares > 0.5).sum())
    if not count:
        return []
    return [
        f"In {count} of {len(shares)} layers more than half of the features have an importance within two standard "
        "deviations over folds of 0: the order of those, and weighted Kendall as far as it goes by it, may be chance."
    ]
