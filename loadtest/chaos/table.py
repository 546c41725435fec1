"""The page with the results: one row for each run, known by its seed, beside those of earlier runs."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from loadtest.chaos.faults import SCENARIOS
from loadtest.chaos.runs import Run

SUMS = ("requests", "refused", "delivered", "charged", "lost", "doubled", "over")
COLUMNS = ("Redis", "scenario", "rounds", "seed", *SUMS, "other faults", "longest recovery", "slowest refusal", "date", "machine")


def write(page: Path, runs: list[Run]) -> None:
    """The rows that are there stay, apart from those of the same runs. The table ends the page."""
    text, bar, table = page.read_text().partition(_line(COLUMNS))
    rows = {_cells(line)[3]: _cells(line) for line in table.splitlines()[2:]} if bar else {}
    rows |= {str(run.seed): _row(run) for run in runs if run.done}
    ordered = sorted(rows.values(), key=lambda row: (row[0], list(SCENARIOS).index(row[1]), row[-2]))
    page.write_text("\n".join([text + _line(COLUMNS), _line(["---"] * len(COLUMNS)), *map(_line, ordered), ""]))


def _row(run: Run) -> list[str]:
    done = run.done
    sums = [f"{sum(one[name] for one in done):,}" for name in SUMS]
    times = [f"{max(one[name] for one in done):.1f} s" for name in ("recovery", "slowest_refusal")]
    return [run.redis, run.scenario, _rounds(run, len(done)), str(run.seed), *sums, str(_others(run)), *times, run.date, _machine()]


def _rounds(run: Run, done: int) -> str:
    full = SCENARIOS[run.scenario][1]
    return str(done) if done >= full else f"{done} of {full} (shortened)"


def _others(run: Run) -> int:
    """What is no sum of tokens: a late refusal, a wrong answer, readers that disagree, a change after the round."""
    sums = len([name for one in run.done for name in ("lost", "doubled", "over") if one[name]])
    return len([fault for one in run.done for fault in one["faults"]]) - sums + len(run.later)


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
