"""The key that a command means: by its id, its beginning, its name within an account, or the key itself, which is never repeated."""

from __future__ import annotations

from basemodel.failure import Failure
from basemodel.store import Store
from budgets.accounts import Account, Accounts
from budgets.errors import UnknownKey
from budgets.keys import PREFIX, ApiKey, Keys

SHORTEST_PREFIX = 4


async def choose(store: Store, said: str, account: str | None) -> tuple[Account, ApiKey]:
    """With its account. Raises UnknownAccount, UnknownKey, Failure where several are meant."""
    keys = await listed(store, account)
    meant = [pair for pair in keys if pair[1].id == said] or [pair for pair in keys if _may_mean(pair[1], said, account)]
    if not meant and said.startswith(PREFIX):
        return await choose(store, await _id_of(store, said), account)
    if not meant:
        raise UnknownKey(said)
    if len(meant) > 1:
        raise Failure(f"{said} may be any of the keys {', '.join(key.id for _, key in meant)}; give one of these ids.")
    return meant[0]


async def listed(store: Store, account: str | None) -> list[tuple[Account, ApiKey]]:
    """The keys of one account, or of all."""
    accounts, keys = Accounts(store.redis), Keys(store.redis, store.secret)
    owners = await accounts.list() if account is None else [await accounts.named(account)]
    return [(owner, key) for owner in owners for key in await keys.list(owner.id)]


async def _id_of(store: Store, presented: str) -> str:
    """Also of a key that opens nothing any more. Raises UnknownKey without what was presented."""
    try:
        return await Keys(store.redis, store.secret).id_of(presented)
    except UnknownKey:
        raise UnknownKey(f"{PREFIX}…") from None


def _may_mean(key: ApiKey, said: str, account: str | None) -> bool:
    """A name is given again once its key is revoked, so revoked ones go by id only."""
    by_name = account is not None and key.name == said and key.state != "revoked"
    return by_name or (len(said) >= SHORTEST_PREFIX and key.id.startswith(said))
