"""What `explain_similarity` returns."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, eq=False)
class ExplainedSimilarity:
    """The similarity of two layers as a sum: value = explained + form + lexical + unexplained.

    Attributes
    ----------
    measure, by
        What was divided, and whether by `differences` or by `values` of the features.
    value
        The similarity; the same number as `compare(X, Y, measure)` gives where no pairs are excluded.
    contributions
        Series by feature, then by control: the Shapley value of each.
    last
        The same for what each adds to all others.
    roles
        Series: `feature` or `control`.
    form
        What combinations of the features' values carry beyond that.
    lexical
        What the values of the controls carry beyond all that; 0 without controls.
    covered
        Share of the pairs of stimuli for which `form` could be estimated at all: the form of the others is in
        `unexplained`.
    standard_errors
        Series, of the contributions, where orders of the features were drawn; None where they are exact.
    bins
        For a numeric feature of more than 10 values, the edges of the bins that took their place.
    intervals
        `part, role, low, high`, 95 %, where resamples were asked for; else None. `over` says what was resampled.
    over
        `groups` or `stimuli`.
    """

    measure: str
    by: str
    value: float
    contributions: pd.Series
    last: pd.Series
    roles: pd.Series
    form: float
    lexical: float
    covered: float
    standard_errors: pd.Series | None = None
    bins: dict[str, tuple[float, ...]] = field(default_factory=dict)
    intervals: pd.DataFrame | None = None
    over: str | None = None

    @property
    def explained(self) -> float:
        """The sum of the contributions."""
        return float(self.contributions.sum())

    @property
    def unexplained(self) -> float:
        """What the two layers share and these features do not describe."""
        return self.value - self.explained - self.form - self.lexical

    def table(self) -> pd.DataFrame:
        """Return one row per part: `part, role, value, last`; where there are, `standard_error`, `low, high, over`."""
        parts = pd.DataFrame(
            {
                "part": [*self.contributions.index, "form", "lexical", "unexplained"],
                "role": [*self.roles, "form", "lexical", "unexplained"],
                "value": [*self.contributions, self.form, self.lexical, self.unexplained],
                "last": [*self.last, *[float("nan")] * 3],
            }
        )
        if self.standard_errors is not None:
            parts["standard_error"] = parts["part"].map(self.standard_errors).where(parts["role"].isin(set(self.roles)))
        if self.intervals is not None:
            parts = parts.merge(self.intervals, on=["part", "role"], how="left", validate="1:1").assign(over=self.over)
        return parts

    def sentence(self, most: int = 4) -> str:
        """Return the division in words, the largest parts first.

        Parameters
        ----------
        most
            How many features are named.
        """
        return in_words(self.measure, self.value, self.table(), most)

    def __repr__(self) -> str:
        rows = self.table()
        if not (self.roles == "control").any():
            rows = rows[rows["role"] != "lexical"]
        heading = f"{self.measure} = {self.value:.3f}, by {self.by}"
        note = f"form covers {self.covered:.0%} of the pairs of stimuli"
        numbers = rows.drop(columns=["role", "over"], errors="ignore").to_string(
            index=False, float_format="{:.3f}".format, na_rep=""
        )
        return "\n".join([heading, numbers, note])


_NAMES = {"rsa": "RSA", "cka": "CKA", "cka_debiased": "Debiased CKA"}


def in_words(measure: str, value: float, parts: pd.DataFrame, most: int = 4) -> str:
    """Return one sentence on a division.

    Parameters
    ----------
    value
        The similarity.
    parts
        `part, role, value`, one row per part; with intervals also `low, high, over`, and `similarity_low` and
        `similarity_high` where that of the similarity is known.
    most
        How many features are named.
    """
    name = _NAMES.get(measure, measure)
    if pd.isna(value):
        return f"{name} is undefined: the stimuli of one of the layers are all equally far apart."
    named = parts[parts["role"].isin(["feature", "control"])].sort_values("value", ascending=False, kind="stable")
    listed = [f"{str(row['part']).replace('_', ' ')} {_with_interval(row)}" for _, row in named.head(most).iterrows()]
    others = float(named["value"].iloc[most:].sum())
    if len(named) > most:
        listed.append(f"all other features {_number(others)}")
    rest = {str(row["role"]): _with_interval(row) for _, row in parts.iterrows()}
    clauses = [", ".join(listed), f"how these features combine {rest['form']}"]
    if (parts["role"] == "control").any():
        clauses.append(f"single values of the controls {rest['lexical']}")
    clauses.append(f"{rest['unexplained']} is carried by nothing in the table")
    whole = parts.iloc[0].reindex(["similarity_low", "similarity_high"]).set_axis(["low", "high"])
    claim = ""
    if "low" in parts and parts["low"].notna().any():
        over = str(parts["over"].iloc[0]) if "over" in parts else "stimuli"
        claim = f" (95 % intervals for new {_CLAIMS.get(over, over)})"
    return f"{name} {_with_interval(pd.concat([whole, pd.Series({'value': value})]))}: {'; '.join(clauses)}{claim}."


_CLAIMS = {"sentences": "sentences", "lemmas": "lemmas", "both": "sentences of new lemmas"}


def _with_interval(row: pd.Series) -> str:
    """Return a value and, where there is one, its interval."""
    if pd.isna(row.get("low")) or pd.isna(row.get("high")):
        return _number(row["value"])
    return f"{_number(row['value'])} [{_number(row['low'])}, {_number(row['high'])}]"


def _number(value: float) -> str:
    """Return two decimals without a leading 0 or a sign of nothing."""
    text = f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 0.995 else f"{value:.2f}"
    return ".00" if text in (".00", "-.00") else text.replace("-", "\N{MINUS SIGN}")
