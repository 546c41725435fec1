"""When a model is kept up by schedule: days and hours by the clock on a wall somewhere."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


def _distinct(days: tuple[Day, ...]) -> tuple[Day, ...]:
    if len(set(days)) < len(days):
        raise ValueError("a day is named twice")
    return days


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone of this machine; write one as Europe/Prague, or install Debian's tzdata") from error
    return name


class WarmWindow(BaseModel):
    """From `opens` to `closes` on each of these days; one that closes before it opens, or when it opens, lasts into the next day.

    Where the clocks change, it is the clock on the wall that counts: a window may last an hour more or less then.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    days: Annotated[tuple[Day, ...], AfterValidator(_distinct)] = Field(default=DAYS, min_length=1, strict=False)
    opens: Clock
    closes: Clock
    time_zone: Annotated[str, AfterValidator(_known)] = "UTC"

    def open_at(self, moment: datetime) -> bool:
        """`moment` knows its own zone."""
        wall = moment.astimezone(ZoneInfo(self.time_zone))
        opens, closes, now = _clock(self.opens), _clock(self.closes), wall.time().replace(tzinfo=None)
        if opens < closes:
            return self._is_day(wall) and opens <= now < closes
        return (self._is_day(wall) and now >= opens) or (self._is_day(wall - timedelta(days=1)) and now < closes)

    def _is_day(self, wall: datetime) -> bool:
        return DAYS[wall.weekday()] in self.days


def _clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))
