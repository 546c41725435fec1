"""The locks of `make test-clients` and `make bench`: one for each, with hashes, without addresses, laid over `.venv` only as declared."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from requirements.lock import HERE
from requirements.lock_clients import CLIENTS, FOLDER, PEERS, PEERS_FOLDER, pins_of

LOCKS = {folder / f"{name}.lock": one for folder, ones in ((FOLDER, CLIENTS), (PEERS_FOLDER, PEERS)) for name, one in ones.items()}

LINE = re.compile(r"[a-z0-9-]+==[^ ]+ --hash=sha256:[0-9a-f]{64}")


def test_each_client_has_a_lock() -> None:
    assert {*FOLDER.glob("*.lock"), *PEERS_FOLDER.glob("*.lock")} == LOCKS.keys()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_package_has_a_hash_and_no_address(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    assert [line for line in lines[1:] if not LINE.fullmatch(line)] == []


@pytest.mark.parametrize("lock", [path for path, one in LOCKS.items() if one.over_venv], ids=lambda path: path.stem)
def test_what_is_laid_over_the_environment_hides_nothing_else_in_it(lock: Path) -> None:
    assert pins_of(lock).keys() & pins_of(HERE / "cpu.lock").keys() == LOCKS[lock].clashes


def test_npms_lock_has_hashes_and_no_address() -> None:
    text = (FOLDER / "openai-node" / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert "://" not in text
