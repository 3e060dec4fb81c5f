"""Numerical conventions shared by MLEM and the similarity measures: ranks, distances, matrices, threads of work."""
