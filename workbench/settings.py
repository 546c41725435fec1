"""The environment variables of the site, read once; a bad value stops the process with a sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from router.settings import BadSetting, home_folder

#: How people write a database, and the driver that is meant.
DRIVERS = {
    **dict.fromkeys(("sqlite", "sqlite+aiosqlite"), "sqlite+aiosqlite"),
    **dict.fromkeys(("postgresql", "postgres", "postgresql+asyncpg"), "postgresql+asyncpg"),
}
#: In the order of `Links`.
LINKS = ("BASEMODEL_CHAT_URL", "BASEMODEL_FEEDBACK_URL", "BASEMODEL_BUGS_URL")


@dataclass(frozen=True)
class Links:
    """The lab's own places for people; None where it has none."""

    chat: str | None = None
    feedback: str | None = None
    bugs: str | None = None


@dataclass(frozen=True)
class SiteSettings:
    """`public_url` has no slash at its end; `feedback_webhook` is told of each feedback."""

    database_url: str
    public_url: str | None = None
    links: Links = Links()
    feedback_webhook: str | None = None

    @property
    def https(self) -> bool:
        return self.public_url is not None and self.public_url.startswith("https:")

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> SiteSettings:
        """Raises BadSetting."""
        given, public_url = environment.get("BASEMODEL_DATABASE_URL"), _address(environment, "BASEMODEL_PUBLIC_URL")
        return cls(
            database(given) if given else embedded(home_folder(environment)),
            public_url and public_url.rstrip("/"),
            Links(*(_address(environment, name) for name in LINKS)),
            _address(environment, "BASEMODEL_FEEDBACK_WEBHOOK"),
        )


def embedded(home: Path) -> str:
    """SQLite in a folder of its own, which nobody else may read."""
    folder = home / "site"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"sqlite+aiosqlite:///{folder / 'site.db'}"


def database(text: str) -> str:
    """The URL with the driver that is meant. Raises BadSetting."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in DRIVERS or not url.database or url.database == ":memory:":
        raise BadSetting("BASEMODEL_DATABASE_URL must be sqlite:////PATH or postgresql://USER:PASSWORD@HOST:5432/NAME.")
    return url.set(drivername=DRIVERS[url.drivername]).render_as_string(hide_password=False)


def _address(environment: Mapping[str, str], name: str) -> str | None:
    """Raises BadSetting."""
    text = environment.get(name) or None
    if text is not None and not _is_address(text):
        raise BadSetting(f"{name} must be an http or https URL, as in https://basemodel.example.")
    return text


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
    except ValueError:
        return False
