"""What a process knows of the replicas of each model, to balance load: one for both ways to them, Serve's calls (`affinity.py`) and
channels (`channels.py`). It lives here because Serve ships a router's own module by value, with copies of its globals.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from deployments import replica_sets
from deployments.placement import Loads, Placement
from deployments.prefix_keys import Hint

log = logging.getLogger("ray.serve")

_known: dict[str, Balance] = {}


class Balance:
    """Of one app's model. `others`: jobs of all gateways at a replica, as its host said with its last answer."""

    def __init__(self, app_name: str, placement: Placement) -> None:
        self._app, self._placement = app_name, placement
        self.loads = Loads()
        self.others: dict[str, int] = {}

    def choose(self, hint: Hint, ongoing: Mapping[str, int]) -> str:
        """One of the replicas, each with the calls that Serve knows of at it; those that are known to take no more come last."""
        working = [name for name in ongoing if not replica_sets.avoided(self._app, name)] or list(ongoing)
        loads = {name: self.loads.of(name, max(ongoing[name], self.others.get(name, 0))) for name in working}
        return self._placement.choose(hint, loads)

    def keep(self, replicas: Collection[str]) -> None:
        self._placement.keep(replicas)
        self.loads.keep(replicas)
        self.others = {name: jobs for name, jobs in self.others.items() if name in replicas}


def begin(app_name: str, options: dict[str, Any]) -> Balance:
    """A new one, for a request router that has just begun."""
    try:
        placement = Placement(**options)
    except TypeError:
        log.exception("the request router's options are not understood; it uses its own")
        placement = Placement()
    made = _known[app_name] = Balance(app_name, placement)
    return made


def of(app_name: str) -> Balance | None:
    """None before Serve has told of the deployment."""
    return _known.get(app_name)
