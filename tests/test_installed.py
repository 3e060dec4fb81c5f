"""The package as others get it: a wheel in an environment of its own, used in an empty folder without the checkout."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests/workflow"))
from activation_study import GRAMMAR, activation_study  # noqa: E402

pytestmark = pytest.mark.long
FOLDERS = ("config", "envs", "profiles", "workflow")
BUILT_FROM = ("Snakefile", "LICENSE", "README.md", "pyproject.toml", "setup.py", *FOLDERS)


class Installed:
    """An environment that holds the wheel, and of everything else what the tests' own environment holds."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.programs = folder / "bin"
        (packages,) = (folder / "lib").glob("python*/site-packages")
        # A path given so is not searched for .pth files: the checkout, which is installed by one, is not found there.
        others = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
        (packages / "others.pth").write_text("\n".join(others))
        install = [sys.executable, "-m", "pip", "--python", str(self.programs / "python"), "install", "--quiet"]
        subprocess.run([*install, "--no-deps", "--no-index", "--ignore-installed", str(wheel)], check=True)

    def run(self, *command: str, folder: Path) -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment["PATH"] = f"{self.programs}{os.pathsep}{environment['PATH']}"
        program, *arguments = command
        whole = [str(self.programs / "python"), "-m", program, *arguments]
        if program == "thinkalike":
            whole = [str(self.programs / program), *arguments]
        done = subprocess.run(whole, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, since a build leaves folders in its source."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(built), str(source)], check=True)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("environment") / "venv", wheel)


def test_the_wheel_holds_every_file_of_the_package_and_the_workflow(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    package = {path.relative_to(ROOT / "workflow") for path in (ROOT / "workflow/thinkalike").rglob("*")}
    workflow = {path.relative_to(ROOT) for name in FOLDERS for path in (ROOT / name).rglob("*")}
    expected = {str(path) for path in package if (ROOT / "workflow" / path).is_file()}
    expected |= {
        f"thinkalike/workflow_files/{path}"
        for path in [Path("Snakefile"), *workflow]
        if (ROOT / path).is_file() and not path.is_relative_to("workflow/thinkalike")
    }
    # Settings of tools that check the source are hidden files.
    unneeded = ("__pycache__", ".egg-info", "/.")
    assert not [path for path in expected - held if not any(part in path for part in unneeded)]
    assert not {path for path in held if path.startswith("thinkalike/workflow_files/workflow/thinkalike")}


def test_a_new_study_is_written_checked_and_planned_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    written = installed.run("thinkalike", "init", "my-study", folder=tmp_path)
    assert "my-study/config/config.yaml" in written and "snakemake --cores all" in written
    study = tmp_path / "my-study"
    assert "4 models, 14 layers" in installed.run("thinkalike", "check", "config/config.yaml", folder=study)
    planned = installed.run("snakemake", "--dry-run", folder=study)
    assert "train" in planned and "results/my-study/" in planned


def test_a_study_runs_to_its_explorer_and_report(installed: Installed, tmp_path: Path) -> None:
    installed.run("thinkalike", "init", "folder", folder=tmp_path)
    folder = tmp_path / "folder"
    study = activation_study(folder, {"alpha": 1, "beta": 1}, sentences=40)
    assert study["datasets"]["words"]["grammar"] == GRAMMAR
    (folder / "config/config.yaml").write_text(yaml.safe_dump(study))
    explorer = folder / "results/activations/words/explorer.html"
    installed.run("snakemake", "--cores", "1", str(explorer.relative_to(folder)), folder=folder)
    assert "<script" in explorer.read_text(encoding="utf-8")
    where = "from pathlib import Path; import thinkalike; print(Path(thinkalike.__file__).resolve())"
    (folder / "where.py").write_text(where)
    place = installed.run("where", folder=folder)
    assert Path(place.strip()).is_relative_to(installed.programs.parent.resolve())
    figure = "results/activations/words/figures/feature_importance.png"
    installed.run("snakemake", "--cores", "1", figure, folder=folder)
    installed.run("snakemake", "--report", "report.html", figure, folder=folder)
    assert (folder / "report.html").stat().st_size > 100_000
