"""What a study found before and after a change: the list that belongs into the notes of the change.

    python benchmarks/what_changed.py BEFORE [AFTER] [--before difference] [--after levels]

BEFORE and AFTER are folders of tables, as results/same-task/short_sentences/tables. Prints the most and the least alike
layers of trained models of different families by every measure that both have, the pairs of layers that changed, the
layers whose most important feature is another, and scores beside ceilings.

A study with `coding: levels` holds the paper's `difference` too: with `--before difference` (and AFTER left out, the
same folder) what is printed is what the coding changes.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.similarity.layer_pairs import larger_is_more_similar
from thinkalike.similarity.other_coding import kendall_of_other_coding
from thinkalike.tables import first_coding, other_codings, read_table

LAYERS = ["model_a", "layer_a", "model_b", "layer_b"]
LAYER = ["model", "layer"]
CHANGED = 0.05  # of a similarity, which runs from -1 to 1


@dataclass(frozen=True)
class Study:
    """The tables of a study by one coding of its features."""

    importance: pd.DataFrame
    scores: pd.DataFrame
    similarity: pd.DataFrame
    models: pd.DataFrame

    @property
    def setting(self) -> str:
        """The coding and the scoring, where the table of scores tells them."""
        return ", ".join(str(self.scores[name].iloc[0]) for name in ("coding", "scoring") if name in self.scores)


def read_study(folder: Path, coding: str | None) -> Study:
    """Read a study's tables by a coding; None is the one that the study goes by."""
    importance, scores, similarity, models = (
        read_table(folder / f"{name}.parquet") for name in ("importance", "scores", "similarity", "models")
    )
    own = first_coding(importance)
    if coding is None or "coding" not in importance or coding == own["coding"].iloc[0]:
        return Study(own, first_coding(scores), similarity, models)
    other = other_codings(importance)
    if other.empty or coding != other["coding"].iloc[0]:
        raise InputError(f"{folder} has no importance by coding '{coding}'; leave it out, or give another folder.")
    # What else is of profiles (resolved Kendall) is of the study's own coding, and what is of vectors does not change.
    kendall = kendall_of_other_coding(importance).assign(measure="weighted_kendall")
    return Study(other, other_codings(scores), kendall, models)


def first_features(study: Study) -> pd.DataFrame:
    """Return each layer's most important feature, of equal ones the first by name, and its importance."""
    rows = study.importance[study.importance["role"] == "feature"].astype({"layer": str})
    rows = rows.assign(importance=rows["importance"].round(12)).sort_values("feature", kind="stable")
    firsts = rows.sort_values("importance", ascending=False, kind="stable").drop_duplicates(LAYER)
    return firsts.set_index(LAYER)[["feature", "importance"]]


def changed_features(before: Study, after: Study) -> pd.DataFrame:
    """Return the layers whose most important feature is another one: one row each, and none for the others."""
    both = first_features(before).add_suffix("_before").join(first_features(after).add_suffix("_after"), how="inner")
    return both[both["feature_before"] != both["feature_after"]].sort_index().reset_index()


def pair_values(study: Study, measure: str) -> pd.Series:
    """Return a measure by pair of different layers, the two in the order of their names."""
    rows = study.similarity[study.similarity["measure"] == measure].astype(dict.fromkeys(LAYERS, str))
    a, b = (list(zip(rows[f"model_{side}"], rows[f"layer_{side}"], strict=True)) for side in "ab")
    keys = [(*min(one, other), *max(one, other)) for one, other in zip(a, b, strict=True)]
    values = pd.Series(rows["value"].to_numpy(), index=pd.MultiIndex.from_tuples(keys, names=LAYERS))
    values = values[[key[:2] != key[2:] for key in keys]].dropna()
    return values.groupby(level=LAYERS).mean()  # a measure that is not symmetric: the mean of its directions


def between_families(values: pd.Series, models: pd.DataFrame) -> pd.Series:
    """Return the values of layers of trained models of different families."""
    known = models.drop_duplicates("model").set_index("model")
    a, b = (values.index.get_level_values(f"model_{side}") for side in "ab")
    control, family = known["control"].astype(bool), known["family"]
    kept = ~control[a].to_numpy() & ~control[b].to_numpy() & (family[a].to_numpy() != family[b].to_numpy())
    return values[kept]


def similarity_lines(before: Study, after: Study, measure: str) -> list[str]:
    """Return what changed in a measure, in lines."""
    old, new = pair_values(before, measure), pair_values(after, measure)
    both = pd.concat([old.rename("before"), new.rename("after")], axis=1).dropna()
    moved = (both["after"] - both["before"]).abs()
    changed, far = int((moved > 1e-9).sum()), int((moved > CHANGED).sum())
    lines = [
        f"{measure}: {len(both)} pairs of layers; {changed} changed, {far} by more than {CHANGED:g}, at most by "
        f"{moved.max():.2f}; Spearman of before and after {both['before'].corr(both['after'], method='spearman'):.2f}"
    ]
    sign = 1 if larger_is_more_similar(measure) else -1
    for words, way in (("most", sign), ("least", -sign)):
        for name, study, values, other in (("before", before, old, new), ("after", after, new, old)):
            ordered = (way * between_families(values, study.models)).round(12).sort_values(kind="stable")
            if len(ordered):
                lines.append(f"  {words} alike {name}: {_in_words(ordered, values, other, name)}")
    return lines


def _in_words(ordered: pd.Series, values: pd.Series, other: pd.Series, name: str) -> str:
    key, beside = ordered.index[-1], "after" if name == "before" else "before"
    ties = int((ordered == ordered.iloc[-1]).sum()) - 1
    text = f"{' '.join(key[:2])} and {' '.join(key[2:])}, {values[key]:.3f}"
    text += f" ({beside}: {other[key]:.3f})" if key in other.index else f" (not defined {beside})"
    return text + (f", as alike as {ties} more" if ties else "")


def score_table(before: Study, after: Study) -> pd.DataFrame:
    """Return the mean score and ceiling of each model's layers, and in how many of them the score is above it."""
    columns = {}
    for name, study in (("before", before), ("after", after)):
        of_model = study.scores.groupby("model")
        columns[f"score {name}"], columns[f"ceiling {name}"] = of_model["score"].mean(), of_model["ceiling"].mean()
        above = study.scores["score"] > study.scores["ceiling"] + 1e-9
        columns[f"above {name}"] = above.groupby(study.scores["model"]).sum()
    return pd.DataFrame(columns)


def report(before: Study, after: Study) -> str:
    """Return the whole list as text."""
    lines = [f"Before: {before.setting}. After: {after.setting}.", ""]
    for measure in sorted(set(before.similarity["measure"]) & set(after.similarity["measure"])):
        lines += similarity_lines(before, after, measure)
    changed, layers = changed_features(before, after), len(first_features(after))
    lines += ["", f"Another feature is the most important in {len(changed)} of {layers} layers."]
    lines += [
        f"  {row.model} {row.layer}: {row.feature_before} ({row.importance_before:.3f}) before, {row.feature_after} "
        f"({row.importance_after:.3f}) after"
        for row in changed.itertuples(index=False)
    ]
    for name, study in (("before", before), ("after", after)):
        values = study.importance.loc[study.importance["role"] == "feature", "importance"]
        nothing, noise = (values == 0).sum(), ((values != 0) & (values.abs() < 1e-12)).sum()
        lines.append(
            f"Importances {name}: {len(values)}, of which {nothing} are 0, {noise} not 0 but below 1e-12, "
            f"{(values > 0.01).sum()} above .01."
        )
    lines += ["", "Mean score and ceiling of the layers, and in how many layers the score is above it:"]
    return "\n".join([*lines, score_table(before, after).to_string(float_format=lambda value: f"{value:.3f}")])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="folder", help="of tables, before and after")
    parser.add_argument("--before", help="coding of the features before; by default the study's own")
    parser.add_argument("--after", help="coding of the features after")
    options = parser.parse_args(arguments)
    if len(options.folders) > 2:
        parser.error("give one folder or two")
    before = read_study(options.folders[0], options.before)
    print(report(before, read_study(options.folders[-1], options.after)))


if __name__ == "__main__":
    main()
