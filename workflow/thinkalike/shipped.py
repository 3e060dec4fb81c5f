"""Where the workflow lies: its Snakefile, rules, profiles and the studies that come with it.

In a checkout they lie beside the package; an installed package holds a copy.
"""

from pathlib import Path


def workflow_folder() -> Path:
    """Return the folder of the Snakefile, with config/, profiles/ and workflow/ in it."""
    package = Path(__file__).resolve().parent
    copied = package / "workflow_files"
    return copied if copied.is_dir() else package.parents[1]


SNAKEFILE = str(workflow_folder() / "Snakefile")
