"""The flight recorder: what this process holds and has made, where a SIGKILL cannot reach it.

One file for each process, mapped into memory: what is written there survives the process, because the page cache does.
Whoever has the file's lock owns it, so that a dead process is known by its lock and not by a guess. Layout, little-endian:
a header of 64 bytes, then rows of 320, each written with its state last, so that no kill leaves a row half told.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import struct
import time
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

import psutil

from budgets.ending import Ending
from budgets.requests import WORKLOADS, Charge, Reservation

MAGIC, VERSION = b"bmflight", 1
#: magic, version, bytes of a row, pid, when the process began, when it last said that it lives (both Unix seconds)
HEADER = struct.Struct("<8sIIQdd")
HEADER_BYTES = 64
ALIVE = struct.Struct("<d")
ALIVE_AT = HEADER.size - ALIVE.size
#: state, workload, failed, prompt, hold, done, charged prompt, charged completion, day, request, account, key, model
ROW = struct.Struct("<BBB5xQQQQQ16s64s32s32s128s")
FAILED_AT, DONE_AT, CHARGED_AT, DAY_AT = 2, 24, 32, 48
WORD, PAIR = struct.Struct("<Q"), struct.Struct("<QQ")
FIRST_ROWS = 1024

#: By their number in a row; later ones go to the end.
SAID = ("", *WORKLOADS)


class State(IntEnum):
    """INTENT: admission was asked for. GRANTED: a hold is known. STARTED: an engine works. CHARGED: it ended, at this charge."""

    FREE = 0
    INTENT = 1
    GRANTED = 2
    STARTED = 3
    CHARGED = 4


class Row:
    """One request; to be cleared once Redis, or the spool, knows how it ended."""

    __slots__ = ("_at", "_recorder", "done")

    def __init__(self, recorder: FlightRecorder, at: int) -> None:
        self._recorder, self._at, self.done = recorder, at, 0

    def granted(self, day: str) -> None:
        self._recorder.memory[self._at + DAY_AT : self._at + DAY_AT + 10] = day.encode()
        self._state(State.GRANTED)

    def started(self) -> None:
        self._state(State.STARTED)

    def count(self, tokens: int) -> None:
        self.done += tokens
        WORD.pack_into(self._recorder.memory, self._at + DONE_AT, self.done)

    def end(self, charge: Charge | None) -> None:
        """None: given up, whatever began."""
        if charge is not None:
            PAIR.pack_into(self._recorder.memory, self._at + CHARGED_AT, charge.prompt, charge.completion)
            self._recorder.memory[self._at + FAILED_AT] = int(charge.failed)
        self._state(State.INTENT if charge is None else State.CHARGED)

    def clear(self) -> None:
        self._state(State.FREE)
        self._recorder.free(self._at)

    def _state(self, state: State) -> None:
        self._recorder.memory[self._at] = state


class FlightRecorder:
    """Of this process. Raises OSError where the folder or the disk cannot hold it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.flight"
        unlocked = self.path.with_suffix(".new")  # a name that no sweep looks for
        self._file = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._free: list[int] = []
        self._rows = 0
        self._allocate(FIRST_ROWS)
        self.memory = mmap.mmap(self._file, 0)
        began = psutil.Process().create_time()
        HEADER.pack_into(self.memory, 0, MAGIC, VERSION, ROW.size, os.getpid(), began, time.time())
        unlocked.rename(self.path)

    def open(self, wanted: Reservation) -> Row:
        """Raises OSError where the disk has no room for it, ValueError where a name is too long."""
        packed = _packed(wanted)
        if not self._free:
            self._allocate(2 * self._rows)
            self.memory.resize(HEADER_BYTES + self._rows * ROW.size)
        at = self._free.pop()
        self.memory[at : at + ROW.size] = packed
        self.memory[at] = State.INTENT
        return Row(self, at)

    def free(self, at: int) -> None:
        self._free.append(at)

    def beat(self) -> None:
        """Says that what is recorded here is of now."""
        ALIVE.pack_into(self.memory, ALIVE_AT, time.time())

    @property
    def in_use(self) -> int:
        return self._rows - len(self._free)

    def close(self, remove: bool) -> None:
        """Kept, it is what the next sweep ends."""
        if remove:
            self.path.unlink(missing_ok=True)
        self.memory.close()
        os.close(self._file)

    def _allocate(self, rows: int) -> None:
        """Real blocks: writing to a mapped hole of a full disk would kill the process."""
        os.posix_fallocate(self._file, 0, HEADER_BYTES + rows * ROW.size)
        first, last = HEADER_BYTES + self._rows * ROW.size, HEADER_BYTES + (rows - 1) * ROW.size
        self._free = [*range(last, first - 1, -ROW.size), *self._free]
        self._rows = rows


def endings(recorded: bytes) -> Iterator[Ending]:
    """How the requests of a dead process end. Raises ValueError for what is no flight file of this version."""
    magic, version, size, _pid, _began, alive = HEADER.unpack_from(recorded) if len(recorded) >= HEADER_BYTES else (b"",) * 6
    if (magic, version, size) != (MAGIC, VERSION, ROW.size):
        raise ValueError(f"not a flight file of version {VERSION}")
    for at in range(HEADER_BYTES, len(recorded) - ROW.size + 1, ROW.size):
        if recorded[at] != State.FREE:
            yield _ending(ROW.unpack_from(recorded, at), alive)


def _ending(row: tuple[int | bytes, ...], alive: float) -> Ending:
    state, workload, failed, prompt, hold, done, charged_prompt, charged_completion = (int(value) for value in row[:8])
    day, request_id, account_id, key_id, model = (bytes(text).rstrip(b"\0").decode() for text in row[8:] if isinstance(text, bytes))
    wanted = Reservation(request_id, account_id, key_id, model, prompt, hold, SAID[workload])
    charge = None
    if state == State.STARTED:
        charge = Charge(prompt, done, failed=True)
    elif state == State.CHARGED:
        charge = Charge(charged_prompt, charged_completion, bool(failed))
    return Ending(wanted, day, charge, alive)


def _packed(wanted: Reservation) -> bytes:
    names = [name.encode() for name in (wanted.request_id, wanted.account_id, wanted.key_id, wanted.model)]
    if any(len(name) > most for name, most in zip(names, (64, 32, 32, 128), strict=True)):
        raise ValueError(f"a name of request {wanted.request_id[:64]!r} does not fit into its row")
    workload = SAID.index(wanted.workload)
    return ROW.pack(State.FREE, workload, 0, wanted.prompt, wanted.hold, 0, 0, 0, b"", *names)
