"""Each answer as a line of JSON in the file `LOAD_LOG`: when it was asked for (Unix seconds) and among how many users, seconds to the
first token and to the end, tokens that came, its error, and the least and the most tokens that it may have been charged.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Any

from loadtest.users.stream import Stream

LOG = os.environ.get("LOAD_LOG", os.devnull)
#: After these, an engine may have worked for a request that failed.
UNSURE = (0, 200, 500, 502)


@dataclass(frozen=True)
class Asked:
    """`made`: tokens that it may make."""

    row: str
    stream: Stream
    status: int
    prompt: int
    made: int

    @property
    def charge(self) -> tuple[int, int]:
        """The least: what reached the client. The most: all that it asked for; nothing where it was refused."""
        whole = self.prompt + self.made
        if self.stream.error is None:
            return whole, whole
        return self.stream.tokens, whole if self.status in UNSURE else 0


def log(asked: Asked, users: int) -> None:
    now, stream = time.time(), asked.stream
    seconds = time.monotonic() - stream.began
    least, most = asked.charge
    line = {"asked": now - seconds, "users": users, "row": asked.row, "first": stream.first, "seconds": seconds, "tokens": stream.tokens}
    with open(LOG, "a") as file:
        file.write(json.dumps({**line, "error": stream.error, "least": least, "most": most}) + "\n")


def length(prompts: list[Any]) -> int:
    """Tokens of one prompt or of several."""
    return sum(len(one) if isinstance(one, list) else 1 for one in prompts)
