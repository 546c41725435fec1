"""The results as a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from loadtest.faults.judge import GROUPS, Result

TIMES = ("served again after", "slowest new request", "longest silence of a stream")
COLUMNS = ("what happened", *GROUPS, *TIMES, "delivered", "charged", "faults")


def table(results: Iterable[Result]) -> str:
    return "\n".join([_line(COLUMNS), _line(["---"] * len(COLUMNS)), *(_line(_row(one)) for one in results), ""])


def _row(one: Result) -> list[str]:
    groups = [_counts(one.seen[group]) for group in GROUPS]
    times = [f"{seconds:.1f} s" for seconds in (one.served_again, one.slowest_new, one.longest_gap)]
    title = "; ".join([one.title, *one.told])
    return [title, *groups, *times, f"{one.delivered:,}", f"{one.charged:,}", str(len(one.faults))]


def _counts(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "none"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
