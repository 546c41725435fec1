"""How many replicas a gateway knows of, without asking."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from deployments import replica_sets
from deployments.replica_sets import changed, running, update, watching

APP = "model-pico"
BOTH = frozenset({"a", "b"})


@pytest.fixture(autouse=True)
def nothing_heard() -> Iterator[None]:
    replica_sets._running.clear()
    yield
    assert not replica_sets._watching
    replica_sets._running.clear()


def test_a_model_nobody_spoke_of_is_unknown_and_not_empty() -> None:
    assert running(APP) is None


def test_the_last_word_counts() -> None:
    update(APP, ["a", "b"])
    assert running(APP) == BOTH
    update(APP, [])
    assert running(APP) == frozenset()


def test_models_are_told_apart() -> None:
    update(APP, ["a"])
    assert running("model-nano") is None


async def test_who_has_seen_less_than_is_known_does_not_wait() -> None:
    update(APP, ["a", "b"])
    assert await changed(APP, None, 60) == BOTH
    assert await changed(APP, frozenset(), 60) == BOTH


async def test_a_change_ends_the_wait() -> None:
    update(APP, [])
    waiting = [asyncio.create_task(changed(APP, frozenset(), 60)) for _ in range(3)]
    await asyncio.sleep(0)
    update("model-nano", ["x"])
    update(APP, ["a", "b"])
    assert await asyncio.gather(*waiting) == [BOTH] * 3


async def test_no_change_ends_the_wait_after_its_time() -> None:
    update(APP, ["a"])
    assert await changed(APP, frozenset({"a"}), 0.01) == frozenset({"a"})
    assert await changed("model-nano", None, 0.01) is None


async def test_another_thread_may_tell() -> None:
    waiting = asyncio.create_task(changed(APP, None, 60))
    await asyncio.sleep(0)
    await asyncio.to_thread(update, APP, ["a", "b"])
    assert await waiting == BOTH


async def test_who_gives_up_waiting_leaves_nothing() -> None:
    waiting = asyncio.create_task(changed(APP, None, 60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_watcher_hears_changes_only() -> None:
    heard: list[frozenset[str]] = []
    with watching(APP, heard.append):
        for ids in (["a"], ["a"], ["b", "a"], []):
            update(APP, ids)
        await asyncio.sleep(0)
    update(APP, ["late"])
    await asyncio.sleep(0)
    assert heard == [frozenset({"a"}), BOTH, frozenset()]


def test_a_watcher_whose_loop_ended_disturbs_nobody() -> None:
    ended = asyncio.new_event_loop()
    ended.close()
    replica_sets._watching[APP] = [(ended, lambda _: None)]
    update(APP, ["a"])
    assert replica_sets._watching.pop(APP)
    assert running(APP) == frozenset({"a"})


def test_a_replica_is_avoided_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica_sets, "AVOID_SECONDS", 0.05)
    replica_sets.update("model-avoided", {"r1"})
    replica_sets.avoid("model-avoided", "r1")
    assert replica_sets.avoided("model-avoided", "r1")
    assert not replica_sets.others("model-avoided")
    time.sleep(0.06)
    assert not replica_sets.avoided("model-avoided", "r1")
    assert replica_sets.others("model-avoided")
