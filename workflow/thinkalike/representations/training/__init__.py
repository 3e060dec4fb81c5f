"""Small language models of four architectures, trained here on a corpus whose entropy is known."""

from thinkalike.representations.training.architectures import SETTINGS
from thinkalike.representations.training.floor import grammar_floor
from thinkalike.representations.training.grammaticality import evaluate_agreement
from thinkalike.representations.training.settings import Settings
from thinkalike.representations.training.train import train_model

__all__ = ["SETTINGS", "Settings", "evaluate_agreement", "grammar_floor", "train_model"]
