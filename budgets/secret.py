"""`BASEMODEL_SECRET`: the versioned secret under which keys are hashed.

Written `VERSION:HEX` with at least 32 bytes of hex; several, separated by commas, while one is being
rotated. New keys use the highest version, look-ups try them all.

To rotate it: first give every gateway and command `1:OLD,2:NEW` and restart them one by one; until the last has both,
a key made with version 2 is unknown to those that do not. From then on new keys are hashed under 2, and old ones are still found
under 1. Replace the keys that `basemodel keys list` shows with version 1 by new ones; when none of them is needed any
more, drop `1:OLD`: what was hashed under it opens nothing from then on. A stored hash cannot be moved to another version,
because the key itself is stored nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from dataclasses import dataclass

SMALLEST_BYTES = 32


@dataclass(frozen=True)
class Secret:
    """Version -> raw bytes, at least one; never printed."""

    versions: tuple[tuple[int, bytes], ...]

    @classmethod
    def parse(cls, text: str) -> Secret:
        """Raises ValueError with a sentence that says what to do."""
        versions = sorted((_version(part) for part in text.strip().split(",")), reverse=True)
        if len({number for number, _ in versions}) < len(versions):
            raise ValueError("BASEMODEL_SECRET names one version twice; number each secret differently.")
        return cls(tuple(versions))

    @staticmethod
    def generate() -> str:
        return f"1:{random.token_hex(SMALLEST_BYTES)}"

    @property
    def newest(self) -> int:
        return self.versions[0][0]

    def digests(self, text: str) -> list[tuple[int, str]]:
        """HMAC-SHA256 of the text under each version, newest first."""
        return [(version, hmac.new(raw, text.encode(), hashlib.sha256).hexdigest()) for version, raw in self.versions]

    def __repr__(self) -> str:
        return f"Secret(versions={[version for version, _ in self.versions]})"


def _version(part: str) -> tuple[int, bytes]:
    number, separator, text = part.strip().partition(":")
    try:
        parsed = int(number), bytes.fromhex(text)
    except ValueError:
        parsed = 0, b""
    if not separator or parsed[0] < 1 or len(parsed[1]) < SMALLEST_BYTES:
        raise ValueError("BASEMODEL_SECRET must be VERSION:HEX with at least 64 hex digits, for example 1:$(openssl rand -hex 32).")
    return parsed
