"""The scripts of benchmarks/ are modules here."""

import sys
from pathlib import Path

# The made-up tables are those of the figures' tests.
sys.path[:0] = [str(Path(__file__).parents[1] / "figures"), str(Path(__file__).parents[2] / "benchmarks")]
