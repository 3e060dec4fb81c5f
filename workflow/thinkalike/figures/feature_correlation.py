"""Fig. S5: which features of the stimuli can be told apart."""

import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_styles import feature_styles
from thinkalike.figures.parts.heatmap import draw_heatmap, square_table
from thinkalike.figures.parts.theme import DIVERGING, DOUBLE_COLUMN, SINGLE_COLUMN, new_figure, panel_letter, themed
from thinkalike.tables import require

_COLUMNS = ("feature_a", "feature_b", "correlation")


@themed
def feature_correlation(
    stimuli_correlation: pd.DataFrame, stimuli_difference_correlation: pd.DataFrame | None = None
) -> Figure:
    """Draw the correlations of the features, and beside them those of their differences.

    Parameters
    ----------
    stimuli_correlation
        One row per pair of features: `feature_a, feature_b, correlation` (Pearson, over stimuli); `role_a`, `role_b`
        (feature or control) where the table has them. Null where a correlation is not defined: the cell says "–".
    stimuli_difference_correlation
        The same for the differences of features over pairs of stimuli, which are what an MLEM sees.
    """
    tables = {"Features": stimuli_correlation}
    if stimuli_difference_correlation is not None:
        tables["Feature differences"] = stimuli_difference_correlation
    for name, table in tables.items():
        require(table, _COLUMNS, f"{name[0].lower()}{name[1:]} correlation")
    styles = feature_styles(_roles(pd.concat(list(tables.values()))))
    side = 2.9 if len(styles) <= 10 else 2.9 + 0.22 * (len(styles) - 10)
    figure = new_figure(max(DOUBLE_COLUMN, 2 * side) if len(tables) == 2 else max(SINGLE_COLUMN * 1.2, side), side)
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    for letter, axes, (name, table) in zip("AB", panels, tables.items(), strict=False):
        matrix = square_table(table, *_COLUMNS, list(styles), name.lower())
        draw_heatmap(axes, matrix, [style.label for style in styles.values()])
        if len(tables) == 2:
            panel_letter(axes, letter, name)
    colours = ScalarMappable(Normalize(-1, 1), cmap=DIVERGING)
    figure.colorbar(colours, ax=list(panels), label="Pearson correlation", shrink=0.7, aspect=25, pad=0.01)
    return figure


def _roles(table: pd.DataFrame) -> dict[str, str]:
    roles: dict[str, str] = {}
    for side in "ab":
        role = table.get(f"role_{side}", pd.Series("feature", index=table.index)).fillna("feature")
        roles |= dict(zip(table[f"feature_{side}"].astype(str), role, strict=True))
    return roles
