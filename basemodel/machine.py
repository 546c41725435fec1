"""What this machine has: the probes behind `doctor` and the checks of `up`."""

from __future__ import annotations

import ctypes
import platform
import shutil
import sys
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def python_version() -> tuple[int, int]:
    return sys.version_info[:2]


def architecture() -> str:
    return f"{platform.system()} {platform.machine()}"


def has_avx2() -> bool:
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text().replace("\n", " ")
    except OSError:
        return False


def has_library(name: str) -> bool:
    """Whether the dynamic linker finds it, for example libnuma.so.1."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def available_memory() -> int:
    """Bytes that can be had now: what the kernel says, or what a container's limit leaves."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return free
    return min(free, limit - used)


def free_disk(path: Path) -> int:
    """Bytes left on the disk that holds this path, or its nearest folder that exists."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
