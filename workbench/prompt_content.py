"""The content of a saved prompt: JSON of the Workbench as one text, which nothing here looks into, so that none of it is ever code.

Compressed it is two fifths of its size, which takes 27 ms for a document of 4,000 tokens; higher levels take five times as long for a
tenth less. Both ways leave the event loop, and the interpreter, to others.
"""

from __future__ import annotations

import asyncio
import zlib

from router.errors import Fault, InvalidRequest

MOST_BYTES = 4 << 20
RULE = f"a string of JSON, an object, of at most {MOST_BYTES} bytes"
LEVEL = 1


async def packed(content: str) -> bytes:
    """Raises InvalidRequest."""
    data = content.encode()
    if len(data) > MOST_BYTES:
        raise refused(f"{len(data)} bytes were given; prune branches, or export it as a file")
    if not data.startswith(b"{") or not data.endswith(b"}") or b"\0" in data:
        raise refused("what was given is none")
    return await asyncio.to_thread(zlib.compress, data, LEVEL)


async def unpacked(data: bytes) -> str:
    return (await asyncio.to_thread(zlib.decompress, data)).decode()


def refused(why: str) -> InvalidRequest:
    return InvalidRequest(Fault("content", "invalid_value", f"'content' must be {RULE}; {why}."))
