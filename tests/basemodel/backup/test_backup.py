"""A backup of a service that works, put back after more has happened: what it had is there again, and the ledger adds up."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis.asyncio import Redis

from basemodel.backup import folder as folders
from basemodel.cluster.state import State
from budgets import spool
from budgets.accounting import Accounting
from budgets.accounts import Account, Accounts
from budgets.audit import Auditor
from budgets.ending import Ending
from budgets.errors import UnknownKey
from budgets.flight import FlightRecorder
from budgets.ledger import Ledger
from budgets.requests import Charge
from budgets.usage import Usage
from router.settings import embedded_redis_url
from tests.basemodel.backup.machine import QUICK, Machine, hold
from tests.basemodel.command_line import fail, run, succeed


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("BASEMODEL_REDIS_URL", "BASEMODEL_DATABASE_URL", "BASEMODEL_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BASEMODEL_HOME", str(home))
    one = Machine(home)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def account(machine: Machine) -> Account:
    return machine.ask(lambda redis: Accounts(redis).create("lab", 1_000))


@pytest.fixture
def key(machine: Machine, account: Account) -> tuple[str, str]:
    """What opens the door, and its id."""

    async def made(redis: Redis) -> tuple[str, str]:
        presented, key = await machine.keys(redis).create(account.id, "first")
        return presented, key.id

    return machine.ask(made)


def put_back(machine: Machine, folder: Path) -> dict[str, object]:
    machine.stop()
    done: dict[str, object] = succeed("restore", str(folder))
    machine.start()
    return done


def used(machine: Machine, account: Account) -> tuple[int, int]:
    standing = machine.ask(lambda redis: Usage(redis).of_account(account.id)).account.balance
    return standing.used, standing.held


def audit(machine: Machine, account: Account) -> list[str]:
    return machine.ask(lambda redis: Auditor(redis).audit(account.id))


def test_what_was_used_is_as_it_was_and_keys_open_again(
    machine: Machine, account: Account, key: tuple[str, str], tmp_path: Path
) -> None:
    machine.spend(account.id, key[1], "before", 10)
    succeed("backup", str(tmp_path / "copy"))
    machine.spend(account.id, key[1], "after", 30)
    late, _ = machine.ask(lambda redis: machine.keys(redis).create(account.id, "late"))
    machine.ask(lambda redis: machine.keys(redis).revoke(account.id, key[1]))
    done = put_back(machine, tmp_path / "copy")
    assert (done["accounts"], done["faults"]) == (1, [])
    assert used(machine, account) == (10, 0)
    assert audit(machine, account) == []
    assert machine.ask(lambda redis: machine.keys(redis).find(key[0])).id == key[1], "a key revoked later is to be revoked again"
    with pytest.raises(UnknownKey):
        machine.ask(lambda redis: machine.keys(redis).find(late))


def test_a_second_start_reads_the_journal_that_was_made(
    machine: Machine, account: Account, key: tuple[str, str], tmp_path: Path
) -> None:
    machine.spend(account.id, key[1], "before", 10)
    succeed("backup", str(tmp_path / "copy"))
    put_back(machine, tmp_path / "copy")
    machine.spend(account.id, key[1], "after", 7)
    machine.stop()
    machine.start()
    assert used(machine, account) == (17, 0)
    assert audit(machine, account) == []


def test_what_ran_during_the_backup_pays_what_it_had_made_by_then(
    machine: Machine, account: Account, key: tuple[str, str], tmp_path: Path
) -> None:
    async def running(redis: Redis) -> None:
        ledger = Ledger(redis, QUICK)
        await ledger.extend(await hold(ledger, account.id, key[1], "running"), 20)

    machine.ask(running)
    succeed("backup", str(tmp_path / "copy"))
    put_back(machine, tmp_path / "copy")
    assert used(machine, account) == (0, 100)
    for _ in range(2):  # its lease, and the time in which it may still be told
        time.sleep(0.3)
        machine.ask(lambda redis: Ledger(redis, QUICK).reap(account.id))
    assert used(machine, account) == (22, 0)
    assert audit(machine, account) == []


def test_an_ending_that_waits_on_the_disk_is_charged_once(
    machine: Machine, account: Account, key: tuple[str, str], tmp_path: Path
) -> None:
    """A gateway that died with its Redis left it there; it was really used, whatever the backup knows."""
    succeed("backup", str(tmp_path / "copy"))
    granted = machine.ask(lambda redis: hold(Ledger(redis), account.id, key[1], "late"))
    left = Ending(granted.reservation, granted.day, Charge(2, 40), time.time())
    asyncio.run(leave(machine.home / "accounting", left))
    put_back(machine, tmp_path / "copy")
    for _ in range(2):
        machine.ask(lambda redis: take_over(redis, machine.home / "accounting"))
        assert used(machine, account) == (42, 0)
        assert audit(machine, account) == []


async def leave(folder: Path, ending: Ending) -> None:
    """The spool of a process that is gone."""
    recorder = FlightRecorder(folder)
    one = spool.Spool(recorder.path.with_suffix(".spool"))
    await one.append([ending])
    one.close(remove=False)
    recorder.close(remove=False)


async def take_over(redis: Redis, folder: Path) -> None:
    accounting = Accounting(redis, folder, learning=0)
    await accounting.start()
    deadline = time.monotonic() + 10
    while accounting._spool.pending and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    await accounting.close()


def test_the_site_comes_back_with_it(machine: Machine, account: Account, tmp_path: Path) -> None:
    succeed("users", "invite", "--account", "lab")
    succeed("backup", str(tmp_path / "copy"))
    succeed("users", "invite", "--account", "lab")
    assert invites(machine) == 2
    put_back(machine, tmp_path / "copy")
    assert invites(machine) == 1
    assert {"ledger.rdb", "secret", "site.db"} == set(folders.read(tmp_path / "copy")["files"])


def invites(machine: Machine) -> int:
    with closing(sqlite3.connect(machine.home / "site" / "site.db")) as database:
        return int(database.execute("SELECT count(*) FROM invites").fetchone()[0])


def test_a_copy_is_for_its_owner_only(machine: Machine, tmp_path: Path) -> None:
    succeed("backup", str(tmp_path / "copy"))
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "copy").iterdir()} == {0o600}
    assert not (machine.home / "redis" / "dump.rdb").exists()


def test_the_state_of_now_is_kept(machine: Machine, account: Account, tmp_path: Path) -> None:
    succeed("backup", str(tmp_path / "copy"))
    aside = Path(str(put_back(machine, tmp_path / "copy")["aside"]))
    assert {"redis", "secret"} <= {path.name for path in aside.iterdir()}
    assert stat.S_IMODE(aside.stat().st_mode) == 0o700


def test_a_backup_of_nothing_leaves_nothing(machine: Machine, tmp_path: Path) -> None:
    machine.stop()
    assert "Redis could not be asked" in fail("backup", str(tmp_path / "copy"))
    assert not list(tmp_path.glob("copy*"))


def test_a_folder_that_is_there_is_not_written_into(machine: Machine, tmp_path: Path) -> None:
    assert "is there already" in fail("backup", str(tmp_path))


def test_a_changed_copy_is_refused_and_nothing_is_touched(machine: Machine, account: Account, tmp_path: Path) -> None:
    succeed("backup", str(tmp_path / "copy"))
    with (tmp_path / "copy" / "ledger.rdb").open("ab") as file:
        file.write(b"x")
    machine.stop()
    assert "is not as it was written" in fail("restore", str(tmp_path / "copy"))
    assert "no backup" in fail("restore", str(tmp_path))
    machine.start()
    assert used(machine, account) == (0, 0)


def test_another_secret_is_refused(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    succeed("backup", str(tmp_path / "copy"))
    machine.stop()
    monkeypatch.setenv("BASEMODEL_SECRET", "1:" + "77" * 32)
    assert "not the secret of this backup" in fail("restore", str(tmp_path / "copy"))


def test_a_service_that_runs_is_not_restored(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    succeed("backup", str(tmp_path / "copy"))
    monkeypatch.setattr("basemodel.commands.backup.running", lambda home: State("running", 0, "", "127.0.0.1", 8000))
    assert "basemodel down" in fail("restore", str(tmp_path / "copy"))


def test_what_is_not_embedded_is_told_to_be_copied_otherwise(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEMODEL_DATABASE_URL", "postgresql://user:password@db.example.org/site")
    assert "BASEMODEL_DATABASE_URL is not the embedded one" in succeed("backup", str(tmp_path / "copy"))["left_out"]
    monkeypatch.setenv("BASEMODEL_REDIS_URL", "redis://127.0.0.1:1")
    done = succeed("backup", str(tmp_path / "other"))
    assert done["files"] == ["secret"]
    assert "BASEMODEL_REDIS_URL is not the embedded one" in done["left_out"]
    assert "BASEMODEL_DATABASE_URL is not the embedded one" in done["left_out"]


def test_beside_a_redis_of_its_own_the_site_and_the_secret_come_back(
    machine: Machine, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEMODEL_REDIS_URL", f"{embedded_redis_url(machine.home)}?")  # another URL, so none of ours
    succeed("users", "invite", "--account", "lab")
    assert succeed("backup", str(tmp_path / "copy"))["files"] == ["secret", "site.db"]
    succeed("users", "invite", "--account", "lab")
    machine.stop()
    code, out, _ = run("restore", str(tmp_path / "copy"))
    assert code == 0
    assert "The copy has no ledger" in out
    machine.start()
    assert invites(machine) == 1
    assert used(machine, account) == (0, 0), "its Redis is as it was"


def test_a_copy_of_the_embedded_redis_is_not_restored_beside_another(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed("backup", str(tmp_path / "copy"))
    machine.stop()
    monkeypatch.setenv("BASEMODEL_REDIS_URL", "redis://127.0.0.1:1")
    assert "unset it to restore both" in fail("restore", str(tmp_path / "copy"))
