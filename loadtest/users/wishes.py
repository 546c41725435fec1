"""What is asked for, as the environment says: the same for every user of a run.

`ACS_API_KEY` holds one key or several with commas between them, which users take in turn: a key has eight places.
"""

from __future__ import annotations

import os
from itertools import cycle
from random import randrange

MODEL = os.environ.get("LOAD_MODEL", "nano")
TOKENS = int(os.environ.get("LOAD_TOKENS", "64"))
#: Tokens of a prompt.
LENGTH = int(os.environ.get("LOAD_LENGTH", "16"))
#: Prompts of a batch, and choices of each of its prompts or of a branch.
PROMPTS, CHOICES = int(os.environ.get("LOAD_PROMPTS", "4")), int(os.environ.get("LOAD_CHOICES", "4"))
#: How many ask a cold model at once, and the seconds until they do so again.
BURST, PAUSE = int(os.environ.get("LOAD_BURST", "8")), float(os.environ.get("LOAD_PAUSE", "1"))
#: Seconds that a cold model is waited for.
PATIENCE = os.environ.get("LOAD_PATIENCE", "120")
#: Ids that are plain text in the vocabulary of every embedded model.
FIRST_ID, LAST_ID = 300, 4000

KEYS = cycle(os.environ.get("ACS_API_KEY", "none").split(","))


def prompt(length: int = LENGTH) -> list[int]:
    """One that no cache has."""
    return [randrange(FIRST_ID, LAST_ID) for _ in range(length)]
