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


def test_the_reason_stands_in_the_place_of_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_if_running(tmp_path, monkeypatch):
        assert "The models cannot be listed: There is no key here" in run("status")[1]
        (tmp_path / "first-key").write_text("acs-bm-x\n")
        (trouble,) = succeed("status")["troubles"]
    assert trouble.startswith("The models cannot be listed: http://127.0.0.1:")
    assert "did not answer" in trouble


def test_a_first_key_that_was_revoked_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACS_API_KEY", raising=False)
    with pytest.raises(Failure, match=r"HTTP 401\); this machine's first key opens nothing there: set ACS_API_KEY to one that does\."):
        api.check(REFUSED)


def test_a_key_of_the_environment_that_is_refused_is_no_first_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACS_API_KEY", "acs-bm-y")
    with pytest.raises(Failure, match=r"^No valid API key was given\. \(HTTP 401\)$"):
        api.check(REFUSED)


def test_nothing_is_in_trouble_where_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    seen = succeed("status")
    assert (seen["running"], seen["redis_answers"], seen["troubles"]) == (False, None, [])
