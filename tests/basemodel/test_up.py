"""A second `up`: what runs is said as it is, and not run otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from basemodel import checks, first_key
from basemodel.cluster import redis_keeper
from basemodel.cluster.processes import Identity
from basemodel.cluster.start import Start
from basemodel.cluster.state import State
from basemodel.cluster.tls import Tls
from basemodel.commands import up
from budgets.accounts import Accounts
from budgets.keys import Keys
from budgets.store import connect
from router.settings import Settings
from tests.basemodel.as_if_running import as_if_running
from tests.basemodel.command_line import fail, run, succeed

RUNS = State("running", 0, "/x.yaml", "0.0.0.0", 8000, tls=Tls("/x/site.pem", 8443))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with as_if_running(tmp_path, monkeypatch, public_url="https://models.example.org"):
        asyncio.run(first_key.ensure(Settings.read()))
        yield tmp_path


def port(home: Path) -> int:
    state = State.read(home)
    assert state is not None
    return state.port


async def with_first(change: Callable[[Keys, str, str], Awaitable[None]]) -> None:
    """The change, of the key of the first start."""
    settings = Settings.read()
    redis = connect(settings.redis_url)
    keys, account = Keys(redis, settings.secret), await Accounts(redis).named(first_key.ACCOUNT)
    (first,) = await keys.list(account.id)
    await change(keys, account.id, first.id)
    await redis.aclose()


def test_the_same_options_or_none_say_what_runs(home: Path) -> None:
    for words in ([], ["--port", str(port(home))], ["--host", "127.0.0.1", "--config", "/x.yaml"], ["--detach"]):
        code, out, _ = run("up", *words)
        assert (code, "It runs already." in out) == (0, True)


@pytest.mark.parametrize("words", [["--port", "9"], ["--host", "0.0.0.0"], ["--config", "/other.yaml"]], ids=lambda words: words[0])
def test_another_option_than_what_runs_is_refused(home: Path, words: list[str]) -> None:
    said = fail("up", *words)
    assert f"not with the {words[0]} given here; `basemodel down` first" in said
    assert f"It runs at http://127.0.0.1:{port(home)}" in said


@pytest.mark.parametrize(
    ("tls", "https_port", "unlike"),
    [
        (None, None, []),
        (Tls("/x/site.pem", 8443), None, []),
        (Tls("/x/site.pem", 8443), 8443, []),
        (Tls("/x/site.pem", 443), 443, ["--https-port"]),
        (Tls("/y/site.pem", 8443), None, ["--certificate"]),
    ],
)
def test_a_certificate_and_its_port_are_compared_as_far_as_given(tls: Tls | None, https_port: int | None, unlike: list[str]) -> None:
    settings = Settings.read({"BASEMODEL_HOME": "/tmp", "BASEMODEL_SECRET": "1:" + "00" * 32})
    request = up.Request(settings, None, None, None, tls, https_port, detached=False, as_json=False)
    assert request.unlike(RUNS) == unlike


def test_a_certificate_is_refused_where_what_runs_has_none() -> None:
    settings = Settings.read({"BASEMODEL_HOME": "/tmp", "BASEMODEL_SECRET": "1:" + "00" * 32})
    request = up.Request(settings, None, None, None, RUNS.tls, None, detached=False, as_json=False)
    assert request.unlike(replace(RUNS, tls=None)) == ["--certificate"]


def test_an_https_port_needs_a_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    assert "--https-port needs --certificate" in fail("up", "--https-port", "9443")


def test_the_address_is_the_one_with_which_it_was_started(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_PUBLIC_URL", "https://other.example.org")
    assert succeed("up")["base"] == "https://models.example.org/v1"


def test_the_first_key_is_printed_while_it_opens_something(home: Path) -> None:
    assert succeed("up")["key"] == first_key.stored(home)
    assert f"export ACS_API_KEY={first_key.stored(home)}\n" in run("up")[1]
    asyncio.run(with_first(Keys.pause))
    assert succeed("up")["key"] is None
    asyncio.run(with_first(Keys.resume))
    assert succeed("up")["key"] == first_key.stored(home)


def test_a_revoked_first_key_is_not_printed_and_what_is_can_be_pasted(home: Path) -> None:
    asyncio.run(with_first(Keys.revoke))
    code, out, _ = run("up")
    assert code == 0
    assert "  export ACS_API_KEY=acs-bm-...\n" in out
    assert "`basemodel keys create --account default` makes one" in out
    assert succeed("up")["key"] is None


def test_a_disabled_account_has_no_key_to_print(home: Path) -> None:
    assert run("accounts", "disable", first_key.ACCOUNT)[0] == 0
    assert succeed("up")["key"] is None


@pytest.mark.parametrize(
    ("detached", "redis", "left"),
    [(True, Identity(1, 1.0), True), (False, Identity(1, 1.0), False), (True, None, False)],
    ids=["--detach", "in the foreground", "a Redis of one's own"],
)
def test_only_an_up_that_leaves_a_redis_of_ours_leaves_a_keeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], detached: bool, redis: Identity | None, left: bool
) -> None:
    keepers: list[Path] = []
    monkeypatch.setattr(redis_keeper, "leave", keepers.append)
    monkeypatch.setattr(checks, "before_start", lambda *_: [])
    monkeypatch.setattr(Start, "run", lambda self: replace(RUNS, redis=redis))
    settings = Settings.read({"BASEMODEL_HOME": str(tmp_path)})
    up.start(up.Request(settings, None, None, None, None, None, detached, as_json=False))
    assert keepers == [tmp_path] * left
    assert "Deployed, and cold until they are needed: model-nano, model-micro" in capsys.readouterr().out
