"""The workflow's files keep their form."""

import inspect
import subprocess
import sys
from pathlib import Path

from snakemake.scheduling import job_scheduler

ROOT = Path(__file__).resolve().parents[2]


def test_snakemake_still_has_the_limit_that_the_workflow_takes_off():
    """Where it has not, what `onstart` does has no effect any more: see whether it is still needed."""
    assert "self.job_rate_limiter is not None" in inspect.getsource(job_scheduler.JobScheduler.schedule)
    assert "    workflow.scheduler.job_rate_limiter = None\n" in (ROOT / "workflow/rules/operation.smk").read_text()


def test_the_package_does_not_know_snakemake():
    sources = (ROOT / "workflow/thinkalike").rglob("*.py")
    assert not [
        path for path in sources if "import snakemake" in path.read_text() or "from snakemake" in path.read_text()
    ]


def test_only_representations_and_examples_import_torch():
    package = ROOT / "workflow/thinkalike"
    users = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if "import torch" in (text := path.read_text(encoding="utf-8")) or "transformers import" in text
    }
    assert users == {"representations", "examples"}


def test_light_stages_start_fast_because_they_import_no_torch():
    code = "import sys, thinkalike.mlem, thinkalike.similarity, thinkalike.representations.storage; "
    code += "sys.exit('torch' in sys.modules or 'transformers' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
