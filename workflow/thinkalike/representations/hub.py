"""Turn a model's location into a local folder whose revision is known."""

import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from thinkalike.errors import InputError

_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
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
    """

    name: str
    folder: Path
    revision: str | None


def locate(name: str, revision: str | None = None, trust: Collection[str] = ()) -> Location:
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
        `pickle` also downloads pickled weights, `remote_code` Python files.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Location(name, folder, None)
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or folder.exists():
        raise InputError(f"Model '{name}': there is no such folder; correct the path or give the id of a hub model.")
    return _from_hub(name, revision, trust)


def _from_hub(name: str, revision: str | None, trust: Collection[str]) -> Location:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.constants import HF_HUB_OFFLINE
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    patterns = [*_FILES, *(["*.bin"] if "pickle" in trust else []), *(["*.py"] if "remote_code" in trust else [])]
    commit, why = None, "HF_HUB_OFFLINE is set"
    if not HF_HUB_OFFLINE:
        try:
            commit = HfApi().model_info(name, revision=revision, timeout=_LOOKUP_SECONDS).sha
        except GatedRepoError as error:
            raise InputError(
                f"Model '{name}' is gated on the hub; accept its terms there and log in with `hf auth login`."
            ) from error
        except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
            at = f" at revision '{revision}'" if revision else ""
            raise InputError(
                f"Model '{name}'{at} is neither a folder nor a model of the hub that you may read; correct it or log "
                "in with `hf auth login`."
            ) from error
        except (HfHubHTTPError, OSError, RuntimeError, ValueError) as error:
            why = f"the hub cannot be reached ({type(error).__name__})"
        except Exception as error:  # every HTTP library has connection errors of its own
            if "connect" not in type(error).__name__.lower() and "timeout" not in type(error).__name__.lower():
                raise
            why = f"the hub cannot be reached ({type(error).__name__})"
    try:
        folder = snapshot_download(
            name,
            revision=commit or revision,
            allow_patterns=patterns,
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
    return Location(name, Path(folder), Path(folder).name)
