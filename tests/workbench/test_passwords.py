from __future__ import annotations

import asyncio
import threading
import time

from argon2 import PasswordHasher

from workbench import passwords
from workbench.errors import TooManySignIns
from workbench.passwords import Passwords

TEXT = "correct horse battery"


class SlowHasher(PasswordHasher):
    """Knows how many threads are in it at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.inside = self.most = 0
        self._lock = threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.01)
        with self._lock:
            self.inside -= 1
        return bool(super().verify(hash, password))


async def test_a_password_matches_its_own_hash_only() -> None:
    one = Passwords()
    stored = await one.hash(TEXT)
    assert await one.match(TEXT, stored)
    assert not await one.match(TEXT + " ", stored)
    assert not await one.match(TEXT, "no hash at all")
    assert stored != await one.hash(TEXT)


async def test_a_user_that_does_not_exist_takes_a_hash_and_never_matches() -> None:
    hasher = SlowHasher()
    assert not await Passwords(hasher).match(TEXT, None)
    assert hasher.most == 1


async def test_an_accent_is_the_same_from_every_keyboard() -> None:
    one = Passwords()
    assert await one.match("cafe\u0301 au lait noir", await one.hash("caf\u00e9 au lait noir"))


async def test_few_hash_at_once_and_the_loop_goes_on() -> None:
    hasher = SlowHasher()
    one = Passwords(hasher)
    stored = await one.hash(TEXT)
    asked = asyncio.gather(*(one.match(TEXT, stored) for _ in range(10)))
    turns = 0
    while not asked.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert all(await asked)
    assert hasher.most == passwords.AT_ONCE
    assert turns > 10


async def test_of_very_many_some_are_told_to_wait() -> None:
    one = Passwords(SlowHasher())
    answers = await asyncio.gather(*(one.match(TEXT, None) for _ in range(passwords.MOST_WAITING + 5)), return_exceptions=True)
    assert sum(isinstance(answer, TooManySignIns) for answer in answers) == 5
    assert not await one.match(TEXT, None)


async def test_the_hashes_of_the_service_are_argon2id_at_full_strength() -> None:
    stored = await Passwords(PasswordHasher()).hash(TEXT)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
