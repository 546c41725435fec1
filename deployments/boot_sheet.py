"""What an engine's processes tell their host beside vLLM's own ways: how much of the weights is loaded, and what went wrong.

Memory that has no name but through the host's descriptors, so that it ends with the host; the engine finds it by an
environment variable, whether it was forked or spawned.
"""

from __future__ import annotations

import mmap
import os
import struct

VARIABLE = "BASEMODEL_BOOT_SHEET"
SIZE = 4096
_COUNT, _LENGTH = struct.Struct("Q"), struct.Struct("I")
_TEXT = _COUNT.size + _LENGTH.size


class BootSheet:
    """One writer at a time: the engine's own process."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory

    @classmethod
    def create(cls) -> BootSheet:
        """The host's, which engines that it starts from now on will find."""
        descriptor = os.memfd_create("boot-sheet")
        os.ftruncate(descriptor, SIZE)
        os.environ[VARIABLE] = f"/proc/{os.getpid()}/fd/{descriptor}"
        return cls(mmap.mmap(descriptor, SIZE))

    @classmethod
    def of_environment(cls) -> BootSheet:
        """The host's, or one that nobody reads."""
        try:
            descriptor = os.open(os.environ.get(VARIABLE, ""), os.O_RDWR)
        except OSError:
            return cls(mmap.mmap(-1, SIZE))
        try:
            return cls(mmap.mmap(descriptor, SIZE))
        finally:
            os.close(descriptor)

    def add(self, count: int) -> None:
        _COUNT.pack_into(self._memory, 0, self.loaded + count)

    @property
    def loaded(self) -> int:
        """Bytes of weights."""
        return int(_COUNT.unpack_from(self._memory, 0)[0])

    def fail(self, reason: str) -> None:
        """The first reason stays."""
        if not self.reason:
            text = reason.encode()[: SIZE - _TEXT]
            self._memory[_TEXT : _TEXT + len(text)] = text
            _LENGTH.pack_into(self._memory, _COUNT.size, len(text))

    @property
    def reason(self) -> str:
        length = int(_LENGTH.unpack_from(self._memory, _COUNT.size)[0])
        return self._memory[_TEXT : _TEXT + length].decode(errors="replace")
