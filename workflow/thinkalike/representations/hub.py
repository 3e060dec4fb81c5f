"""Turn a model's location into a local folder whose revision is known."""

import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from thinkalike.errors import InputError

_CONFIGURATION = ["config.json"]
_FILES = ["*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken"]
_LOOKUP_SECONDS = 10.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Location:
    """Where a model lies on disk.

    Attributes
    ----------
    name
        As the user gave it: hub id or folder.
    folder
        The folder with config.json, weights and tokenizer.
    revision
        The commit on the hub; None for a folder of the user's own.
    files
        Names of all files there, also of those on the hub that were not downloaded.
    """

    name: str
    folder: Path
    revision: str | None
    files: tuple[str, ...]


def locate(name: str, revision: str | None = None, trust: Collection[str] = (), weights: bool = True) -> Location:
    """Find a local folder, or download a model of the hub at one revision.

    `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE` are respected. Without network the cache is used, and where the model
    is not there either, that is said within seconds rather than after minutes of retries.

    Parameters
    ----------
    name
        A folder, or a hub id such as `openai-community/gpt2`.
    revision
        Branch, tag or commit on the hub.
    trust
        `pickle` also downloads pickled weights where there are no others, `remote_code` Python files.
    weights
        Whether more than the configuration is wanted.

    Raises
    ------
    InputError
        When there is no such model, or it cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Location(name, folder, None, _names(folder))
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or folder.exists():
        raise InputError(f"Model '{name}': there is no such folder; correct the path or give the id of a hub model.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    commit, files, why = _look_up(name, revision)
    try:
        found = snapshot_download(
            name,
            revision=commit or revision,
            allow_patterns=_patterns(files, trust) if weights else _CONFIGURATION,
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


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir()))


def _patterns(files: tuple[str, ...], trust: Collection[str]) -> list[str]:
    """Return what to download: one kind of weights, never both."""
    safe = any(name.endswith(".safetensors") and "/" not in name for name in files)
    weights = "*.bin" if "pickle" in trust and not safe else "*.safetensors"
    return [*_FILES, weights, *(["*.py"] if "remote_code" in trust else [])]


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
