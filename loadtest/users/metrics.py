"""What Locust does not measure: rows of their own in its statistics, its web page and its files.

In these rows a "response time" is the milliseconds, or the tokens a second, that the row's type names, and "size" is in
tokens. A rate is that of a whole answer. They are not in Locust's "Aggregated", which stays what it says: requests. Locust
itself is not imported here: it patches whatever process does that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from loadtest.users.stream import Stream

if TYPE_CHECKING:
    from locust.env import Environment

TTFT, INTER_TOKEN, RATE, QUEUE_WAIT = "TTFT ms", "inter-token ms", "tokens/s", "queue wait ms"
KINDS = (TTFT, INTER_TOKEN, RATE, QUEUE_WAIT)


def note(environment: Environment, kind: str, name: str, value: float, tokens: int = 0) -> None:
    environment.stats.get(name, kind).log(value, tokens)  # type: ignore[arg-type]  # it takes any number


def note_stream(environment: Environment, name: str, stream: Stream) -> None:
    """What came before a stream failed was seen as well, so it counts: without it, slow streams that are cut would look fast."""
    if stream.first is None:
        return
    note(environment, TTFT, name, 1000 * stream.first)
    for gap in stream.gaps:
        note(environment, INTER_TOKEN, name, 1000 * gap, 1)
    if stream.error is None:
        tokens = max(stream.tokens, stream.rows)
        note(environment, RATE, name, tokens / (time.monotonic() - stream.began), tokens)
