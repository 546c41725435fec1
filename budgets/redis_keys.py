"""Every Redis key: who it belongs to, its type and its lifetime.

| key                              | type   | lifetime | what                                               |
| -------------------------------- | ------ | -------- | -------------------------------------------------- |
| bm:accounts                      | hash   | for ever | account name -> account id                         |
| bm:{a:ID}:account                | hash   | for ever | name, created, state                               |
| bm:{a:ID}:keys                   | set    | for ever | ids of the account's keys                          |
| bm:{a:ID}:key:KEYID              | hash   | for ever | name, prefix, last4, created, state, expires, models |
| bm:digest:VERSION:HEX            | string | for ever | ACCOUNT/KEYID of the key with that keyed hash      |
| bm:secret:VERSION                | string | for ever | proof that a process has the same BASEMODEL_SECRET |

The braces are Redis Cluster's hash tag: all keys of one account live in one slot.
"""

from __future__ import annotations

ACCOUNTS = "bm:accounts"


def account(account_id: str) -> str:
    return f"bm:{{a:{account_id}}}:account"


def account_keys(account_id: str) -> str:
    return f"bm:{{a:{account_id}}}:keys"


def key(account_id: str, key_id: str) -> str:
    return f"bm:{{a:{account_id}}}:key:{key_id}"


def digest(version: int, hexdigest: str) -> str:
    return f"bm:digest:{version}:{hexdigest}"


def secret_proof(version: int) -> str:
    return f"bm:secret:{version}"
