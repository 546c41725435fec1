"""The table: for each work the median of each server, and this service over each, within rounds, as median and range."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from loadtest import results
from loadtest.bench import alone
from loadtest.bench.rounds import ACCOUNTING, BOOT, CHANNELLED, COLD, GATEWAY, IDLE, Row
from loadtest.bench.works import ENDINGS, LETTERS, LITELLM, OURS, RAY_LLM, SERVERS, VLLM, WORKS, Work

PEERS = (VLLM, RAY_LLM, LITELLM)
COLUMNS = ["measure", *(OURS, *PEERS), *(f"over {peer}" for peer in PEERS), "target"]
#: What a peer does instead of a work that it has not.
INSTEAD = {
    **dict.fromkeys(("continuations", "continuations-apart", "continuations-in-turn"), "continuations-echo"),
    "letters": "letters-echo",
}

Values = dict[int, float]


def shown(model: str, rows: list[Row]) -> str:
    """All of one model."""
    lines = [line for name, work in WORKS.items() if (line := _line(name, work, rows))]
    return "\n\n".join([f"`{model}`, {_rounds(rows)}:", results.table(COLUMNS, lines), *_others(rows), *_failures(rows)])


def values(rows: list[Row], server: str, work: str) -> Values:
    return {row.round: row.value for row in rows if (row.server, row.work) == (server, work) and row.value is not None}


def ratios(ours: Values, theirs: Values) -> list[float]:
    return [ours[number] / theirs[number] for number in ours.keys() & theirs.keys() if theirs[number]]


def _line(name: str, work: Work, rows: list[Row]) -> list[str]:
    ours = values(rows, OURS, name)
    measured = [values(rows, server, name) for server in (OURS, *PEERS)]
    if not any(measured):
        return []
    compared = [_compared(work, ours, values(rows, peer, INSTEAD.get(name, name))) for peer in PEERS]
    return [f"{work.title}, {work.unit}", *(_spread(list(one.values())) for one in measured), *compared, work.target]


def _compared(work: Work, ours: Values, theirs: Values) -> str:
    """What is to be small is a difference."""
    if work.more:
        return _spread(ratios(ours, theirs), 2)
    added = [ours[number] - theirs[number] for number in ours.keys() & theirs.keys()]
    return _spread(added, 1, sign=True)


def _spread(found: list[float], places: int | None = None, sign: bool = False) -> str:
    """Median and, of several, the range."""
    if not found:
        return ""
    places = places if places is not None else (0 if statistics.median(found) >= 100 else 2)
    one, least, most = (f"{value:{'+' if sign else ''},.{places}f}" for value in (statistics.median(found), min(found), max(found)))
    return one if len(found) == 1 else f"{one} ({least} to {most})"


def _rounds(rows: list[Row]) -> str:
    count, busy = len({row.round for row in rows}), max((row.busy for row in rows), default=0.0)
    loaded = "" if busy <= results.QUIET_PERCENT else f"; other work took up to {busy:.0f} % of the machine before a server was started"
    return f"{count} {'round' if count == 1 else 'rounds'}{loaded}"


def _others(rows: list[Row]) -> Iterator[str]:
    boots = _spread(ratios(values(rows, OURS, COLD), values(rows, VLLM, BOOT)), 3)
    rest = [f"{one} {_spread(list(found.values()), 2)}" for one in SERVERS if (found := values(rows, one, IDLE))]
    channelled, one_by_one = (_spread(list(values(rows, OURS, work).values())) for work in (CHANNELLED, GATEWAY))
    told = [
        *_scores(rows),
        ("a cold boot of the smallest model over the start of vLLM's server, each to its first token (<= 0.1)", boots),
        (f"the gateway alone, tokens streamed per second of its process (>= 20,000), {_load(alone.MANY)} from a host", channelled),
        (f"the same, {_load(alone.FEW)} one token at a time, the scripted engine in its own process", one_by_one),
        ("admission and settlement add, ms (<= 1)", _spread(list(values(rows, OURS, ACCOUNTING).values()), 2)),
        ("cores taken at rest", ", ".join(rest)),
    ]
    lines = [f"- {what}: {value}" for what, value in told if value]
    if lines:
        yield "\n".join(lines)


def _scores(rows: list[Row]) -> Iterator[tuple[str, str]]:
    """One call over as many as there are continuations. Calls of /v1/score find the prefix in the cache too, an echo never does."""
    for texts, together, apart, how in (
        (LETTERS, "letters", "letters-echo", "echoes, eight at once"),
        (ENDINGS, "continuations", "continuations-echo", "echoes, eight at once"),
        (ENDINGS, "continuations", "continuations-in-turn", "calls of /v1/score in turn"),
        (ENDINGS, "continuations", "continuations-apart", "calls of /v1/score, eight at once"),
    ):
        over = _spread(ratios(values(rows, OURS, together), values(rows, OURS, apart)), 2)
        count = texts.continuations
        yield f"one call of /v1/score with {texts} over {count} {how} (>= {0.7 * count:.1f})", over


def _load(asked: alone.Load) -> str:
    return f"{asked.at_once} streams of {asked.tokens} tokens"


def _failures(rows: list[Row]) -> Iterator[str]:
    """One line for all that a server did not do for the same reason."""
    works: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.value is None:
            works.setdefault((row.server, row.why[:160]), []).append(row.work)
    lines = sorted(f"- {server}, {', '.join(dict.fromkeys(names))}: {why}" for (server, why), names in works.items())
    if lines:
        yield "Not measured:\n\n" + "\n".join(lines)
