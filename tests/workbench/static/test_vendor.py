"""The libraries in workbench/static/vendor are those of requirements/vendor/package-lock.json, unchanged and with their licences."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
VENDOR = ROOT / "workbench/static/vendor"
VERSIONS: dict[str, Any] = json.loads((VENDOR / "versions.json").read_text())
LOCK: dict[str, Any] = json.loads((ROOT / "requirements/vendor/package-lock.json").read_text())["packages"]


def test_every_package_has_the_version_of_the_lock() -> None:
    locked = {name: LOCK[f"node_modules/{name}"]["version"] for name in VERSIONS["packages"]}
    assert VERSIONS["packages"] == locked, "the lock has changed: run `make vendor`"


@pytest.mark.parametrize("module", VERSIONS["modules"])
def test_a_module_is_as_it_was_made(module: str) -> None:
    made = (VENDOR / module).read_bytes()
    assert hashlib.sha256(made).hexdigest() == VERSIONS["modules"][module], "edited by hand: change requirements/vendor, run `make vendor`"


@pytest.mark.parametrize("package", VERSIONS["packages"])
def test_every_package_is_there_with_its_licence(package: str) -> None:
    heading = f"{package} {VERSIONS['packages'][package]}\n{'=' * 60}\n"
    text = (VENDOR / "LICENSES.txt").read_text()
    assert heading in text
    assert len(text.partition(heading)[2].split("\n\n")[0]) > 10


def test_the_lock_has_a_digest_of_every_package_and_no_address() -> None:
    packages = {name: package for name, package in LOCK.items() if name}
    assert all(package.get("integrity", "").startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
