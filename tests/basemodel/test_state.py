"""state.json: whole or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from basemodel.cluster.processes import Identity
from basemodel.cluster.state import State

STATE = State("running", 1_795_000_000, "/x/serve_config.yaml", "127.0.0.1", 8010, "127.0.0.1:6379", Identity(12, 3.5), None)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    STATE.write(tmp_path)
    assert State.read(tmp_path) == STATE
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"phase": "running"}', '{"redis": 1, "owner": null}'])
def test_a_file_that_is_not_ours_is_no_state(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert State.read(tmp_path) is None


def test_forgetting_twice_is_no_fault(tmp_path: Path) -> None:
    STATE.write(tmp_path)
    State.forget(tmp_path)
    State.forget(tmp_path)
    assert State.read(tmp_path) is None


@pytest.mark.parametrize(
    ("host", "base"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("192.0.2.7", "http://192.0.2.7:1"), ("::", "http://[::1]:1")],
)
def test_the_base_is_an_address_that_this_machine_reaches(host: str, base: str) -> None:
    assert State("running", 0, "", host, 1).base_url == base
