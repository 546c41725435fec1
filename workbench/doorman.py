"""Who guesses passwords and links: failures are counted per address and per name, in bounded tables that forget."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

from router.flood import Flood
from workbench.errors import BadCredentials, InviteUnknown, ResetUnknown, TooManySignIns

#: Failures at once, and how many are forgiven per second.
OF_AN_ADDRESS, OF_A_NAME = (30, 1 / 10), (10, 1 / 60)
FAILURES = (BadCredentials, InviteUnknown, ResetUnknown)


class Doorman:
    def __init__(self) -> None:
        self._addresses = Flood(*OF_AN_ADDRESS, TooManySignIns)
        self._names = Flood(*OF_A_NAME, TooManySignIns)

    @contextmanager
    def attempt(self, address: str, name: str | None = None) -> Iterator[None]:
        """Counts first and forgives what was no failure, so that many at once are no way past. Raises TooManySignIns.

        Names that nobody has are counted like others.
        """
        tables = [(self._addresses, network(address))] + ([] if name is None else [(self._names, name)])
        for table, one in tables:
            table.check(one)
        for table, one in tables:
            table.failed(one)
        try:
            yield
        except FAILURES:
            raise
        except BaseException:
            forgive(tables)
            raise
        else:
            forgive(tables)


def network(address: str) -> str:
    """What one subscriber has: of IPv6 that is 2^64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


def forgive(tables: list[tuple[Flood, str]]) -> None:
    for table, one in tables:
        table.forgive(one)
