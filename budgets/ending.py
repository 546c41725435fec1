"""What the ledger is still to be told of one request, in a form that outlives the process that knows it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from budgets.requests import Balance, Charge, Granted, Reservation

_UNKNOWN = Balance(None, 0, 0)


@dataclass(frozen=True)
class Ending:
    """`charge` None: it reached no engine and is given up. `day` is the grant's, empty where none is known; `at` is in
    Unix seconds, and decides only when an ending is too old to be told to a ledger that may have forgotten the request."""

    reservation: Reservation
    day: str
    charge: Charge | None
    at: float

    @property
    def request_id(self) -> str:
        return self.reservation.request_id

    @property
    def granted(self) -> Granted:
        """As the ledger wants it for a settlement, which looks at no balance."""
        return Granted(self.reservation, self.day, _UNKNOWN, _UNKNOWN)

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Ending:
        """Raises ValueError, TypeError or KeyError for what is none."""
        fields = json.loads(text)
        charge = Charge(**fields["charge"]) if fields["charge"] else None
        return cls(Reservation(**fields["reservation"]), fields["day"], charge, fields["at"])
