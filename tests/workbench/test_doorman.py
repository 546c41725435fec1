from __future__ import annotations

import pytest

from workbench import doorman
from workbench.doorman import Doorman, network
from workbench.errors import BadCredentials, SiteUnavailable, TooManySignIns

MOST_OF_A_NAME = int(doorman.OF_A_NAME[0])


def fail(one: Doorman, address: str, name: str | None = None, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(BadCredentials), one.attempt(address, name):
            raise BadCredentials


def test_failures_of_one_name_count_wherever_they_come_from() -> None:
    one = Doorman()
    for number in range(MOST_OF_A_NAME):
        fail(one, f"10.0.0.{number}", "ada")
    with pytest.raises(TooManySignIns), one.attempt("10.0.1.1", "ada"):
        pytest.fail("it is refused before it is looked at")
    fail(one, "10.0.1.1", "grace")


def test_attempts_at_the_same_time_are_counted_before_they_are_looked_at() -> None:
    one = Doorman()
    under_way = [one.attempt("10.0.0.1", "ada") for _ in range(MOST_OF_A_NAME + 1)]
    for attempt in under_way[:-1]:
        attempt.__enter__()
    with pytest.raises(TooManySignIns):
        under_way[-1].__enter__()


def test_what_the_service_fails_at_is_nobodys_failure() -> None:
    one = Doorman()
    for _ in range(MOST_OF_A_NAME + 1):
        with pytest.raises(SiteUnavailable), one.attempt("10.0.0.1", "ada"):
            raise SiteUnavailable


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("", "", True),
    ],
)
def test_a_subscriber_is_one_address(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same
