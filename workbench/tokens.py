"""Secrets that travel in a link or a cookie: random, and kept as a digest only.

They have 256 random bits, so there is nothing to guess and a fast digest is enough.
"""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32
LONGEST = 64


def new_token() -> str:
    return secrets.token_urlsafe(BYTES)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
