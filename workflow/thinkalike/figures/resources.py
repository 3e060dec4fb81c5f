"""Time and memory of the workflow's rules, as its benchmark files tell them."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from thinkalike.figures.parts.measure_labels import short_label
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, SMALL, new_figure, themed
from thinkalike.tables import require

_MINUTE, _HOUR = 60.0, 3600.0
_STEPS = {
    "seconds": (
        *(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
        *(step * _MINUTE for step in (1, 3, 10, 30)),
        *(step * _HOUR for step in (1, 3, 10, 30, 100, 300)),
    ),
    "memory": tuple(float(2**power) for power in range(0, 24)),
}


@themed
def resources(benchmarks: pd.DataFrame) -> Figure:
    """Draw each job's time and peak memory by rule; beside them a rule's jobs and their summed time.

    Parameters
    ----------
    benchmarks
        One row per job: `rule`, and Snakemake's `s` (seconds of wall time) and `max_rss` (MiB); where a job has a
        `measure`, it counts for the measure in place of the rule. Jobs too short for Snakemake to see their memory have
        none ("-" or null), and jobs whose rule was not recorded share a row.

    Returns
    -------
    Figure
        A point for each job and a bar for the median of each rule, sorted by the time they took in all.
    """
    require(benchmarks, ("rule", "s", "max_rss"), "benchmarks")
    table = pd.DataFrame(
        {
            "rule": _rules(benchmarks),
            "seconds": pd.to_numeric(benchmarks["s"], errors="coerce"),
            "memory": pd.to_numeric(benchmarks["max_rss"], errors="coerce"),
        }
    )
    totals = table.groupby("rule")["seconds"].sum().sort_index().sort_values(ascending=False, kind="stable")
    counts = table["rule"].value_counts()
    places = dict(zip(totals.index, np.arange(len(totals))[::-1], strict=True))
    figure = new_figure(DOUBLE_COLUMN, 0.9 + 0.2 * len(totals))
    time, memory = figure.subplots(1, 2, sharey=True, width_ratios=(1.15, 1))
    _draw_jobs(time, table, "seconds", places, _duration)
    _draw_jobs(memory, table, "memory", places, _size)
    time.set_yticks([*places.values()], ["MLEM" if rule == "mlem" else short_label(rule) for rule in places])
    time.set_ylim(-0.6, len(places) - 0.4)
    time.set_xlabel("Time of a job")
    memory.set_xlabel("Peak memory of a job")
    for rule, place in places.items():
        jobs = f"{counts[rule]:,} job{'s' if counts[rule] > 1 else ''}, {_duration(totals[rule])}"
        memory.annotate(
            jobs, (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=SMALL, color=DARK_GREY
        )
    header = (1.02, len(places) - 0.38)
    place_of = ("axes fraction", "data")
    memory.annotate("Jobs, time in all", header, xycoords=place_of, fontsize=SMALL, fontweight="bold")
    return figure


def _rules(benchmarks: pd.DataFrame) -> pd.Series:
    rules = benchmarks["rule"].astype(object).where(benchmarks["rule"].notna(), "not recorded")
    return benchmarks["measure"].where(benchmarks["measure"].notna(), rules) if "measure" in benchmarks else rules


def _draw_jobs(
    axes: Axes, table: pd.DataFrame, column: str, places: dict[str, int], write: Callable[[float], str]
) -> None:
    for rule, place in places.items():
        values = np.sort(table.loc[(table["rule"] == rule) & (table[column] > 0), column].to_numpy())
        # Jobs of a rule are spread evenly over its row by rank: nothing random, and ties stay visible.
        spread = place + np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.full(len(values), place)
        axes.plot(
            values, spread, linestyle="", marker="o", markersize=2.6, color="#33508f", alpha=0.5, markeredgewidth=0
        )
        if len(values):
            axes.plot([np.median(values)] * 2, [place - 0.33, place + 0.33], color=DARK_GREY, linewidth=1.2)
    axes.set_xscale("log")
    ticks = _ticks(table.loc[table[column] > 0, column], _STEPS[column])
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [write(value) for value in ticks])
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _ticks(values: pd.Series, steps: Sequence[float]) -> list[float]:
    """Return the round values from just below the least to just above the largest, at most about seven."""
    if values.empty:
        return [steps[0]]
    first = max((index for index, step in enumerate(steps) if step <= values.min()), default=0)
    last = min((index for index, step in enumerate(steps) if step >= values.max()), default=len(steps) - 1)
    every = -(-(last - first) // 6) or 1
    return list(steps[first : last + every : every])


def _duration(seconds: float) -> str:
    for size, unit in ((_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"


def _size(mebibytes: float) -> str:
    return f"{mebibytes / 1024:.3g} GiB" if mebibytes >= 1024 else f"{mebibytes:.3g} MiB"
