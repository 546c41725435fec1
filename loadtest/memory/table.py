"""The scenes as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loadtest import results
from loadtest.memory.scene import Found

Size = dict[str, float]
#: A scene, its size, its result, when and on what machine, by its name.
Documents = dict[str, dict[str, Any]]

#: Of scenes that are not shortened.
REQUESTS, CONNECTIONS, LINE, READERS, STALL_SECONDS = 200_000, 2000, 500, 8, 30.0


def sizes(requests: int, connections: int, line: int, readers: int, stall_seconds: float) -> dict[str, Size]:
    """What each scene is given, in their order."""
    slow = {"count": readers, "stall_seconds": stall_seconds}
    return {"idle": {"count": connections}, "waiting": {"count": line}, "readers": slow, "requests": {"count": requests}}


FULL = sizes(REQUESTS, CONNECTIONS, LINE, READERS, STALL_SECONDS)
COLUMNS = ["scene", "what", "MiB before", "most MiB", "ratio", "and"]


def whole(found: Documents) -> bool:
    """Whether it is every scene, and none smaller than by default."""
    return {*found} == {*FULL} and all(found[name]["size"][one] >= least for name, size in FULL.items() for one, least in size.items())


def busiest(found: Documents) -> float:
    """Percent of the machine that others took before a scene began."""
    return max((float(one["busy_percent"]) for one in found.values()), default=0.0)


def section(found: Documents) -> str:
    machines = "; ".join(dict.fromkeys(str(one["machine"]) for one in found.values()))
    head = f"{machines}. A gateway of its own for each scene, on the scripted engine, resident memory; others took up to"
    table = results.table(COLUMNS, [_row(name, one["found"]) for name, one in found.items()])
    return f"{head} {busiest(found):.0f} % of the machine before a scene.\n\n{table}"


def _row(name: str, found: Found) -> list[str]:
    what, more = WORDS[name]
    return [name, what(found), f"{found['mib_before']:,.1f}", f"{found['mib_most']:,.1f}", f"{found['ratio']:.2f}", more(found)]


def _beside(found: Found) -> str:
    return f"somebody else's smallest request takes {found['beside_ms']} ms, {found['alone_ms']} ms before"


def _stopped(found: Found) -> str:
    running = f"{found['running']} streams ran, and none after {found['stopped']} s more"
    return f"{running}; the most that one was sent: {found['got_mib']} MiB; streams that look complete: {found['whole']}"


Words = Callable[[Found], str]
#: What a scene was, and what else it found.
WORDS: dict[str, tuple[Words, Words]] = {
    "idle": (
        lambda found: f"{found['connections']:,} connections that say nothing",
        lambda found: f"{found['kib_each']} KiB for each; {_beside(found)}",
    ),
    "waiting": (
        lambda found: f"{found['waiting']:,} requests of one key, eight at a time",
        lambda found: f"all were served{'' if found['waited'] else ' before anybody else asked'}; {_beside(found)}",
    ),
    "readers": (lambda found: f"{found['readers']:,} streams whose readers take nothing", _stopped),
    "requests": (
        lambda found: f"{found['requests']:,} requests, every other a stream",
        lambda found: f"the most of the second half over the most of the first: {found['second_half_over_first']:.3f}",
    ),
}
