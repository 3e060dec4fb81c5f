"""The sheet of published values beside a study's own, as a page that stands alone."""

from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from thinkalike.files import whole_file
from thinkalike.tables import require

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Published values beside those of {{ study }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .8rem 0 1.6rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
</style></head><body>
<h1>Published values beside those of the study {{ study }}</h1>
<p>Source: {{ source }}. Intervals (95 %) are from resamples of the sentences. A statement holds if it is true of the
study's values, whatever their uncertainty.</p>
<table><caption>Statements</caption>
<thead><tr><th scope="col">Published</th><th scope="col">Model</th><th scope="col" class="number">Published value</th>
<th scope="col" class="number">Own value</th><th scope="col">Holds</th><th scope="col">Found</th></tr></thead><tbody>
{% for row in statements %}<tr><td>{{ row.statement }}{% if row.where %} ({{ row.where }}){% endif %}</td>
<td>{{ row.model }}</td><td class="number">{{ row.published }}</td><td class="number">{{ row.value }}</td>
<td>{{ row.holds or "–" }}</td><td>{{ row.found }}</td></tr>
{% endfor %}</tbody></table>
<table><caption>What differs in the set-up</caption>
<thead><tr><th scope="col">Item</th><th scope="col">Published</th><th scope="col">This study</th>
<th scope="col">Same</th></tr></thead><tbody>
{% for row in setup %}<tr><td>{{ row.item }}</td><td>{{ row.published or "not told" }}</td><td>{{ row.own or "–" }}</td>
<td>{{ row.same or "–" }}</td></tr>
{% endfor %}</tbody></table>
{% if numbering %}<table><caption>Layers in both numberings</caption>
<thead><tr><th scope="col">Model</th><th scope="col">Label here</th><th scope="col">blocks</th>
<th scope="col">hidden_states</th></tr></thead><tbody>
{% for row in numbering %}<tr><td>{{ row.model }}</td><td>{{ row.layer }}</td><td>{{ row.blocks }}</td>
<td>{{ row.hidden_states or "not in the list" }}</td></tr>
{% endfor %}</tbody></table>{% endif %}
</body></html>
"""


def render_sheet(
    *, reproduction: pd.DataFrame, setup: pd.DataFrame, numbering: pd.DataFrame, source: str, study: str
) -> str:
    """Return the page as text: statements, what differs in the set-up, and the layers in both numberings.

    Parameters
    ----------
    reproduction, setup, numbering
        The study's tables `reproduction`, `reproduction_setup` and `layer_numbering`.
    source
        Where the statements were published.
    study
        The study's name.
    """
    require(reproduction, ("statement", "where", "model", "published", "value", "holds", "found"), "reproduction")
    statements = [_shown(row) for row in reproduction.to_dict("records")]
    page = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True).from_string(_PAGE)
    rows = {"setup": setup.to_dict("records"), "numbering": numbering.to_dict("records")}
    return page.render(statements=statements, source=source, study=study, **rows)


def write_sheet(path: str | Path, **content: Any) -> None:
    """Write the page of `render_sheet`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(render_sheet(**content), encoding="utf-8")


def _shown(row: dict[Any, Any]) -> dict[Any, Any]:
    value = _number(row["value"])
    if not pd.isna(row.get("low")):
        value += f" [{_number(row['low'])}, {_number(row['high'])}]"
    return {**row, "published": _number(row["published"]), "value": value}


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f}".replace("-", "−")
