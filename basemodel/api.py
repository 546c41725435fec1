"""The running service as its clients see it: base address, key, and errors turned into sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx

from basemodel import first_key
from basemodel.cluster.start import running
from basemodel.failure import Failure
from router.settings import home_folder

#: A cold model is waited for, and its first token for a little longer.
WAIT_SECONDS, READ_SECONDS = 600, 900.0


def base() -> str:
    """`ACS_API_BASE`, else the service that runs here. Raises Failure."""
    if os.environ.get("ACS_API_BASE"):
        return os.environ["ACS_API_BASE"].rstrip("/")
    state = running(home_folder())
    if state is None:
        raise Failure("Nothing runs here; start it with `basemodel up`, or set ACS_API_BASE to a running service.")
    return f"{state.base_url}/v1"


def key() -> str:
    """`ACS_API_KEY`, else the first key. Raises Failure."""
    found = os.environ.get("ACS_API_KEY") or first_key.stored(home_folder())
    if found and not found.isascii():
        raise Failure("ACS_API_KEY is no key: it has characters that no key has; copy it again.")
    if not found:
        raise Failure("There is no key here; set ACS_API_KEY, or make one with `basemodel keys create --account default`.")
    return found


@contextmanager
def client() -> Iterator[httpx.Client]:
    """Raises Failure for a service that cannot be reached or breaks off."""
    address = base()
    timeout = httpx.Timeout(10.0, read=READ_SECONDS)
    headers = {"Authorization": f"Bearer {key()}", "X-Wait-For-Model": str(WAIT_SECONDS)}
    with httpx.Client(base_url=address, headers=headers, timeout=timeout) as opened:
        try:
            yield opened
        except httpx.TransportError as error:
            raise Failure(f"{address} did not answer ({type(error).__name__}); `basemodel status` says what runs.") from error


def models() -> list[dict[str, Any]]:
    """What `GET /v1/models` lists. Raises Failure."""
    return list(_asked("GET", "/models")["data"])


def model(model_id: str) -> dict[str, Any]:
    """What `GET /v1/models/{id}` says. Raises Failure."""
    return _asked("GET", f"/models/{quote(model_id, safe='')}")


def warm(model_id: str) -> dict[str, Any]:
    """Wakes a model; how it stands then. Raises Failure."""
    return _asked("POST", f"/models/{quote(model_id, safe='')}/warm")


def _asked(method: str, path: str) -> dict[str, Any]:
    with client() as opened:
        response = opened.request(method, path)
        _check_first_key(response)
        check(response)
        try:
            document = response.json()
            if document["object"] in ("list", "model"):
                return dict(document)
            raise ValueError
        except (ValueError, KeyError, TypeError) as error:
            raise Failure(f"What answers at {base()} is not a base-model API; set ACS_API_BASE to one.") from error


def _check_first_key(response: httpx.Response) -> None:
    """Raises Failure where no key was given, and the one taken instead opens nothing."""
    if response.status_code == 401 and not os.environ.get("ACS_API_KEY"):
        make = "`basemodel keys create --account default` makes one"
        raise Failure(f"The first key of this machine opens nothing there any more; set ACS_API_KEY to one that does: {make}.")


def check(response: httpx.Response) -> None:
    """Raises Failure with the service's own message."""
    if response.is_success:
        return
    response.read()
    raise Failure(f"{message(response)} (HTTP {response.status_code})")


def message(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return "The service gave an answer that is not one of its own"
