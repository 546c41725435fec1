"""API keys: made once, stored as a keyed hash, found again by what the caller presents.

A key is `acs-bm-`, 32 base62 characters and a base62 CRC-32 of what precedes it, so that a misspelt
key is refused without asking Redis. `paused` is reversible and `revoked` is for ever: its record stays, as the tombstone to
which its hash leads.
"""

from __future__ import annotations

import re
import secrets
import string
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain

from redis.asyncio import Redis

from budgets import names, redis_keys
from budgets.caps import UNBOUNDED, check_concurrency, check_tokens
from budgets.errors import AccountFull, CapAboveAccount, KeyRevoked, SecretMismatch, UnknownAccount, UnknownKey
from budgets.scripts import Args, Scripts
from budgets.secret import Secret
from budgets.sightings import Sightings
from budgets.store import fields, reaching, text, texts

PREFIX, RANDOM_LENGTH, CHECKSUM_LENGTH = "acs-bm-", 32, 6
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


class Keep(Enum):
    """Of a change of a key: what stays as it is."""

    KEEP = "keep"


KEEP = Keep.KEEP


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key. `created` and `expires` are Unix seconds; `models` None means all; `secret_version` is the one
    of the secret under which it was hashed; `last_used` is from `budgets/sightings.py`. What it may use is in `budgets/caps.py`."""

    id: str
    account_id: str
    name: str
    prefix: str
    last4: str
    created: int
    state: str = "active"
    expires: int | None = None
    models: tuple[str, ...] | None = None
    secret_version: int = 1
    last_used: int | None = field(default=None, compare=False)

    def expired(self, now: float) -> bool:
        return self.expires is not None and now >= self.expires


class Keys:
    """Every method raises StoreUnavailable."""

    def __init__(self, redis: Redis, secret: Secret, prefix: str = PREFIX) -> None:
        self._redis, self._scripts, self._secret, self._prefix = redis, Scripts(redis), secret, prefix
        self._sightings = Sightings(redis)
        self._shape = re.compile(re.escape(prefix) + f"[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}")

    async def create(
        self,
        account_id: str,
        name: str,
        expires: int | None = None,
        models: tuple[str, ...] | None = None,
        monthly_tokens: int | None = None,
        concurrency: int | None = None,
        most: int | None = None,
    ) -> tuple[str, ApiKey]:
        """The key, shown this once, and its record. `monthly_tokens` None is unbounded, `concurrency` None the default; `most`
        keys that open something may the account have then. Its hash comes last: whoever finds the key finds it whole.

        Raises UnknownAccount, AccountFull, CapAboveAccount, CapOutOfBounds, BadName.
        """
        shown = new_key(self._prefix)
        version, digest = self._secret.digests(shown)[0]
        own = (secrets.token_hex(8), account_id, names.check(name), self._prefix, shown[-4:], int(time.time()))
        key = ApiKey(*own, "active", expires, models, version)
        caps = _caps(key.id, monthly_tokens, KEEP if concurrency is None else concurrency, KEEP)
        await self._store("make", account_id, key.id, caps, _fields(key), most)
        async with reaching():
            await self._redis.set(redis_keys.digest(version, digest), f"{account_id}/{key.id}")
        return shown, key

    async def find(self, presented: str) -> ApiKey:
        """The key that was presented; it may be paused. Raises UnknownKey whatever is wrong with it."""
        return await self.get(*await self._owner(presented))

    async def id_of(self, presented: str) -> str:
        """Of a key in any state, for whoever may change it. Raises UnknownKey."""
        _, key_id = await self._owner(presented)
        return key_id

    async def get(self, account_id: str, key_id: str) -> ApiKey:
        """The key of this id as `find` gives it, for whoever may use it without knowing it. Raises UnknownKey."""
        async with reaching():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hgetall(redis_keys.key(account_id, key_id))
            pipeline.hget(redis_keys.account(account_id), "state")
            stored, owner = await pipeline.execute()
        key = _key(account_id, key_id, fields(stored)) if stored else None
        if key is None or owner != "active" or key.state == "revoked" or key.expired(time.time()):
            raise UnknownKey
        self._sightings.see(key)
        return key

    async def list(self, account_id: str) -> list[ApiKey]:
        async with reaching():
            ids = texts(await self._redis.smembers(redis_keys.account_keys(account_id)))
            records = [(key_id, fields(await self._redis.hgetall(redis_keys.key(account_id, key_id)))) for key_id in ids]
        return sorted((_key(account_id, key_id, stored) for key_id, stored in records), key=lambda key: (key.created, key.id))

    async def update(
        self,
        account_id: str,
        key_id: str,
        *,
        name: str | Keep = KEEP,
        expires: int | Keep | None = KEEP,
        models: tuple[str, ...] | Keep | None = KEEP,
        monthly_tokens: int | Keep | None = KEEP,
        concurrency: int | Keep = KEEP,
        waiting: int | Keep = KEEP,
    ) -> None:
        """All of it or nothing; `waiting` is how many requests may wait. None: never, all models, unbounded.

        Raises UnknownKey, KeyRevoked, CapAboveAccount, CapOutOfBounds, BadName.
        """
        changed: dict[str, str] = {} if name is KEEP else {"name": names.check(name)}
        changed |= {} if expires is KEEP else {"expires": _expires(expires)}
        changed |= {} if models is KEEP else {"models": _models(models)}
        await self._store("change", account_id, key_id, _caps(key_id, monthly_tokens, concurrency, waiting), changed)

    async def pause(self, account_id: str, key_id: str) -> None:
        """What runs ends with its next heartbeat. Raises UnknownKey, KeyRevoked."""
        await self._store("change", account_id, key_id, {}, {"state": "paused"})

    async def resume(self, account_id: str, key_id: str) -> None:
        """Raises UnknownKey, KeyRevoked."""
        await self._store("change", account_id, key_id, {}, {"state": "active"})

    async def revoke(self, account_id: str, key_id: str) -> None:
        """For ever; a second time changes nothing. Raises UnknownKey."""
        with suppress(KeyRevoked):
            await self._store("change", account_id, key_id, {}, {"state": "revoked"})

    async def _store(
        self, how: str, account_id: str, key_id: str, caps: dict[str, str], record: dict[str, str], most: int | None = None
    ) -> None:
        keys = [redis_keys.account(account_id), redis_keys.key(account_id, key_id), redis_keys.account_keys(account_id)]
        args: Args = [how, key_id, "" if most is None else most, redis_keys.key(account_id, ""), len(caps)]
        match await self._scripts.run("key", [*keys, redis_keys.caps(account_id)], [*args, *chain(*caps.items(), *record.items())]):
            case ["FULL"]:
                raise AccountFull(account_id)
            case ["ABOVE", cap]:
                raise CapAboveAccount(int(cap))
            case ["UNKNOWN", what]:
                raise UnknownAccount(account_id) if what == "account" else UnknownKey(key_id)
            case ["REVOKED"]:
                raise KeyRevoked(key_id)

    async def check_secret(self) -> None:
        """Leaves a proof of this process's secret in Redis, or raises SecretMismatch if another's is there."""
        version, proof = self._secret.digests("basemodel secret proof")[0]
        async with reaching():
            await self._redis.set(redis_keys.secret_proof(version), proof, nx=True)
            stored = await self._redis.get(redis_keys.secret_proof(version))
        if stored != proof:
            raise SecretMismatch(
                "BASEMODEL_SECRET is not the secret that the keys in this Redis were made with; set the one from the first start."
            )

    async def _owner(self, presented: str) -> tuple[str, str]:
        """The ids of its account and its own. Raises UnknownKey."""
        if not self._shape.fullmatch(presented) or checksum(presented[:-CHECKSUM_LENGTH]) != presented[-CHECKSUM_LENGTH:]:
            raise UnknownKey
        digests = [redis_keys.digest(version, digest) for version, digest in self._secret.digests(presented)]
        async with reaching():
            owners = [await self._redis.get(digest) for digest in digests]
        for owner in owners:
            if owner is not None:
                account_id, _, key_id = text(owner).partition("/")
                return account_id, key_id
        raise UnknownKey


def new_key(prefix: str = PREFIX) -> str:
    body = prefix + "".join(secrets.choice(BASE62) for _ in range(RANDOM_LENGTH))
    return body + checksum(body)


def checksum(body: str) -> str:
    """CRC-32 in six base62 digits, most significant first."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return digits


def _caps(key_id: str, monthly_tokens: int | Keep | None, concurrency: int | Keep, waiting: int | Keep) -> dict[str, str]:
    """What is to change of a key's caps, as the hash of caps has it. Raises CapOutOfBounds."""
    cap = UNBOUNDED if monthly_tokens is None or monthly_tokens is KEEP else str(check_tokens(monthly_tokens))
    changed = {} if monthly_tokens is KEEP else {f"key/{key_id}": cap}
    changed |= {} if concurrency is KEEP else {f"places/{key_id}": str(check_concurrency(concurrency))}
    return changed | ({} if waiting is KEEP else {f"queue/{key_id}": str(waiting)})


def _fields(key: ApiKey) -> dict[str, str]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "last4": key.last4,
        "created": str(key.created),
        "state": key.state,
        "expires": _expires(key.expires),
        "models": _models(key.models),
        "secret_version": str(key.secret_version),
    }


def _expires(expires: int | None) -> str:
    return "" if expires is None else str(expires)


def _models(models: tuple[str, ...] | None) -> str:
    return "" if models is None else ",".join(names.check_models(models))


def _key(account_id: str, key_id: str, stored: dict[str, str]) -> ApiKey:
    return ApiKey(
        id=key_id,
        account_id=account_id,
        name=stored["name"],
        prefix=stored["prefix"],
        last4=stored["last4"],
        created=int(stored["created"]),
        state=stored["state"],
        expires=int(stored["expires"]) if stored["expires"] else None,
        models=tuple(stored["models"].split(",")) if stored["models"] else None,
        secret_version=int(stored.get("secret_version", 1)),
        last_used=int(stored["last_used"]) if stored.get("last_used") else None,
    )
