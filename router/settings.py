"""Every environment variable of the service, read once; a bad value stops the process with a sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from budgets import redis_url
from budgets.secret import Secret

CHECKOUT = Path(__file__).parent.parent


class BadSetting(Exception):
    """A setting that cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Settings:
    """`home` holds what a machine keeps between starts: sockets, logs, the embedded Redis, first key."""

    home: Path
    redis_url: str
    secret: Secret
    public_url: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Raises BadSetting."""
        home = home_folder(environment)
        store_url = read_redis_url(home, environment)
        public_url = environment.get("BASEMODEL_PUBLIC_URL") or None
        return cls(home, store_url, read_secret(home, environment), public_url)


def read_redis_url(home: Path, environment: Mapping[str, str] = os.environ) -> str:
    """`BASEMODEL_REDIS_URL`, else the embedded Redis of this machine's home. Raises BadSetting."""
    url = environment.get("BASEMODEL_REDIS_URL") or embedded_redis_url(home)
    check_redis_url(url)
    return url


def check_redis_url(url: str) -> None:
    """Raises BadSetting."""
    if not url.startswith(redis_url.SCHEMES):
        raise BadSetting(f"BASEMODEL_REDIS_URL must begin with {', '.join(redis_url.SCHEMES[:-1])} or {redis_url.SCHEMES[-1]}.")
    try:
        redis_url.client(url)
    except ValueError as error:
        raise BadSetting(f"BASEMODEL_REDIS_URL cannot be read ({error}); write it as in redis://HOST:6379/0.") from error


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """`BASEMODEL_HOME`, else `.basemodel` in the checkout, else in the user's home."""
    if environment.get("BASEMODEL_HOME"):
        return Path(environment["BASEMODEL_HOME"]).absolute()
    in_checkout = (CHECKOUT / "pyproject.toml").exists()
    return (CHECKOUT if in_checkout else Path.home()) / ".basemodel"


def embedded_redis_url(home: Path) -> str:
    return f"unix://{home / 'redis' / 'redis.sock'}"


def read_secret(home: Path, environment: Mapping[str, str]) -> Secret:
    """`BASEMODEL_SECRET`, else the secret of this machine's home, made on first use (mode 0600)."""
    text = environment.get("BASEMODEL_SECRET") or stored_secret(home / "secret")
    try:
        return Secret.parse(text)
    except ValueError as error:
        raise BadSetting(str(error)) from error


def stored_secret(path: Path) -> str:
    """Reads the file, or makes it whole in one step, so that two starters agree on one secret."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(Secret.generate() + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
