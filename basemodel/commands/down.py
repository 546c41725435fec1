"""`basemodel down`: stops everything that `up` started, and nothing else."""

from __future__ import annotations

from basemodel import console
from basemodel.cluster import stop
from router.settings import home_folder


def down(as_json: console.Json = False) -> None:
    """Stop everything that `up` started, also after a crash."""
    ended = stop.down(home_folder())
    text = f"Stopped {len(ended)} processes." if ended else "Nothing was running."
    console.answer(as_json, {"ended": ended}, text)
