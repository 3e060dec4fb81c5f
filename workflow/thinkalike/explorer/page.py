"""The page as text: a pure function of the study's tables."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from thinkalike.explorer.content import (
    explained_content,
    layer_content,
    measure_content,
    profile_content,
    with_explained_intervals,
    word_content,
)
from thinkalike.explorer.packing import pack_text
from thinkalike.files import whole_file
from thinkalike.similarity.drawn_profiles import ProfileKind
from thinkalike.similarity.other_coding import kendall_of_other_coding
from thinkalike.tables import require

#: Snakemake puts a page into the address of a frame, which Chromium leaves empty from 1.56 MB on.
MOST_IN_REPORT = 1_500_000
_LINK = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Explorer</title>
<p>The explorer of this study is too large to be shown within the report. Open the file <code>{{ path }}</code>.</p>
</html>
"""
#: In the order in which the page runs them: each defines one part of `explorer`.
SCRIPTS = (
    *("base", "data", "state", "kendall", "chart", "export"),
    *("bar", "matrix", "pair", "profiles", "parts", "words", "nearest", "depth", "start"),
)


def render_page(
    *,
    similarity: pd.DataFrame,
    importance: pd.DataFrame,
    stimuli: pd.DataFrame,
    models: pd.DataFrame | None = None,
    sentences: pd.DataFrame | None = None,
    word_maps: pd.DataFrame | None = None,
    inference: pd.DataFrame | None = None,
    explained: pd.DataFrame | None = None,
    summary: pd.DataFrame | None = None,
    profile: ProfileKind = "importance",
    study: str = "",
    dataset: str = "",
    datasets: Sequence[str] = (),
) -> str:
    """Return the page; the same tables give the same text.

    Parameters
    ----------
    similarity
        `model_a, layer_a, model_b, layer_b, measure, value`, and `low, high, p, calibrated` where there are.
    importance
        `model, layer, feature, importance`, and `role`, `importance_low`, `importance_high` or `importance_sd`, and
        `coding` where there are; of two codings the study's own comes first, and the page can show either.
    stimuli
        `stimulus_id, word`, a column for each feature, and `sentence_id, position` where there are sentences.
    models
        The study's table of models, for order and colours (`model_styles` in `thinkalike.figures.parts`).
    sentences
        `sentence_id, words`.
    word_maps
        `model, layer, stimulus_id, x, y, share`; without it the page has no maps.
    inference
        `model, layer, quantity, feature, low, high`: intervals of importance.
    explained
        `model_a, layer_a, model_b, layer_b, measure, part, role, value`: explained similarity.
    summary
        `kind, sentence`: the study in a few sentences, for the head of the page (`summarise`).
    profile
        What a layer's profile is made of: `importance`, or `weight`, for which the table `importance` has
        `relative_weight` in place of `importance`.
    study, dataset, datasets
        Names for the heading; the other datasets' pages are linked.

    Raises
    ------
    InputError
        When a table is empty or lacks a column.
    """
    layers, keys = layer_content(similarity, models)
    if (similarity["measure"] == "weighted_kendall").any():
        similarity = pd.concat([similarity, kendall_of_other_coding(importance, profile)], ignore_index=True)
    similarity = with_explained_intervals(similarity, explained)
    profiles = profile_content(importance, inference, keys, profile)
    names = [feature["name"] for feature in profiles["features"]]
    content: dict[str, Any] = {
        **layers,
        "measures": measure_content(similarity, keys),
        "profiles": profiles,
        "words": word_content(stimuli, sentences, word_maps, names, keys),
        "explained": explained_content(explained, keys),
        "study": study,
        "dataset": dataset,
        "datasets": list(datasets),
    }
    return (
        _environment()
        .from_string(_read("page.html"))
        .render(
            study=study,
            dataset=dataset,
            style=_read("style.css"),
            scripts=[_read(f"scripts/{name}.js") for name in SCRIPTS],
            summary=_sentences(summary),
            content=pack_text(content),
        )
    )


def write_page(path: str | Path, *, in_report: str | Path | None = None, **tables: Any) -> None:
    """Write the page to a file, whole or not at all.

    Parameters
    ----------
    path
        The file, explorer.html.
    in_report
        Where the page for Snakemake's report goes: the same page, or where that is too large for a report (it would
        show an empty frame) one sentence that says where the page lies.
    **tables
        As `render_page` takes them.
    """
    text = render_page(**tables)
    for target, content in ((path, text), (in_report, page_for_report(text, path))):
        if target is not None:
            with whole_file(target) as temporary:
                temporary.write_text(content, encoding="utf-8")


def page_for_report(page: str, path: str | Path) -> str:
    """Return what a report can show of a page that lies at `path`: itself up to 1.5 MB, else where it lies."""
    if len(page.encode("utf-8")) <= MOST_IN_REPORT:
        return page
    return _environment().from_string(_LINK).render(path=str(path))


def _sentences(summary: pd.DataFrame | None) -> dict[str, list[str]]:
    """Return the sentences of a summary by kind."""
    if summary is None:
        return {}
    require(summary, ("kind", "sentence"), "summary")
    kinds = ("studied", "result", "warning")
    return {kind: list(map(str, summary.loc[summary["kind"] == kind, "sentence"])) for kind in kinds}


@cache
def _environment() -> Environment:
    return Environment(undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True)


def _read(name: str) -> str:
    return (files("thinkalike.explorer") / name).read_text(encoding="utf-8")
