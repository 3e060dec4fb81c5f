"""How far the measures of similarity agree on which layers are alike."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from thinkalike.figures.parts.heatmap import draw_heatmap, square_table
from thinkalike.figures.parts.measure_labels import measures_in_order, short_label
from thinkalike.figures.parts.theme import DIVERGING, single_panel, themed
from thinkalike.tables import require


@themed
def measure_agreement(agreement: pd.DataFrame, *, ax: Axes | None = None) -> Figure:
    """Draw the Spearman correlation between each two measures over layer pairs.

    Parameters
    ----------
    agreement
        One row per pair of measures: `measure_a, measure_b, spearman, n_pairs`, each pair in one direction or in both;
        a measure with itself is not drawn.
    ax
        Where to draw; by default a figure of its own.
    """
    require(agreement, ("measure_a", "measure_b", "spearman", "n_pairs"), "agreement")
    measures = measures_in_order({*agreement["measure_a"].astype(str), *agreement["measure_b"].astype(str)})
    matrix = square_table(agreement, "measure_a", "measure_b", "spearman", measures, "agreement")
    side = 1.8 + 0.36 * (len(measures) - 1)
    figure, axes = single_panel(ax, side + 0.7, side)
    draw_heatmap(axes, matrix, [short_label(measure) for measure in measures])
    counts = agreement.loc[agreement["measure_a"] != agreement["measure_b"], "n_pairs"]
    fewest, most = int(counts.min()), int(counts.max())
    pairs = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    colours = ScalarMappable(Normalize(-1, 1), cmap=DIVERGING)
    figure.colorbar(colours, ax=axes, label=f"Spearman ρ\n({pairs} layer pairs)", shrink=0.7, aspect=25, pad=0.02)
    return figure
