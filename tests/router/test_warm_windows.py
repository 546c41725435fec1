from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from router.catalogue import ModelSpec
from router.warm_windows import DAYS, WarmWindow

OFFICE: dict[str, Any] = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00", "time_zone": "Europe/Prague"}
#: 2026-03-29 02:00 -> 03:00 and 2026-10-25 03:00 -> 02:00, both Sundays.
SPRING, AUTUMN = "2026-03-29", "2026-10-25"


def window(**changes: Any) -> WarmWindow:
    return WarmWindow.model_validate(OFFICE | changes)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-02T08:59:59+01:00", False),
        ("2026-11-02T09:00:00+01:00", True),
        ("2026-11-02T17:59:59+01:00", True),
        ("2026-11-02T18:00:00+01:00", False),
        ("2026-11-02T09:00:00+00:00", True),
        ("2026-11-01T12:00:00+01:00", False),
        ("2026-07-06T07:00:00+00:00", True),
        ("2026-07-06T06:59:59+00:00", False),
    ],
)
def test_it_is_open_on_its_days_between_its_hours_by_the_clock_of_its_zone(moment: str, is_open: bool) -> None:
    assert window().open_at(datetime.fromisoformat(moment)) == is_open


def test_one_over_midnight_belongs_to_the_day_on_which_it_began() -> None:
    night = window(days=["fri"], **{"from": "22:00", "to": "06:00"})
    moments = ["2026-11-06T21:59+01:00", "2026-11-06T22:00+01:00", "2026-11-07T05:59+01:00", "2026-11-07T06:00+01:00"]
    assert [night.open_at(at(moment)) for moment in moments] == [False, True, True, False]
    assert not night.open_at(at("2026-11-06T03:00+01:00"))


def test_one_that_ends_when_it_begins_is_a_whole_day() -> None:
    day = window(days=["sat"], **{"from": "00:00", "to": "00:00"})
    moments = ["2026-11-06T23:59+01:00", "2026-11-07T00:00+01:00", "2026-11-07T23:59+01:00", "2026-11-08T00:00+01:00"]
    assert [day.open_at(at(moment)) for moment in moments] == [False, True, True, False]


def test_its_next_change_is_its_next_edge() -> None:
    assert window().next_change(at("2026-11-02T08:00+01:00")) == at("2026-11-02T09:00+01:00")
    assert window().next_change(at("2026-11-02T09:00+01:00")) == at("2026-11-02T18:00+01:00")
    assert window().next_change(at("2026-11-06T18:00+01:00")) == at("2026-11-09T09:00+01:00")
    assert window(days=["fri"]).next_change(at("2026-11-06T18:00+01:00")) == at("2026-11-13T09:00+01:00")


def test_days_that_follow_each_other_without_a_pause_change_nothing() -> None:
    whole = {"from": "08:00", "to": "08:00"}
    assert window(days=list(DAYS), **whole).next_change(at("2026-11-04T12:00+01:00")) is None
    assert window(days=["mon", "tue"], **whole).next_change(at("2026-11-02T12:00+01:00")) == at("2026-11-04T08:00+01:00")


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_its_hours_are_those_of_the_wall_on_the_day_when_the_clock_is_changed(day: str) -> None:
    sunday = window(days=["sun"])
    offset = "+02:00" if day == SPRING else "+01:00"
    assert sunday.next_change(at(f"{day}T00:00+00:00")) == at(f"{day}T09:00{offset}")
    assert sunday.next_change(at(f"{day}T12:00+00:00")) == at(f"{day}T18:00{offset}")


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), ("2026-11-01", 24)])
def test_a_whole_day_is_as_long_as_that_day(day: str, hours: int) -> None:
    whole = window(days=["sun"], **{"from": "00:00", "to": "00:00"})
    opens = whole.next_change(at(f"{day}T00:00+02:00") - timedelta(days=1))
    assert opens is not None
    assert whole.next_change(opens) == opens + timedelta(hours=hours)


def test_a_time_that_the_clock_shows_twice_or_skips_makes_no_window_shorter_than_it_reads() -> None:
    half_past_two = window(days=["sun"], **{"from": "02:30", "to": "03:30"})
    before = at(f"{AUTUMN}T00:00+00:00")
    assert half_past_two.next_change(before) == at(f"{AUTUMN}T02:30+02:00")
    assert half_past_two.next_change(at(f"{AUTUMN}T02:30+02:00")) == at(f"{AUTUMN}T03:30+01:00")
    opens = half_past_two.next_change(at(f"{SPRING}T00:00+00:00"))
    assert opens is not None
    assert half_past_two.next_change(opens) == at(f"{SPRING}T03:30+02:00") == opens + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"days": []}, "a warm window without days is never open"),
        ({"days": ["mon", "mon"]}, "a day stands twice"),
        ({"days": ["monday"]}, "days"),
        ({"from": "9:00"}, "'9:00' is no time of day; write hours and minutes in quotes"),
        ({"to": "24:00"}, "'24:00' is no time of day"),
        ({"to": 600}, "600 is no time of day; write hours and minutes in quotes"),
        ({"time_zone": "Europe/Atlantis"}, "no time zone is called 'Europe/Atlantis'"),
        ({"time_zone": "Europe"}, "no time zone is called 'Europe'"),
        ({"time_zone": ""}, "no time zone is called ''"),
        ({"time_zone": "/etc/passwd"}, "no time zone is called '/etc/passwd'"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused_with_a_sentence(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        window(**changes)


def test_a_spec_with_windows_is_the_same_after_its_way_to_the_replica() -> None:
    spec = ModelSpec.model_validate({"id": "m", "source": "embedded/pico", "revision": "1", "max_model_len": 64, "warm_windows": [OFFICE]})
    assert ModelSpec.model_validate_json(spec.model_dump_json()) == spec
    assert spec.warm_policy == "window"


TIMES = st.times().map(lambda one: one.strftime("%H:%M"))
WINDOWS = st.builds(
    lambda days, begin, end, zone: window(days=days, **{"from": begin, "to": end, "time_zone": zone}),
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
    TIMES,
    TIMES,
    st.sampled_from(["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(WINDOWS, MOMENTS)
def test_between_two_changes_nothing_changes(one: WarmWindow, moment: datetime) -> None:
    change = one.next_change(moment)
    until = change or moment + timedelta(days=8)
    steps = [moment + (until - moment) * part / 20 for part in range(20)]
    assert all(one.open_at(earlier) == one.open_at(later) for earlier, later in pairwise(steps))
    assert change is None or one.open_at(change) != one.open_at(moment)
