"""Tokenizers on the Hugging Face hub: three small files of a pinned commit, kept on this machine.

`HF_TOKEN`, `HF_ENDPOINT` and `HF_HUB_OFFLINE` mean what they mean to every client of the hub. The files are kept where `HF_HUB_CACHE`
or `HF_HOME` say, else under this machine's home; once they are there, the hub is asked for nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

import httpx
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from huggingface_hub.utils.tqdm import disable_progress_bars

from router.settings import home_folder
from router.tokens import UnreadableTokenizer
from router.weights import Place

NEEDED, OPTIONAL = ("tokenizer.json", "tokenizer_config.json"), "config.json"
#: For the hub to answer; a stalled download ends after `HF_HUB_DOWNLOAD_TIMEOUT` (10 s).
ANSWER_SECONDS = 10.0


def tokenizer_folder(place: Place) -> str:
    """The local folder with a model's tokenizer, fetched first where it is on the hub. Blocks. Raises UnreadableTokenizer."""
    name, commit = place
    if commit is None:
        return name
    try:
        files = [_fetch(name, commit, file) for file in NEEDED]
    except (OSError, ValueError, EntryNotFoundError, httpx.HTTPError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UnreadableTokenizer(f"The tokenizer of {name} at {commit} cannot be fetched ({type(error).__name__}: {reason}).") from error
    _fetch_optional(name, commit)
    return str(Path(files[0]).parent)


def _fetch_optional(name: str, commit: str) -> None:
    """config.json only guards against a tokenizer with more ids than the model."""
    try:
        _fetch(name, commit, OPTIONAL)
    except LocalEntryNotFoundError as error:
        raise UnreadableTokenizer(f"{OPTIONAL} of {name} at {commit} cannot be fetched; the hub does not answer.") from error
    except EntryNotFoundError:
        pass


def _fetch(name: str, commit: str, file: str) -> str:
    disable_progress_bars()
    # Else the hub is told what runs here, and is asked, even for files that are here already, how to tell it.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    return str(hf_hub_download(name, file, revision=commit, cache_dir=cache_folder(), etag_timeout=ANSWER_SECONDS))


def cache_folder() -> Path | None:
    """None where the hub's own variables name one."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HF_HOME")
    return None if named else home_folder() / "hub"
