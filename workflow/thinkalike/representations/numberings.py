"""The two numberings of a model's layers side by side: blocks, and the list that transformers returns."""

from thinkalike.representations.layer_numbering import FINAL, Numbering

# Whose list leaves out the embeddings; and, of the others, whose last block no norm follows.
_WITHOUT_EMBEDDINGS = {"mamba", "mamba2", "falcon_mamba", "rwkv"}
_WITHOUT_FINAL = {
    *("albert", "bert", "camembert", "distilbert", "electra", "lstm", "mpnet", "roberta", "xlm-roberta"),
}
_WITH_FINAL = {
    *(
        "bloom",
        "falcon",
        "gemma",
        "gemma2",
        "gemma3_text",
        "gpt2",
        "gpt_neox",
        "gptj",
        "llama",
        "mistral",
        "modernbert",
    ),
    *("mpt", "opt", "qwen2", "qwen3", "recurrent_gemma", "t5"),
}


def hidden_states_in_blocks(architecture: str, blocks: int) -> list[str] | None:
    """Return which layer each entry of `hidden_states` is, as a label of the numbering `blocks`.

    Parameters
    ----------
    architecture
        transformers' name of it.
    blocks
        The number of the model's blocks.

    Returns
    -------
    list of str
        One label per entry; None for an architecture of which it is not known here.
    """
    if architecture in _WITHOUT_EMBEDDINGS:
        return [*map(str, range(1, blocks + 1)), FINAL]
    if architecture in _WITH_FINAL:
        return [*map(str, range(blocks)), FINAL]
    if architecture in _WITHOUT_FINAL:
        return [*map(str, range(blocks + 1))]
    return None


def both_labels(label: str, numbering: Numbering, architecture: str, blocks: int) -> tuple[str, str] | None:
    """Return a layer's label in the numbering `blocks` and its place in `hidden_states`, "" where it has none.

    None where the architecture, or the label ("last", a name), is not known here.
    """
    entries = hidden_states_in_blocks(architecture, blocks)
    if entries is None:
        return None
    if numbering == "hidden_states":
        known = label.isdecimal() and int(label) < len(entries)
        return (entries[int(label)], label) if known else None
    if label != FINAL and not (label.isdecimal() and int(label) <= blocks):
        return None
    return label, str(entries.index(label)) if label in entries else ""
