"""Users of a completion service, for Locust: `locust -f loadtest/locustfile.py --headless --host $ACS_API_BASE Interactive Loom`.

Without names all kinds of users take part, and without `--headless` there is a web page. `ACS_API_KEY` is the key, or several with
commas; `LOAD_MODEL`, `LOAD_TOKENS` and what else `users/wishes.py` has say what is asked; `LOAD_SHAPE` (steps, sawtooth, spike)
takes the place of `--users`; `--summary FILE` gets the numbers as JSON, and the file `LOAD_LOG` a line for each answer. A failed, cut or
short answer is a failure, with its reason.
"""

from __future__ import annotations

import os

from locust import LoadTestShape

import loadtest.summary  # noqa: F401  # its listeners
from loadtest.shapes import named
from loadtest.users.cold import ColdBurst
from loadtest.users.interactive import Interactive
from loadtest.users.loom import Loom
from loadtest.users.rollouts import Rollouts
from loadtest.users.scoring import Scoring

__all__ = ["ColdBurst", "Interactive", "Loom", "Rollouts", "Scoring"]

if name := os.environ.get("LOAD_SHAPE"):
    shape = named(name)

    class Load(LoadTestShape):
        def tick(self) -> tuple[int, float] | None:
            users = shape(float(self.get_run_time()))  # type: ignore[no-untyped-call]
            return None if users is None else (users, 100.0)
