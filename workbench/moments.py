"""Moments and ids as the site has them: whole Unix seconds within, ISO 8601 in its JSON, and ids that sort by time."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


def instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timed_id() -> str:
    """32 hexadecimal digits, the time first; of two gateways as exactly as their clocks agree."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"
