"""What pyproject.toml cannot say: a built package holds the workflow too, as it lies in the checkout."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
# thinkalike.shipped finds them there; an editable installation uses the checkout's own.
PLACE = "thinkalike/workflow_files"
SHIPPED = (
    "Snakefile",
    "config/*.yaml",
    "config/README.md",
    "config/datasets/*",
    "config/grammars/*",
    "envs/*",
    "profiles/*/*",
    "workflow/Snakefile",
    "workflow/report/*",
    "workflow/rules/*",
    "workflow/scripts/*.py",
)


class BuildWithWorkflow(build_py):
    """Copy the package, and the files of the workflow into it."""

    def run(self):
        super().run()
        if not self.editable_mode:
            for source, target in self.workflow_files().items():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    def get_outputs(self, include_bytecode=True):
        return [*super().get_outputs(include_bytecode), *map(str, self.workflow_files().values())]

    def workflow_files(self):
        """Return where each file goes."""
        found = [path for pattern in SHIPPED for path in sorted(ROOT.glob(pattern)) if path.is_file()]
        return {path: Path(self.build_lib, PLACE) / path.relative_to(ROOT) for path in found}


setup(cmdclass={"build_py": BuildWithWorkflow})
