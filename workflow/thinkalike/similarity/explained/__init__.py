"""What makes two layers alike: their similarity as a sum of parts, one for every feature, and what remains."""

from thinkalike.similarity.explained.explain import explain_similarity
from thinkalike.similarity.explained.result import ExplainedSimilarity

__all__ = ["ExplainedSimilarity", "explain_similarity"]
