"""Representations: the vectors of the stimuli in every layer, from models of any source, in memory or in files."""
