"""Every Redis key: who it belongs to, its type and its lifetime.

| key                              | type   | lifetime | what                                               |
| -------------------------------- | ------ | -------- | -------------------------------------------------- |
| bm:accounts                      | hash   | for ever | account name -> account id                         |
| bm:{a:ID}:account                | hash   | for ever | name, created, state                               |
| bm:{a:ID}:keys                   | set    | for ever | ids of the account's keys                          |
| bm:{a:ID}:key:KEYID              | hash   | for ever | name, prefix, last4, created, state, expires, models, secret_version |
| bm:{a:ID}:caps                   | hash   | for ever | account and key/KEYID: tokens or `unbounded`; places/KEYID, queue/KEYID |
| bm:{a:ID}:budget                 | hash   | for ever | MONTH/used, MONTH/held, the same as MONTH/KEYID/...; MONTH/over |
| bm:{a:ID}:usage:MONTH            | hash   | for ever | DAY/KEYID/COUNT/MODEL: how much of each count |
| bm:{a:ID}:request:REQUESTID      | hash   | 48 h after its end | state, key, day, hold, model, workload, prompt, done; then the charge |
| bm:{a:ID}:open                   | zset   | while any | DAY/KEYID/REQUESTID of live requests -> lease's end, ms |
| bm:{a:ID}:slots:KEYID            | zset   | while any | ids of the key's running requests -> lease's end, ms |
| bm:{a:ID}:queue:KEYID            | zset   | while any | ids of the key's waiting requests -> ticket         |
| bm:{a:ID}:waiting:KEYID          | zset   | while any | the same ids -> end of the waiter's lease, ms       |
| bm:digest:VERSION:HEX            | string | for ever | ACCOUNT/KEYID of the key with that keyed hash      |
| bm:journal:RUNID                 | string | 7 days   | who rewrites the journal of this run of Redis, then `done` |
| bm:secret:VERSION                | string | for ever | proof that a process has the same BASEMODEL_SECRET |

The braces are Redis Cluster's hash tag: all keys of one account live in one slot, so one script
may touch them together. MONTH and DAY are UTC, of the admission, as YYYY-MM and YYYY-MM-DD. COUNT is prompt_tokens, completion_tokens,
requests, errors, batch_requests or interactive_requests. Nothing in any of them has
a size that a user chooses.
"""

from __future__ import annotations

ACCOUNTS = "bm:accounts"


def account(account_id: str) -> str:
    return f"bm:{{a:{account_id}}}:account"


def account_keys(account_id: str) -> str:
    return f"bm:{{a:{account_id}}}:keys"


def key(account_id: str, key_id: str) -> str:
    return f"bm:{{a:{account_id}}}:key:{key_id}"


def caps(account_id: str) -> str:
    return f"bm:{{a:{account_id}}}:caps"


def budget(account_id: str) -> str:
    return f"bm:{{a:{account_id}}}:budget"


def usage(account_id: str, month: str) -> str:
    return f"bm:{{a:{account_id}}}:usage:{month}"


def request(account_id: str, request_id: str) -> str:
    return f"bm:{{a:{account_id}}}:request:{request_id}"


def open_requests(account_id: str) -> str:
    return f"bm:{{a:{account_id}}}:open"


def slots(account_id: str, key_id: str) -> str:
    return f"bm:{{a:{account_id}}}:slots:{key_id}"


def queue(account_id: str, key_id: str) -> str:
    return f"bm:{{a:{account_id}}}:queue:{key_id}"


def waiting(account_id: str, key_id: str) -> str:
    return f"bm:{{a:{account_id}}}:waiting:{key_id}"


def digest(version: int, hexdigest: str) -> str:
    return f"bm:digest:{version}:{hexdigest}"


def secret_proof(version: int) -> str:
    return f"bm:secret:{version}"


def journal(run_id: str) -> str:
    return f"bm:journal:{run_id}"
