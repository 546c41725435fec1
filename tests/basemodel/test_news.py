"""What `up` says of a service that runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from basemodel import news
from basemodel.cluster.config import ServeConfig
from router.settings import home_folder


@pytest.mark.parametrize("key", ["acs-bm-secret", None])
def test_the_example_is_what_a_shell_takes(key: str | None) -> None:
    lines = news.example("http://127.0.0.1:8000/v1", key).splitlines()
    exports = [line for line in lines if line.startswith("  export ")]
    said = subprocess.run(["bash", "-c", "\n".join([*exports, "echo $ACS_API_KEY"])], capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == (f"{key or news.SOME_KEY}\n", "")


def test_the_usual_home_is_stopped_by_make(monkeypatch: pytest.MonkeyPatch) -> None:
    assert news.down(home_folder({})) == "make down"


def test_another_home_is_named_in_the_command_that_stops_it(tmp_path: Path) -> None:
    assert news.down(tmp_path) == f"BASEMODEL_HOME={tmp_path} .venv/bin/basemodel down"
    assert news.down(Path("/my home")).startswith("BASEMODEL_HOME='/my home' ")


def test_where_there_is_no_checkout_the_program_is_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "CHECKOUT", tmp_path)
    assert news.down(home_folder({})) == "basemodel down"
    assert news.down(tmp_path) == f"BASEMODEL_HOME={tmp_path} basemodel down"


def test_a_model_that_is_cold_is_not_told_to_be_ready() -> None:
    told: dict[str, str] = {}
    cold = ServeConfig.load(None, None, None).cold
    assert cold == ["model-nano", "model-micro"]
    news.without(cold, told.update)({"model-pico": "RUNNING", "model-nano": "RUNNING", "gateway": "RUNNING"})
    assert told == {"model-pico": "RUNNING", "gateway": "RUNNING"}
