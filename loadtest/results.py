"""Sections of RESULTS.md that programs write: each replaces the one of the same title, and the others stay."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

import psutil

PAGE = Path(__file__).with_name("RESULTS.md")
#: Of all cores; beyond it, something else takes part in what is measured.
QUIET_PERCENT = 10.0


def put(page: Path, title: str, body: str) -> None:
    """`title` without what may follow after a colon; a new section is the last."""
    text = page.read_text().rstrip("\n") + "\n"
    section = f"## {title}\n\n{body.strip()}\n"
    begins = re.escape(f"## {title.split(':')[0]}")
    old = re.search(rf"^{begins}(:[^\n]*)?$.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if old is None:
        page.write_text(f"{text}\n{section}")
    else:
        rest = text[old.end() :]
        page.write_text(text[: old.start()] + section + ("\n" + rest if rest else ""))


def machine() -> str:
    """The date and what it ran on."""
    now = datetime.now(UTC)
    memory = psutil.virtual_memory().total / 2**30
    return f"{now.day} {now:%B %Y}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def busy(seconds: float = 2.0) -> float:
    """Percent of all cores that others take now."""
    return float(psutil.cpu_percent(interval=seconds))


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def table(columns: list[str], rows: list[list[str]]) -> str:
    return "\n".join([row(columns), row(["---"] * len(columns)), *map(row, rows)])
