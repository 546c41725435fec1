from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from router.catalogue import ModelSpec
from router.warm_windows import WarmWindow

OFFICE: dict[str, Any] = {"days": ["mon", "tue", "wed", "thu", "fri"], "opens": "09:00", "closes": "18:00", "time_zone": "Europe/Prague"}
MODEL: dict[str, Any] = {"id": "m", "source": "embedded/pico", "revision": "1", "max_model_len": 64}
#: 2026-03-29 02:00 -> 03:00 and 2026-10-25 03:00 -> 02:00 in Prague, both Sundays.
SPRING, AUTUMN = "2026-03-29", "2026-10-25"


def window(**changes: Any) -> WarmWindow:
    return WarmWindow.model_validate(OFFICE | changes)


def minutes_open(one: WarmWindow, day: str) -> int:
    """Of the 48 hours around that day's noon."""
    noon = datetime.fromisoformat(f"{day}T12:00+00:00")
    return sum(one.open_at(noon + timedelta(minutes=minute)) for minute in range(-24 * 60, 24 * 60))


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
    night = window(days=["fri"], opens="22:00", closes="06:00")
    moments = ["2026-11-06T21:59+01:00", "2026-11-06T22:00+01:00", "2026-11-07T05:59+01:00", "2026-11-07T06:00+01:00"]
    assert [night.open_at(datetime.fromisoformat(moment)) for moment in moments] == [False, True, True, False]
    assert not night.open_at(datetime.fromisoformat("2026-11-06T03:00+01:00"))


def test_one_that_closes_when_it_opens_is_a_whole_day() -> None:
    day = window(days=["sat"], opens="00:00", closes="00:00")
    moments = ["2026-11-06T23:59+01:00", "2026-11-07T00:00+01:00", "2026-11-07T23:59+01:00", "2026-11-08T00:00+01:00"]
    assert [day.open_at(datetime.fromisoformat(moment)) for moment in moments] == [False, True, True, False]


def test_one_without_days_or_zone_is_of_every_day_in_universal_time() -> None:
    plain = WarmWindow(opens="09:00", closes="10:00")
    assert all(plain.open_at(datetime(2026, 11, day, 9, 30, tzinfo=UTC)) for day in range(1, 8))


@pytest.mark.parametrize(("day", "offset"), [(SPRING, "+02:00"), (AUTUMN, "+01:00")])
def test_its_hours_are_those_of_the_wall_on_the_day_when_the_clock_is_changed(day: str, offset: str) -> None:
    sunday = window(days=["sun"])
    moments = [f"{day}T08:59{offset}", f"{day}T09:00{offset}", f"{day}T17:59{offset}", f"{day}T18:00{offset}"]
    assert [sunday.open_at(datetime.fromisoformat(moment)) for moment in moments] == [False, True, True, False]


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), ("2026-11-01", 24)])
def test_a_whole_day_is_as_long_as_that_day(day: str, hours: int) -> None:
    assert minutes_open(window(days=["sun"], opens="00:00", closes="00:00"), day) == hours * 60


def test_of_a_night_when_the_clock_is_changed_what_the_wall_showed_counts() -> None:
    night = window(days=["sat"], opens="22:00", closes="06:00")
    assert [minutes_open(night, day) for day in (SPRING, AUTUMN, "2026-11-01")] == [7 * 60, 9 * 60, 8 * 60]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"days": []}, "at least 1 item"),
        ({"days": ["mon", "mon"]}, "a day is named twice"),
        ({"days": ["monday"]}, "days"),
        ({"opens": "9:00"}, "opens"),
        ({"closes": "24:00"}, "closes"),
        ({"closes": 600}, "closes"),
        ({"time_zone": "Europe/Atlantis"}, "'Europe/Atlantis' is no time zone"),
        ({"time_zone": "Europe"}, "'Europe' is no time zone"),
        ({"time_zone": ""}, "'' is no time zone"),
        ({"time_zone": "/etc/passwd"}, "'/etc/passwd' is no time zone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        window(**changes)


def test_a_spec_with_windows_is_the_same_after_its_way_to_the_replica() -> None:
    spec = ModelSpec.model_validate(MODEL | {"warm_windows": [OFFICE]})
    assert ModelSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    ("fields", "policy"),
    [({}, "on_demand"), ({"warm_windows": [OFFICE]}, "window"), ({"warm": True, "warm_windows": [OFFICE]}, "always")],
)
def test_a_model_says_when_it_is_kept_warm(fields: dict[str, Any], policy: str) -> None:
    assert ModelSpec.model_validate(MODEL | fields).warm_policy == policy
