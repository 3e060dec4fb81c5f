"""The first page of the report: the study in a few sentences, before what the report holds."""

import re
from collections.abc import Mapping

import pandas as pd

_HEADINGS = {"studied": "What was studied.", "result": "What was found.", "warning": "To beware of."}
#: Signs that reStructuredText, or Jinja, through which Snakemake passes the page, would take for markup.
_MARKUP = re.compile(r"([*`|\\]|_(?!\w))")


def front_page(summaries: Mapping[str, pd.DataFrame], description: str) -> str:
    """Return the page as reStructuredText.

    Parameters
    ----------
    summaries
        The table `summary` of each dataset, by the dataset's name.
    description
        What follows: how to read the report. Its first paragraph stands before the summary.
    """
    first, rest = description.split("\n\n", 1)
    blocks = [first]
    for dataset, summary in summaries.items():
        if len(summaries) > 1:
            blocks.append(f"**Dataset {_plain(dataset)}**")
        for kind, heading in _HEADINGS.items():
            sentences = [_plain(text) for text in summary.loc[summary["kind"] == kind, "sentence"]]
            if kind == "studied":
                blocks += [f"**{heading}** {text}" for text in sentences]
            elif sentences:
                blocks += [f"**{heading}**", "\n".join(f"* {text}" for text in sentences)]
    return "\n\n".join([*blocks, rest])


def _plain(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\1", str(text))
    return re.sub(r"[{}]", lambda brace: f"{{{{ '{brace.group()}' }}}}", escaped)
