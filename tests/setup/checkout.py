"""A small checkout in which requirements/install runs for real: locks of wheels made here, and stand-ins for what a machine has."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "requirements" / "install"
PYTHON = Path(sys.base_prefix, "bin", "python3.11")
PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1"
"""
BACKEND = """import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(folder + "/tiny-1-py3-none-any.whl", "w") as wheel:
        for name, text in {"METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n",
                           "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n", "RECORD": ""}.items():
            wheel.writestr("tiny-1.dist-info/" + name, text)
    return "tiny-1-py3-none-any.whl"
"""


@dataclass
class Checkout:
    folder: Path
    tools: Path

    def tool(self, name: str, script: str) -> None:
        """A stand-in for a command of the machine."""
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def install(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "TORCH_", "PYTHON"))}
        environment |= {"PATH": f"{self.tools}:{environment['PATH']}", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", **settings}
        return subprocess.run([self.folder / "requirements" / "install", *arguments], env=environment, capture_output=True, text=True)

    def lock(self, name: str, *wheels: Path) -> None:
        lines = []
        for wheel in wheels:
            package, version = wheel.name.split("-")[:2]
            lines.append(f"{package}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
        (self.folder / "requirements" / f"{name}.lock").write_text("# a comment\n" + "".join(lines))

    def installed(self, module: str) -> str:
        code = f"import {module}; print({module}.VERSION)"
        return subprocess.run([self.folder / ".venv/bin/python", "-c", code], capture_output=True, text=True).stdout.strip()


def make_wheel(folder: Path, name: str, version: str, text: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    meta = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n{text}")
        wheel.writestr(f"{meta}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{meta}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{meta}/RECORD", "")
    return path


def make_checkout(folder: Path, environment: Path) -> Checkout:
    requirements, tools = folder / "checkout" / "requirements", folder / "tools"
    requirements.mkdir(parents=True)
    tools.mkdir()
    shutil.copy(SCRIPT, requirements)
    (requirements.parent / "pyproject.toml").write_text(PROJECT)
    (requirements.parent / "backend.py").write_text(BACKEND)
    checkout = Checkout(requirements.parent, tools)
    checkout.lock("cpu", make_wheel(folder / "torch", "torch", "2.13.0+cpu"), make_wheel(folder / "wheels", "other", "1"))
    checkout.lock("dev", make_wheel(folder / "wheels", "extra", "1"))
    checkout.tool("nvidia-smi", "exit 9")
    copy = f"cp -a {environment} .venv && sed -i 1s:{environment.parent}:$PWD: .venv/bin/pip*"
    checkout.tool("python3.11", f'if [ "$*" = "-m venv .venv" ]; then {copy}; else exec {PYTHON} "$@"; fi')
    for name in ("curl", "ip", "chromium", "initdb", "systemd-analyze", "promtool"):
        checkout.tool(name, "exit 9")
    checkout.tool("apt-get", "echo apt-get was not to be called >&2; exit 100")
    return checkout
