"""API keys: made once, stored as a keyed hash, found again by what the caller presents.

A key is `acs-bm-`, 32 base62 characters and a base62 CRC-32 of what precedes it, so that a misspelt
key is refused without asking Redis.
"""

from __future__ import annotations

import re
import secrets
import string
import time
import zlib
from dataclasses import dataclass

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.errors import SecretMismatch, UnknownKey
from budgets.secret import Secret
from budgets.store import Fields, fields, reaching, text, texts

PREFIX = "acs-bm-"
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key. `created` and `expires` are Unix seconds; `models` None means all."""

    id: str
    account_id: str
    name: str
    prefix: str
    last4: str
    created: int
    state: str = "active"
    expires: int | None = None
    models: tuple[str, ...] | None = None

    def expired(self, now: float) -> bool:
        return self.expires is not None and now >= self.expires


class Keys:
    def __init__(self, redis: Redis, secret: Secret, prefix: str = PREFIX) -> None:
        self._redis, self._secret, self._prefix = redis, secret, prefix
        self._shape = re.compile(re.escape(prefix) + f"[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}")

    async def create(
        self, account_id: str, name: str, expires: int | None = None, models: tuple[str, ...] | None = None
    ) -> tuple[str, ApiKey]:
        """The key, shown this once, and its record."""
        shown = new_key(self._prefix)
        key = ApiKey(secrets.token_hex(8), account_id, name, self._prefix, shown[-4:], int(time.time()), "active", expires, models)
        version, digest = self._secret.digests(shown)[0]
        async with reaching():
            await self._redis.hset(redis_keys.key(account_id, key.id), mapping=_fields(key))
            await self._redis.sadd(redis_keys.account_keys(account_id), key.id)
            await self._redis.set(redis_keys.digest(version, digest), f"{account_id}/{key.id}")
        return shown, key

    async def find(self, presented: str) -> ApiKey:
        """The key that was presented. Raises UnknownKey whatever is wrong with it, StoreUnavailable."""
        if not self._shape.fullmatch(presented) or checksum(presented[:-CHECKSUM_LENGTH]) != presented[-CHECKSUM_LENGTH:]:
            raise UnknownKey
        async with reaching():
            owner = await self._owner(presented)
            stored = fields(await self._redis.hgetall(redis_keys.key(*owner)))
        key = _key(*owner, stored) if stored else None
        if key is None or key.state == "revoked" or key.expired(time.time()):
            raise UnknownKey
        return key

    async def list(self, account_id: str) -> list[ApiKey]:
        async with reaching():
            ids = texts(await self._redis.smembers(redis_keys.account_keys(account_id)))
            records = [(key_id, fields(await self._redis.hgetall(redis_keys.key(account_id, key_id)))) for key_id in ids]
        return sorted((_key(account_id, key_id, stored) for key_id, stored in records), key=lambda key: key.created)

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
        digests = [redis_keys.digest(version, digest) for version, digest in self._secret.digests(presented)]
        for owner in [await self._redis.get(digest) for digest in digests]:
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


def _fields(key: ApiKey) -> Fields:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "last4": key.last4,
        "created": str(key.created),
        "state": key.state,
        "expires": "" if key.expires is None else str(key.expires),
        "models": "" if key.models is None else ",".join(key.models),
    }


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
    )
