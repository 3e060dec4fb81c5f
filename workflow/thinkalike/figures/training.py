"""How well the models trained here have learnt: held-out loss against the grammar's own entropy."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thinkalike.catalogue import TRAINED_ARCHITECTURES
from thinkalike.errors import InputError
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, new_figure, themed
from thinkalike.tables import require

_TITLES = {"causal": "Causal: next sub-token", "masked": "Masked: hidden sub-tokens"}
_FLOOR_DASHES = (0, (5, 2))


@themed
def training(training: pd.DataFrame, models: pd.DataFrame | None = None) -> Figure:
    """Draw held-out loss by step, a panel for each objective.

    Parameters
    ----------
    training
        One row per (model, step, split): `model, architecture, step, split, loss, floor` in nats per sub-token; an
        `objective` (causal or masked) where the architecture is not one that is trained here. Rows of other splits than
        `heldout` are not drawn; a model with one step only, an untrained control, is a level.
    models
        The study's table of models, for order and colours (`model_styles`).

    Returns
    -------
    Figure
        A line for each model; in brackets how far its last loss is above the floor.
    """
    require(training, ("model", "architecture", "step", "split", "loss", "floor"), "training")
    heldout = training[training["split"] == "heldout"]
    require(heldout, ("model",), "held-out training")
    heldout = heldout.assign(objective=_objectives(heldout))
    styles = model_styles(heldout, models)
    objectives = [name for name in (*_TITLES, *sorted(set(heldout["objective"]))) if name in set(heldout["objective"])]
    objectives = list(dict.fromkeys(objectives))
    figure = new_figure(DOUBLE_COLUMN, 2.75) if len(objectives) > 1 else new_figure(DOUBLE_COLUMN * 0.6, 2.75)
    for axes, objective in zip(figure.subplots(1, len(objectives), squeeze=False)[0], objectives, strict=True):
        table = heldout[heldout["objective"] == objective]
        handles = _draw_curves(axes, table, styles)
        axes.set_title(_TITLES.get(objective, objective))
        axes.set_xlabel("Training step")
        axes.set_ylabel("Held-out loss (nats per sub-token)")
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _objectives(table: pd.DataFrame) -> pd.Series:
    if "objective" in table:
        return table["objective"].astype(str)
    unknown = sorted(set(table["architecture"]) - set(TRAINED_ARCHITECTURES))
    if unknown:
        known = ", ".join(TRAINED_ARCHITECTURES)
        raise InputError(
            f"The training table has the architecture '{unknown[0]}', which is none of those trained here ({known}); "
            "add a column 'objective' (causal or masked)."
        )
    return table["architecture"].map({name: known.objective for name, known in TRAINED_ARCHITECTURES.items()})


def _draw_curves(axes: Axes, table: pd.DataFrame, models: Mapping[str, ModelStyle]) -> list[Line2D]:
    handles = []
    last_step = max(float(table["step"].max()), 1.0)
    for name, style in models.items():
        rows = table[table["model"] == name].sort_values("step")
        if rows.empty:
            continue
        x, y = (rows["step"], rows["loss"]) if len(rows) > 1 else ([0, last_step], [rows["loss"].iloc[0]] * 2)
        dashes = style.line["linestyle"] if style.control or style.shade == 0 else (0, (5, 1, 1, 1))
        look: dict[str, Any] = {"color": style.colour, "linestyle": dashes, "linewidth": 1.1}
        axes.plot(x, y, zorder=2 if style.control else 3, **look)
        handles.append(Line2D([], [], label=f"{style.label}{_excess(rows)}", **look))
    floors = sorted(table["floor"].dropna().unique())
    for floor in floors:
        axes.axhline(floor, color=DARK_GREY, linewidth=0.8, linestyle=_FLOOR_DASHES, zorder=1)
    if floors:
        written = f"Floor {floors[0]:.2f}" if len(floors) == 1 else f"Floors {floors[0]:.2f} to {floors[-1]:.2f}"
        handles.append(Line2D([], [], color=DARK_GREY, linewidth=0.8, linestyle=_FLOOR_DASHES, label=written))
    axes.set_xlim(0, last_step)
    lowest = min([float(table["loss"].min()), *floors])
    axes.set_ylim(bottom=max(0.0, lowest - 0.08 * (float(table["loss"].max()) - lowest)))
    return handles


def _excess(rows: pd.DataFrame) -> str:
    last = rows.iloc[-1]
    if pd.isna(last["floor"]) or last["floor"] <= 0:
        return f" ({last['loss']:.2f})"
    return f" ({100 * (last['loss'] / last['floor'] - 1):+.1f} %)".replace("-", "−")
