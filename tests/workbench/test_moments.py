from __future__ import annotations

import time

import pytest

from workbench.moments import instant, timed_id


def test_a_moment_is_written_in_utc() -> None:
    assert instant(1_795_344_088) == "2026-11-22T10:41:28Z"


def test_ids_sort_by_time_and_differ_within_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for now in (5, 5, 10**18, 2 * 10**18):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        ids.append(timed_id())
    assert len(set(ids)) == 4
    assert {len(one) for one in ids} == {32}
    assert max(ids[:2]) < ids[2] < ids[3]
