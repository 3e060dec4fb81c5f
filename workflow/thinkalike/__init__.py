"""What makes two language models think alike?

The package computes; the Snakemake workflow beside it only says what is computed from what. One sub-package per
stage, and data flows one way: stimuli -> representations -> mlem -> similarity -> figures.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("thinkalike")
except PackageNotFoundError:  # imported from a checkout that is not installed
    __version__ = "0.0.0"
