"""What a layer's label means, the same for every architecture.

With `numbering: blocks`, "0" is the input of the first block, "i" the raw output of block i, and "final" what the
model gives after its final norm, where it has one. With `numbering: hidden_states` a label is an index into the list
that transformers returns, whatever that means for the architecture: it leaves out the embeddings of Mamba and RWKV,
and its last entry is normed in GPT-2, Llama and others. "last" is the last layer of either list.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from thinkalike.errors import InputError

Numbering = Literal["blocks", "hidden_states"]
FINAL = "final"
LAST = "last"


@dataclass(frozen=True)
class LayerList:
    """The layers that a loaded model has.

    Attributes
    ----------
    name
        The model's name in messages.
    numbering
        Which of the two lists the labels index.
    depth
        The number of blocks; for `hidden_states`, the last index of the list.
    has_final
        Whether something (a norm, a projection) comes after the last block.
    """

    name: str
    numbering: Numbering
    depth: int
    has_final: bool

    @property
    def labels(self) -> list[str]:
        """All labels, from the first layer to the last."""
        numbers = [str(number) for number in range(self.depth + 1)]
        return [*numbers, FINAL] if self.has_final and self.numbering == "blocks" else numbers

    def resolve(self, labels: Iterable[str]) -> dict[str, str]:
        """Return, for every asked label, the layer it stands for: `last` becomes the label of the last layer.

        Raises
        ------
        InputError
            For a label that the model does not have; the sentence says which ones it has.
        """
        resolved = {label: self.labels[-1] if label == LAST else label for label in map(str, labels)}
        for label, layer in resolved.items():
            if layer not in self.labels:
                raise InputError(self._refusal(label))
        return resolved

    def check_declared(self, depth: int | None) -> None:
        """Refuse a declared number of layers that is not the model's."""
        if depth is not None and depth != self.depth:
            raise InputError(
                f"Model {self.name} has {self.depth} layers but {depth} are declared; write 'layers: {self.depth}' in "
                "the model's entry."
            )

    def _refusal(self, label: str) -> str:
        if label == FINAL and self.numbering == "hidden_states":
            why = "'final' is a layer of the numbering 'blocks' only"
        elif label == FINAL:
            why = f"nothing comes after its last block: layer '{self.depth}' is its output"
        else:
            what = "blocks" if self.numbering == "blocks" else "entries after the first in hidden_states"
            why = f"it has {self.depth} {what}"
        return (
            f"Model {self.name} has no layer '{label}': {why}, so its layers are {self.labels[0]} to "
            f"{self.labels[-1]}; declare 'layers: {self.depth}'"
            + (f" and 'final: {'true' if self.has_final else 'false'}'." if self.numbering == "blocks" else ".")
        )


def check_numbering(numbering: str) -> None:
    """Refuse anything but the two numberings."""
    if numbering not in get_args(Numbering):
        raise InputError(f"numbering is '{numbering}' but must be one of {', '.join(get_args(Numbering))}.")
