"""The locks of `make test-clients`: one for each client, with hashes, without addresses, and laid over `.venv` only as declared."""

from __future__ import annotations

import json
import re

import pytest

from requirements.lock import HERE
from requirements.lock_clients import CLIENTS, FOLDER, pins_of

LINE = re.compile(r"[a-z0-9-]+==[^ ]+ --hash=sha256:[0-9a-f]{64}")


def test_each_client_has_a_lock() -> None:
    assert {path.stem for path in FOLDER.glob("*.lock")} == CLIENTS.keys()


@pytest.mark.parametrize("client", CLIENTS)
def test_every_package_has_a_hash_and_no_address(client: str) -> None:
    lines = (FOLDER / f"{client}.lock").read_text().splitlines()
    assert [line for line in lines[1:] if not LINE.fullmatch(line)] == []


@pytest.mark.parametrize("client", [name for name, one in CLIENTS.items() if one.over_venv])
def test_what_is_laid_over_the_environment_hides_nothing_else_in_it(client: str) -> None:
    hidden = pins_of(FOLDER / f"{client}.lock").keys() & pins_of(HERE / "cpu.lock").keys()
    assert hidden == CLIENTS[client].clashes


def test_npms_lock_has_hashes_and_no_address() -> None:
    text = (FOLDER / "openai-node" / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert "://" not in text
