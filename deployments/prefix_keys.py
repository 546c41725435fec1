"""What a request router needs to know of a job: how many sequences it is, and the keys of its prompt's beginnings.

A key names the first n tokens of a prompt of one account: two jobs with a key in common may share what an engine has cached.
Lengths are those of LADDER, half an octave apart, so that long prompts have few keys and all are whole blocks of a cache.
A hint travels as Serve's `session_id`: the one field of a call that is meant for routers, and the replica is not told twice.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import NamedTuple

from router.engine import Job

#: Tokens. Shorter prompts have no key: to compute them anew costs nothing.
LADDER = tuple(sorted({32 << i for i in range(13)} | {96 << i for i in range(11)}))
KEY_BYTES = 8
TOKEN_BYTES = array("I").itemsize


class Hint(NamedTuple):
    """`keys` are longest first; `keys[-1 - i]` is that of the first LADDER[i] tokens."""

    sequences: int
    keys: tuple[int, ...]


def keys_of(job: Job) -> tuple[int, ...]:
    """Keys of the prompt's beginnings, longest first. Accounts, by their cache salt, have none in common."""
    ids = memoryview(array("I", job.prompt_ids[: LADDER[-1]])).cast("B")
    hasher = blake2b((job.cache_salt or "").encode() + b"\0", digest_size=KEY_BYTES)
    keys, hashed = list[int](), 0
    for length in LADDER:
        if length > len(job.prompt_ids):
            break
        hasher.update(ids[hashed * TOKEN_BYTES : length * TOKEN_BYTES])
        hashed = length
        keys.append(int.from_bytes(hasher.digest(), "big"))
    return tuple(reversed(keys))


def hint_of(job: Job) -> str:
    """What `DeploymentHandle.options(session_id=...)` takes, so that `AffinityRouter` finds it."""
    return f"{len(job.seeds)}:" + ",".join(f"{key:x}" for key in keys_of(job))


def read_hint(text: str) -> Hint:
    """A hint as sent; anything else is one sequence without keys."""
    sequences, _, keys = text.partition(":")
    try:
        return Hint(max(1, int(sequences)), tuple(int(key, 16) for key in keys.split(",") if key)[: len(LADDER)])
    except ValueError:
        return Hint(1, ())
