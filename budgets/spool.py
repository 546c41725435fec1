"""The spool: endings that Redis could not be told, on disk until it can be.

Append-only lines, each `CRC32 JSON`: an ending, or the acknowledgement of one. Nothing counts as kept before its fsync, and
writers that come together share one. It is emptied whenever nothing in it waits any more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from budgets.ending import Ending

log = logging.getLogger(__name__)


class Spool:
    """Of this process. `pending` are the endings to be told, by request; also those that the disk did not take."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size
        self._unwritten: list[bytes] = []
        self._writing = asyncio.Lock()
        self.pending: dict[str, Ending] = {}
        self.writable = True

    async def append(self, endings: Iterable[Ending]) -> None:
        """Returns once they are on disk. Raises OSError where they are only in `pending`, until a later write takes them."""
        for ending in endings:
            self.pending[ending.request_id] = ending
            self._unwritten.append(_line(ending.to_json()))
        await self.flush()

    def acknowledge(self, request_id: str) -> None:
        """Redis knows it. That reaches the disk with the next write: told twice, an ending changes nothing."""
        if self.pending.pop(request_id, None):
            self._unwritten.append(_told(request_id))

    async def flush(self) -> None:
        """Raises OSError."""
        async with self._writing:
            if not self.writable and not self._unwritten:
                self._unwritten.append(_told(""))  # does the disk take a line again?
            if self._unwritten and (self.pending or not self.writable):
                await self._write()
            if not self.pending:
                self._empty()

    async def _write(self) -> None:
        lines, self._unwritten = self._unwritten, []
        try:
            await asyncio.to_thread(self._put, b"".join(lines))
        except OSError as error:
            self._unwritten = lines + self._unwritten
            self._complain(error)
            raise
        self.writable = True

    def _put(self, data: bytes) -> None:
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)  # half a line would spoil the next one
            raise
        self._size += len(data)

    def _empty(self) -> None:
        self._unwritten.clear()
        if self._size:
            os.ftruncate(self._file, 0)
        self._size = 0

    def _complain(self, error: OSError) -> None:
        if self.writable:
            log.error("%s cannot be written (%s): nothing new is admitted until it can", self._path, error)
        self.writable = False

    def close(self, remove: bool) -> None:
        os.close(self._file)
        if remove:
            self._path.unlink(missing_ok=True)


def read(path: Path) -> list[Ending]:
    """What a dead process left to be told, oldest first; nothing where it left no spool."""
    left: dict[str, Ending] = {}
    for text in _texts(path.read_bytes() if path.exists() else b"", path):
        if text.startswith('{"told"'):
            left.pop(json.loads(text)["told"], None)
        else:
            ending = Ending.from_json(text)
            left[ending.request_id] = ending
    return list(left.values())


def _texts(data: bytes, path: Path) -> Iterator[str]:
    """Of the lines that are whole. A kill while writing leaves a torn last one; it was never promised to anybody."""
    for number, line in enumerate(data.splitlines(), start=1):
        crc, _, text = line.partition(b" ")
        if crc == _crc(text):
            yield text.decode()
        else:
            log.warning("%s: line %d is torn and left out", path, number)


def _told(request_id: str) -> bytes:
    return _line(json.dumps({"told": request_id}))


def _line(text: str) -> bytes:
    return _crc(text.encode()) + b" " + text.encode() + b"\n"


def _crc(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)
