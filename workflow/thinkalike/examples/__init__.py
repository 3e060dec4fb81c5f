"""Data of the example studies that are not about language."""
