"""What docs/alike.md says to type works, and its script finds what is planted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/alike.md").read_text(encoding="utf-8")


def test_the_python_of_the_page_runs_and_prints_what_it_says(capsys):
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(block, names)
    printed = capsys.readouterr().out
    said = re.search(r"# (RSA .*); \.\.\.", PAGE)
    assert said
    assert said[1] in printed


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(set(re.findall(r"`python (benchmarks/[^`]*)`", PAGE))))
def test_the_commands_of_the_page_run(command):
    few = ["--repetitions", "2", "--n", "60", "--resamples", "5"]
    result = subprocess.run([sys.executable, *command.split(), *few], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "s of CPU" in result.stdout
