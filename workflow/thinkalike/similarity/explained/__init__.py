"""What makes two layers alike: their similarity as a sum of parts, one for every feature, and what remains."""

from thinkalike.similarity.explained.explain import explain_similarity
from thinkalike.similarity.explained.most_alike import explained_sentences
from thinkalike.similarity.explained.result import ExplainedSimilarity
from thinkalike.similarity.explained.study_table import explained_table

__all__ = ["ExplainedSimilarity", "explain_similarity", "explained_sentences", "explained_table"]
