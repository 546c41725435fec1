"""What `status` says of models that cannot be listed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from basemodel import api
from basemodel.failure import Failure
from tests.basemodel.as_if_running import as_if_running
from tests.basemodel.command_line import run, succeed

REFUSED = httpx.Response(401, json={"error": {"message": "No valid API key was given."}})


class Refusing:
    """A service that knows no key."""

    def __init__(self) -> None:
        self._client = httpx.Client(transport=httpx.MockTransport(lambda _: REFUSED), base_url="http://api")

    def __enter__(self) -> httpx.Client:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()


def test_the_reason_stands_in_the_place_of_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_if_running(tmp_path, monkeypatch):
        assert "The models cannot be listed: There is no key here" in run("status")[1]
        (tmp_path / "first-key").write_text("acs-bm-x\n")
        (trouble,) = succeed("status")["troubles"]
    assert trouble.startswith("The models cannot be listed: http://127.0.0.1:")
    assert "did not answer" in trouble


@pytest.mark.parametrize(
    ("key", "said"),
    [("", "first key of this machine opens nothing there any more"), ("acs-bm-y", r"^No valid API key was given\. \(HTTP 401\)$")],
)
def test_a_first_key_that_was_revoked_says_what_to_do(monkeypatch: pytest.MonkeyPatch, key: str, said: str) -> None:
    monkeypatch.setenv("ACS_API_KEY", key)
    monkeypatch.setattr(api, "client", Refusing)
    with pytest.raises(Failure, match=said):
        api.models()


def test_nothing_is_in_trouble_where_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    seen = succeed("status")
    assert (seen["running"], seen["redis_answers"], seen["troubles"]) == (False, None, [])
