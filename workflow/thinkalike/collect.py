"""The tables of a whole study, put together from those of its layers and pairs of models."""

import ast
import csv
import hashlib
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import requires, version
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.files import whole_file
from thinkalike.numerics.draws import interval_of_draws
from thinkalike.numerics.false_discovery import with_q
from thinkalike.numerics.ranks import round_off
from thinkalike.tables import first_coding, read_table, write_table

#: What Snakemake measures of a job.
_MEASURED = [
    *("s", "h:m:s", "max_rss", "max_vms", "max_uss", "max_pss"),
    *("io_in", "io_out", "mean_load", "cpu_time", "threads"),
]


def model_table(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per layer of every model of a study, in the study's order.

    Parameters
    ----------
    records
        One mapping per model with `model, entry, family, control, source, location, seed, layers`.

    Returns
    -------
    DataFrame with the same columns but `layers`, and `layer` (label), `layer_index` (from 0) and `depth` (0 for the
    first layer, 1 for the last).
    """
    frame = pd.DataFrame(list(records)).explode("layers", ignore_index=True).rename(columns={"layers": "layer"})
    frame["layer_index"] = frame.groupby("model", sort=False).cumcount()
    last = frame.groupby("model", sort=False)["layer_index"].transform("max")
    frame["depth"] = frame["layer_index"] / last.clip(lower=1)
    return frame


def stack(paths: Iterable[str | Path], expected: Iterable[Mapping[str, Iterable[str]]] | None = None) -> pd.DataFrame:
    """Return the rows of all tables, in the order of `paths`.

    Parameters
    ----------
    paths
        The tables.
    expected
        What each of them must hold: the values of a column, no more and no fewer, by the column's name.

    Raises
    ------
    InputError
        If a table holds something else: it has been copied, renamed, or made for another study.
    """
    paths = list(paths)
    frames = [read_table(path) for path in paths]
    if expected is not None:
        for path, frame, columns in zip(paths, frames, expected, strict=True):
            for column, values in columns.items():
                _refuse_other(path, frame, column, set(values))
    return pd.concat(frames, ignore_index=True)


def expected_layers(layers: Mapping[str, Iterable[str]]) -> list[dict[str, list[str]]]:
    """Return what the tables of every layer of every model must hold, given each model's layers, for `stack`."""
    return [{"model": [model], "layer": [layer]} for model, labels in layers.items() for layer in labels]


def expected_pairs(layers: Mapping[str, Iterable[str]], measures: Iterable[str]) -> list[dict[str, list[str]]]:
    """Return what the tables of all pairs of models by each measure must hold, for `stack`."""
    return [
        {
            **{"measure": [measure], "model_a": [a], "model_b": [b]},
            **{"layer_a": list(layers[a]), "layer_b": list(layers[b])},
        }
        for measure in measures
        for a, b in combinations_with_replacement(sorted(layers), 2)
    ]


def _refuse_other(path: str | Path, frame: pd.DataFrame, column: str, wanted: set[str]) -> None:
    found = set(frame[column].astype(str)) if column in frame else set()
    for name in sorted(found ^ wanted):
        what = "lacks" if name in wanted else "holds"
        raise InputError(
            f"{path}: this table {what} the {column} '{name}', but it must hold {', '.join(sorted(wanted))} and "
            "nothing else; it has been copied or renamed: remove it and run again."
        )


# What the model of a layer was fitted and judged by, the same in all folds.
_MODEL_SETTINGS = ("coding", "scoring")
# What is averaged over folds beside what begins with `importance`; and what is of the stimuli, the same in all folds.
_AVERAGED = ("weight", "relative_weight", "conditional_importance", "shared_importance")
_OF_PART = ("stimuli", "left_out")
_OF_STIMULI = ("conditioned_on", "movable", "tied_to")


# Of what a profile is made, and the bounds of its intervals.
_PROFILES = {"importance": (-float("inf"), float("inf")), "relative_weight": (0.0, float("inf"))}


def layer_table(
    kind: str, rows: pd.DataFrame, models: pd.DataFrame, resamples: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return one of the tables of all layers, with what is known of the model and the layer before its values.

    Parameters
    ----------
    kind
        `importance`: one row per feature of a layer, weight and importance averaged over folds, with their deviations
        (`_sd`); features keep the order in which they were declared. `scores`: one row per layer, averaged likewise;
        the penalty by its geometric mean, since its grid is logarithmic. Both of each coding of the
        features; `importance_within` and `scores_within` likewise, for each part of the stimuli. Others
        (`level_weights`, `resamples`, `interactions`, `inference`, `probes`): the layers' rows as they are.
    rows
        Those of the layers' tables of that kind, one under the other.
    models
        What `model_table` returned.
    resamples
        The layers' rows of `resamples`, for the table `importance`: of the coding that they are of, `importance` and
        `relative_weight` then have 95 % intervals (`_low`, `_high`), and `over` says what was resampled.
    """
    part = ["within"] if "within" in rows else []
    if kind.removesuffix("_within") == "importance":
        values = [column for column in map(str, rows.columns) if column in _AVERAGED or column.startswith("importance")]
        settings = [column for column in _MODEL_SETTINGS if column in rows]
        fixed = [column for column in _OF_STIMULI if column in rows]
        rows = _over_folds(rows, ["model", "layer", *part, *settings, "feature", "role", *fixed], values)
        rows = rows[[column for column in rows if column not in fixed] + fixed]
    elif kind.removesuffix("_within") == "scores":
        keys = ["model", "layer", *part, *(column for column in (*_MODEL_SETTINGS, *_OF_PART) if column in rows)]
        values = [column for column in map(str, rows.columns) if column not in (*keys, "fold", "alpha")]
        alphas = rows.groupby(keys, sort=False)["alpha"].agg(_geometric_mean).reset_index()
        rows = _over_folds(rows, keys, values).merge(alphas, on=keys, validate="1:1")
    if kind == "importance" and resamples is not None and len(resamples):
        rows = _with_intervals(rows, resamples)
    rows = with_q(rows, ["quantity", "over"])  # over all layers and features
    known = models[["model", "family", "control", "seed", "layer", "layer_index", "depth"]]
    return known.merge(rows, on=["model", "layer"], how="inner", validate="one_to_many")


def _with_intervals(rows: pd.DataFrame, resamples: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a profile with the intervals that its draws give."""
    keys = ["model", "layer", "feature"]
    drawn = resamples[resamples["kind"] == "resample"]
    if drawn.empty:
        return rows
    own = first_coding(rows)
    rows = rows.copy()
    for column, bounds in _PROFILES.items():
        wide = drawn.pivot(index="draw", columns=keys, values=column)
        wide = wide.reindex(columns=pd.MultiIndex.from_frame(own[keys]))
        ends = interval_of_draws(own[column], wide.to_numpy(dtype=np.float64), bounds)
        for name, end in zip(("low", "high"), ends, strict=True):
            rows.loc[own.index, f"{column}_{name}"] = round_off(end)
    rows["over"] = None
    rows.loc[own.index, "over"] = drawn["over"].iloc[0]
    return rows


def describe_models(frame: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return a table with one or more rows per model, with family, control and seed before its values."""
    known = models[["model", "family", "control", "seed"]].drop_duplicates()
    values = frame.drop(columns=[column for column in ("family", "control", "seed") if column in frame])
    return known.merge(values, on="model", how="inner", validate="one_to_many")


def collect_benchmarks(folder: str | Path) -> pd.DataFrame:
    """Return what Snakemake measured of every job.

    Parameters
    ----------
    folder
        The study's benchmarks/. The files are those of `benchmark-extended`, which the default profile asks for: they
        say which rule ran for which wildcards.

    Returns
    -------
    DataFrame
        One row per run of a job, sorted by path: `rule`, `job` (the path without its ending), a column for each
        wildcard (`dataset`, `model`, `layer`, `measure`, ...), and Snakemake's columns, of which `s` is seconds of wall
        time, `cpu_time` seconds of all cores and `max_rss` MiB; null where a job was too short to be measured. A file
        without the extension does not tell rule and wildcards, which are null then.
    """
    folder = Path(folder)
    frames = [_benchmark(path, str(path.relative_to(folder).with_suffix(""))) for path in sorted(folder.rglob("*.tsv"))]
    if not frames:
        return pd.DataFrame(columns=["rule", "job", *_MEASURED])
    table = pd.concat(frames, ignore_index=True)
    wildcards = [name for name in table if name not in ("rule", "job", *_MEASURED)]
    return table[["rule", "job", *wildcards, *_MEASURED]]


def _benchmark(path: Path, job: str) -> pd.DataFrame:
    # Fields hold Python's own notation, with quotes of both kinds.
    frame = pd.read_csv(path, sep="\t", na_values=["-", "NA"], quoting=csv.QUOTE_NONE)
    told = frame["wildcards"].map(ast.literal_eval).tolist() if "wildcards" in frame else [{}] * len(frame)
    table = pd.DataFrame(told, index=frame.index, dtype=object).assign(job=job)
    table["rule"] = frame.get("rule_name")
    return pd.concat([table, frame.reindex(columns=_MEASURED)], axis=1)


def version_table() -> pd.DataFrame:
    """Return the versions of Python, of this package and of what it depends on: `package, version`."""
    needed = [requirement for requirement in requires("thinkalike") or [] if "extra ==" not in requirement]
    names = sorted(re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in needed)
    rows = [("python", platform.python_version()), *((name, version(name)) for name in ("thinkalike", *names))]
    return pd.DataFrame(rows, columns=["package", "version"])


def write_collection(frame: pd.DataFrame, parquet: str | Path, csv: str | Path, metadata: Mapping[str, Any]) -> None:
    """Write a table of the study, and the same as CSV for people and spreadsheets."""
    with whole_file(csv) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
    write_table(frame, parquet, metadata, csv=hashlib.sha256(Path(csv).read_bytes()).hexdigest())


def _over_folds(folds: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
    grouped = folds.groupby(keys, sort=False, dropna=False)[values]
    deviations = grouped.std(ddof=1).add_suffix("_sd")
    return pd.concat([grouped.mean(), deviations], axis=1).reset_index()


def _geometric_mean(values: pd.Series) -> float:
    return float(np.exp(np.log(values).mean()))
