"""The version of the package, which every file that it writes carries."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("thinkalike")
except PackageNotFoundError:  # imported from a checkout that is not installed
    __version__ = "0.0.0"
