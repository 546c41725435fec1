"""`basemodel accounts`, `keys` and `usage` against a real Redis."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis as BlockingRedis

from basemodel import first_key
from budgets import redis_keys
from budgets.errors import KeyRefused, UnknownKey, UnsafeRedis
from budgets.keys import ApiKey, Keys, new_key
from budgets.ledger import Ledger
from budgets.requests import Charge, Granted, Reservation
from budgets.store import connect
from router.settings import Settings
from tests.basemodel.command_line import fail, misuse, run, succeed
from tests.conftest import start_redis


@pytest.fixture(autouse=True)
def home(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("BASEMODEL_SECRET", raising=False)
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    monkeypatch.setenv("BASEMODEL_REDIS_URL", redis_url)
    monkeypatch.setenv("BASEMODEL_REDIS_UNSAFE", "1")  # the Redis of tests writes nothing to disk
    with BlockingRedis.from_url(redis_url) as redis:
        redis.flushall()
    return tmp_path


@pytest.fixture
def key(home: Path) -> str:
    """The id of a key of the account `lab`."""
    succeed("accounts", "create", "lab", "--monthly-tokens", "1000")
    return str(succeed("keys", "create", "--account", "lab", "--name", "mine")["id"])


async def use(shown: str, tokens: int) -> None:
    """A request with this key, from its admission to its end. Raises KeyRefused, UnknownKey."""
    settings = Settings.read()
    redis = connect(settings.redis_url)
    try:
        key = await Keys(redis, settings.secret).find(shown)
        granted = await Ledger(redis).admit(reservation(key, tokens))
        assert isinstance(granted, Granted)
        await Ledger(redis).settle(granted, Charge(1, tokens - 1))
    finally:
        await redis.aclose()


def reservation(key: ApiKey, tokens: int) -> Reservation:
    return Reservation(os.urandom(8).hex(), key.account_id, key.id, "pico", 1, tokens, "batch")


def described(key: str) -> dict[str, object]:
    (found,) = [one for one in succeed("keys", "list") if one["id"] == key]
    assert isinstance(found, dict)
    return found


def test_an_account_has_a_total_from_the_start() -> None:
    assert succeed("accounts", "create", "lab")["monthly_tokens"] == 1_000_000_000
    assert succeed("accounts", "create", "small", "--monthly-tokens", "5")["monthly_tokens"] == 5
    assert [(one["name"], one["monthly_tokens"], one["state"]) for one in succeed("accounts", "list")] == [
        ("lab", 1_000_000_000, "active"),
        ("small", 5, "active"),
    ]
    assert "1000000000" in run("accounts", "create", "--help")[1]


def test_a_budget_can_be_set_below_what_its_keys_may_use_and_says_so(key: str) -> None:
    succeed("keys", "update", key, "--monthly-tokens", "500")
    assert succeed("accounts", "set-budget", "lab", "499") == {"name": "lab", "monthly_tokens": 499, "keys_above": [key]}
    assert key in run("accounts", "set-budget", "lab", "100")[1]


def test_a_disabled_account_opens_nothing_until_it_is_enabled() -> None:
    succeed("accounts", "create", "lab")
    made = succeed("keys", "create", "--account", "lab")
    assert succeed("accounts", "disable", "lab")["state"] == "disabled"
    with pytest.raises(UnknownKey):
        asyncio.run(use(made["key"], 5))
    assert succeed("accounts", "enable", "lab")["state"] == "active"
    asyncio.run(use(made["key"], 5))


def test_creating_a_key_prints_the_key_and_its_id_and_nothing_else(key: str) -> None:
    assert set(succeed("keys", "create", "--account", "lab")) == {"key", "id"}


def test_a_key_is_made_with_all_that_was_asked(key: str) -> None:
    words = ["--name", "narrow", "--monthly-tokens", "10", "--expires", "2999-12-31", "--models", "pico,nano", "--concurrency", "2"]
    made = described(succeed("keys", "create", "--account", "lab", *words)["id"])
    assert (made["name"], made["monthly_tokens"], made["models"], made["concurrency"]) == ("narrow", 10, ["pico", "nano"], 2)
    assert made["expires"] == datetime(3000, 1, 1, tzinfo=UTC).timestamp()


def test_everything_of_a_key_can_be_changed_and_changed_back(key: str) -> None:
    before = described(key)
    words = ["--name", "new", "--monthly-tokens", "10", "--expires", "2999-01-01T00:00+01:00", "--models", "pico", "--concurrency", "1"]
    changed = succeed("keys", "update", key, *words)
    assert (changed["name"], changed["monthly_tokens"], changed["models"], changed["concurrency"]) == ("new", 10, ["pico"], 1)
    assert changed["expires"] == datetime(2998, 12, 31, 23, tzinfo=UTC).timestamp()
    back = ["--name", "mine", "--monthly-tokens", "unbounded", "--expires", "never", "--models", "all", "--concurrency", "8"]
    assert succeed("keys", "update", key, *back) == before == described(key)


def test_a_key_is_paused_resumed_and_revoked_for_ever(key: str) -> None:
    assert succeed("keys", "pause", key[:6])["state"] == "paused"
    assert succeed("keys", "resume", "mine", "--account", "lab")["state"] == "active"
    assert succeed("keys", "revoke", key)["state"] == "revoked"
    assert succeed("keys", "revoke", key)["state"] == "revoked"
    for verb in ("pause", "resume"):
        assert "was revoked, which is for ever" in fail("keys", verb, key)
    assert "was revoked" in fail("keys", "update", key, "--name", "again")


def test_a_key_that_leaked_is_revoked_by_itself_and_never_repeated() -> None:
    succeed("accounts", "create", "lab")
    made = succeed("keys", "create", "--account", "lab")
    code, out, err = run("keys", "revoke", made["key"])
    assert (code, err) == (0, "")
    assert made["id"] in out
    assert made["key"] not in out
    assert succeed("keys", "revoke", made["key"])["state"] == "revoked"
    assert made["id"] in fail("keys", "pause", made["key"])
    succeed("accounts", "create", "other")
    assert f"no key {made['id']}" in fail("keys", "revoke", made["key"], "--account", "other")


@pytest.mark.parametrize("presented", [new_key(), new_key()[:-1], f"{new_key()}x", "acs-bm-"], ids=["whole", "short", "long", "empty"])
def test_a_key_that_nobody_has_is_not_repeated_either(key: str, presented: str) -> None:
    assert "There is no key acs-bm-…; " in fail("keys", "revoke", presented)


def test_a_new_key_is_shown_with_its_id(key: str) -> None:
    _, out, _ = run("keys", "create", "--account", "lab", "--name", "second")
    (made,) = [one for one in succeed("keys", "list") if one["name"] == "second"]
    assert made["id"] in out


def test_the_name_of_a_revoked_key_means_the_key_that_has_it_now(key: str) -> None:
    succeed("keys", "revoke", key)
    again = succeed("keys", "create", "--account", "lab", "--name", "mine")["id"]
    assert succeed("keys", "pause", "mine", "--account", "lab")["id"] == again
    twin = succeed("keys", "create", "--account", "lab", "--name", "mine")["id"]
    said = fail("keys", "pause", "mine", "--account", "lab")
    assert again in said
    assert twin in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["keys", "pause", "nothing"], "no key nothing"),
        (["keys", "pause", "mine"], "no key mine"),
        (["keys", "list", "--account", "nobody"], "no account nobody"),
        (["keys", "create", "--account", "lab", "--monthly-tokens", "1001"], "has 1,000 tokens a month"),
        (["accounts", "set-budget", "nobody", "1"], "no account nobody"),
        (["accounts", "disable", "nobody"], "no account nobody"),
        (["usage", "show", "--account", "nobody"], "no account nobody"),
        (["usage", "show"], "no account default"),
        (["usage", "show", "--account", "lab", "--key", "other"], "no key other"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_1(key: str, words: list[str], said: str) -> None:
    assert said in fail(*words)


@pytest.mark.parametrize(
    "words",
    [
        ["accounts", "create", ""],
        ["accounts", "create", "a\nb"],
        ["accounts", "create", "x" * 65],
        ["accounts", "create", "new", "--monthly-tokens", "-1"],
        ["accounts", "set-budget", "lab", "1000000000000001"],
        ["accounts", "set-budget", "lab", "1e9"],
        *(["keys", "create", "--account", "lab", *words] for words in (["--name", "a\x1b[31m"], ["--concurrency", "0"], ["--models", ""])),
        *(["keys", "create", "--account", "lab", "--models", models] for models in ("a,,b", ",", "a b")),
        *(["keys", "create", "--account", "lab", "--monthly-tokens", tokens] for tokens in ("-1", "1.5", "", "٣", "9" * 5000)),
        *(["keys", "create", "--account", "lab", "--expires", date] for date in ("2001-01-01", "tomorrow", "2999-02-30", "2999-1-1")),
        *(["keys", "create", "--account", "lab", "--expires", date] for date in ("2999-01-01T00:00", "9999-12-31", "29990101", "")),
        ["keys", "update", "key"],
        *(["usage", "show", "--month", month] for month in ("2026", "2026-13", "now")),
    ],
    ids=lambda words: " ".join(words)[:60],
)
def test_wrong_words_are_exit_2_and_change_nothing(home: Path, words: list[str]) -> None:
    assert misuse(*words)
    assert succeed("accounts", "list") == []


def test_a_date_is_its_whole_day(key: str) -> None:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    assert int(succeed("keys", "update", key, "--expires", today)["expires"]) > time.time()


def test_usage_is_what_the_ledger_counted() -> None:
    succeed("accounts", "create", "lab", "--monthly-tokens", "100")
    made = succeed("keys", "create", "--account", "lab", "--name", "mine", "--monthly-tokens", "50")
    asyncio.run(use(made["key"], 7))
    report = succeed("usage", "show", "--account", "lab")
    standing = {"name": "mine", "cap": 50, "used": 7, "held": 0, "remaining": 43}
    assert (report["key"], report["keys"]) == (None, [{"id": made["id"], **standing}])
    assert report["account"] == {"name": "lab", "cap": 100, "used": 7, "held": 0, "remaining": 93}
    counts = {"requests": 1, "prompt_tokens": 1, "completion_tokens": 6, "errors": 0}
    assert report["by_model"] == [{"model": "pico", **counts, "workloads": {"batch": 1, "interactive": 0, "unspecified": 0}}]
    own = succeed("usage", "show", "--account", "lab", "--key", "mine", "--month", report["month"])
    assert (own["key"], own["by_day"]) == (standing, report["by_day"])
    assert set(own) == {"month", "resets_at", "key", "account", "by_model", "by_day"}
    assert succeed("usage", "show", "--account", "lab", "--month", "2001-02")["account"]["used"] == 0


def test_people_see_tables(key: str) -> None:
    for words in (["accounts", "list"], ["keys", "list"], ["usage", "show", "--account", "lab"]):
        code, out, err = run(*words)
        assert (code, err) == (0, "")
        assert "lab" in out
        assert "1,000" in out or words[0] == "keys"


def test_the_first_key_works_with_the_ledger(home: Path) -> None:
    asyncio.run(first_key.ensure(Settings.read()))
    asyncio.run(use(first_key.stored(home) or "", 100))
    assert succeed("usage", "show")["account"] == {"name": "default", "cap": 10**9, "used": 100, "held": 0, "remaining": 10**9 - 100}
    key = succeed("keys", "list")[0]["id"]
    succeed("keys", "pause", key)
    with pytest.raises(KeyRefused, match="paused"):
        asyncio.run(use(first_key.stored(home) or "", 1))


def test_the_first_key_is_not_put_into_a_redis_that_forgets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASEMODEL_REDIS_UNSAFE")
    with pytest.raises(UnsafeRedis, match="appendonly must be yes"):
        asyncio.run(first_key.ensure(Settings.read()))
    assert first_key.stored(home) is None


def test_a_frozen_redis_is_given_up_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with start_redis(tmp_path / "frozen") as server:
        monkeypatch.setenv("BASEMODEL_REDIS_URL", f"unix://{tmp_path}/frozen")
        os.kill(server.pid, signal.SIGSTOP)
        begun = time.monotonic()
        assert "does not answer" in fail("keys", "list")
        assert time.monotonic() - begun < 5


def test_the_ledger_is_counted_again_and_mended_where_it_is_wrong(key: str) -> None:
    succeed("accounts", "create", "other")
    assert succeed("accounts", "audit") == {"accounts": 2, "faults": [], "mended": False}
    settings = Settings.read()
    account = next(one["id"] for one in succeed("accounts", "list") if one["name"] == "lab")
    with BlockingRedis.from_url(settings.redis_url) as redis:
        redis.hset(redis_keys.budget(account), f"{datetime.now(UTC):%Y-%m}/used", 7)
    code, out, _ = run("accounts", "audit", "lab")
    assert (code, out.splitlines()[0]) == (1, "The ledger does not add up:")
    assert "lab: " in out
    assert succeed("accounts", "audit", "other")["faults"] == []
    code, out, _ = run("accounts", "audit", "--mend")
    assert (code, out.splitlines()[0]) == (1, "The ledger did not add up, and was mended:")
    assert succeed("accounts", "audit")["faults"] == []
    assert "nobody" in fail("accounts", "audit", "nobody")
