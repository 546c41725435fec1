"""Passwords: argon2id, hashed in threads, a few at a time, because each hash takes 64 MiB and a processor."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workbench.errors import TooManySignIns

T = TypeVar("T")

SHORTEST, LONGEST = 12, 256
AT_ONCE, MOST_WAITING, RETRY_SECONDS = 2, 64, 5


class Passwords:
    """Both methods raise TooManySignIns where very many wait for one."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(_text(password)))

    async def match(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one of the stored hash; None takes as long as a wrong one."""
        return await self._run(lambda: self._match(password, stored)) and stored is not None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    def _match(self, password: str, stored: str | None) -> bool:
        nobodys = self._nobodys
        try:
            return self._hasher.verify(stored or nobodys, _text(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise TooManySignIns(RETRY_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _text(password: str) -> str:
    """One password, whichever keyboard wrote its accents."""
    return unicodedata.normalize("NFC", password)
