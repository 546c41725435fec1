"""The CPU lock has all that its packages ask for on every Python 3.11, the oldest (Debian 12 has 3.11.2) as the newest."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
#: PyPI has CUDA builds of these only, and vLLM's text path imports none of them.
LEFT_OUT = {"torchvision", "torchaudio", "torchcodec"}


def locked(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / f"{name}.lock").read_text().splitlines()
    pins = (line.split()[0].split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(package): version for package, version in pins}


def needed(start: list[Requirement], environment: dict[str, str]) -> Iterator[Requirement]:
    """What these requirements lead to, as the installed packages declare it."""
    seen, waiting = set(), start
    while waiting:
        one = waiting.pop()
        yield one
        name = canonicalize_name(one.name)
        for extra in {"", *one.extras}:
            if (name, extra) in seen or name in LEFT_OUT:
                continue
            seen.add((name, extra))
            declared = [Requirement(text) for text in requires(name) or []]
            waiting += [each for each in declared if each.marker is None or each.marker.evaluate({**environment, "extra": extra})]


@pytest.mark.parametrize("python", ["3.11.0", "3.11.2", "3.11.99"])
def test_the_lock_is_complete(python: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    start = [Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"]["cpu"]]]
    environment = {**{key: str(value) for key, value in default_environment().items()}, "python_full_version": python}
    pins = locked("cpu")
    asked = [one for one in needed(start, environment) if canonicalize_name(one.name) not in LEFT_OUT]
    versions = [pins.get(canonicalize_name(one.name)) for one in asked]
    unmet = [str(one) for one, pin in zip(asked, versions, strict=True) if pin is None or not one.specifier.contains(pin, prereleases=True)]
    assert unmet == []


def test_no_package_is_in_two_locks_of_one_environment() -> None:
    assert not locked("cpu").keys() & locked("dev").keys()
