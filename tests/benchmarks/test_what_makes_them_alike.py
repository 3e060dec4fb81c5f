"""The sentences about a study: of the right pairs, with the tables' numbers."""

import figure_tables
import pandas as pd
from what_makes_them_alike import answers, disagreement

MODELS = {"bert-seed0": "bert", "bert-seed1": "bert", "bert-untrained": "bert", "gpt2-seed0": "gpt2"}


def test_a_sentence_for_seeds_for_families_and_for_the_control():
    said = answers(figure_tables.explained_parts(MODELS), figure_tables.models_table(MODELS))
    starts = [sentence.partition(",")[0] for sentence in said]
    assert starts == ["Two seeds of one model", "Two families", "A trained model and its untrained control"]
    assert all("RSA ." in sentence and "is carried by nothing in the table" in sentence for sentence in said)
    assert "bert-seed0" in said[0] and "bert-seed1" in said[0] and "gpt2-seed0" in said[1]


def test_comparisons_in_opposite_ways_are_counted_once():
    rows = [("a", "0", "a", "1", 0.1, 0.3), ("a", "1", "a", "0", 0.1, 0.3), ("a", "0", "b", "0", 0.2, 0.2)]
    rows += [("a", "1", "b", "0", 0.3, 0.4), ("a", "0", "a", "0", 1.0, 1.0), ("b", "0", "b", "1", 0.4, None)]
    columns = ["model_a", "layer_a", "model_b", "layer_b", "weighted_kendall", "resolved_kendall"]
    table = pd.DataFrame(rows, columns=columns).melt(columns[:4], var_name="measure")
    # Of .1, .2, .3 and .3, .2, .4 one of three comparisons is the other way round.
    assert "in 33 % of 3 comparisons of the 3 pairs" in disagreement(table)
    assert disagreement(table[table["measure"] == "weighted_kendall"]) == ""
