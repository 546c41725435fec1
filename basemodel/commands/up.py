"""`basemodel up`: Redis, Ray and the models of a Serve config, on this machine."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from basemodel import checks, console, first_invite, first_key
from basemodel.cluster.config import ServeConfig
from basemodel.cluster.start import Start, running
from basemodel.cluster.state import State
from basemodel.cluster.stop import starting, sweep
from basemodel.cluster.tls import Tls
from basemodel.failure import Failure
from router.settings import CHECKOUT, Settings
from workbench.settings import SiteSettings

WATCH_SECONDS = 1.0
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    config: Annotated[Path | None, typer.Option(help="A Ray Serve config; by default serve_config.yaml of the checkout.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when the service is ready, and leave it running.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on; by default this machine only.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the API.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="PEM file with certificate and key: https at --host, http here only.")] = None,
    https_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of https; 8443 by default.")] = None,
    as_json: console.Json = False,
) -> None:
    """Start the service and wait until its warm models are ready; Ctrl-C stops it."""
    settings = Settings.read()
    SiteSettings.read()  # what is wrong with them is said before anything starts
    tls = Tls.of(certificate, https_port, settings.public_url) if certificate else None
    request = Request(settings, config, host, port, tls, detach, as_json)
    with interruptible():
        try:
            state, started = ensure_started(request)
        except KeyboardInterrupt:
            raise Failure("Stopped before it was ready; nothing is left running.") from None
        if started and not detach:
            stay(state, request)
        else:
            say(state, request, started)


@dataclass(frozen=True)
class Request:
    settings: Settings
    config: Path | None
    host: str | None
    port: int | None
    tls: Tls | None
    detached: bool
    as_json: bool


def ensure_started(request: Request) -> tuple[State, bool]:
    """Starts what does not run: how it stands, and whether this call started it. Raises Failure."""
    home = request.settings.home
    with starting(home):
        state = running(home)
        if state is not None:
            return state, False
        sweep(home)
        return start(request), True


def start(request: Request) -> State:
    """Raises Failure."""
    config = ServeConfig.load(request.config, request.host, request.port, request.tls)
    checks.refuse(checks.before_start(request.settings, config))
    with console.progress(quiet=request.as_json) as tell:
        return Start(request.settings, config, request.detached, tell).run()


def say(state: State, request: Request, started: bool) -> None:
    key = first_key.stored(request.settings.home)
    site = (request.settings.public_url or state.base_url).rstrip("/")
    base, invite = f"{site}/v1", asyncio.run(first_invite.link(request.settings, site))
    document = {"base": base, "key": key, "site": site, "invite": invite, "host": state.host, "port": state.port, "config": state.config}
    down = "make down" if (CHECKOUT / "Makefile").exists() else "basemodel down"
    news = "It is ready." if started else "It runs already."
    how_to_stop = down if request.detached or not started else f"Ctrl-C, or `{down}` elsewhere"
    text = f"{news} API base: {base}\n\n{example(base, key)}\n\n{doors(site, invite)}\n\nTo stop it: {how_to_stop}"
    console.answer(request.as_json, document, text)


def doors(site: str, invite: str | None) -> str:
    """The site's address and, as long as it has no admin, who comes in how."""
    address = f"In a browser: {site}/"
    return address if invite is None else f"{address}\nThe first admin comes in once by: {invite}"


def example(base: str, key: str | None) -> str:
    """A curl to paste."""
    return (
        f"  export ACS_API_KEY={key or '<a key from `basemodel keys create`>'}\n"
        f"  export ACS_API_BASE={base}\n"
        "  curl $ACS_API_BASE/completions -H \"Authorization: Bearer $ACS_API_KEY\" -H 'Content-Type: application/json' \\\n"
        '    -d \'{"model": "pico", "prompt": "In the beginning", "max_tokens": 40, "temperature": 0.7}\''
    )


def stay(state: State, request: Request) -> None:
    """Says where it answers, until Ctrl-C, SIGTERM or the end of the service. Raises Failure when it ended by itself."""
    home = request.settings.home
    try:
        say(state, request, started=True)
        while running(home):
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        stop(home, request.as_json)
        return
    stop(home, request.as_json)
    raise Failure(f"The service ended by itself; logs are under {home}.")


def stop(home: Path, as_json: bool) -> None:
    """Ctrl-C is `down`."""
    with starting(home):
        ended = sweep(home)
    console.answer(as_json, {"ended": ended}, f"Stopped {len(ended)} processes.")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal interrupt what is going on, once; then it ends undisturbed. `nohup` holds."""
    heard = [number for number in INTERRUPTS if signal.getsignal(number) != signal.SIG_IGN]
    before = [signal.signal(number, interrupt) for number in heard]
    try:
        yield
    finally:
        for number, handler in zip(heard, before, strict=True):
            signal.signal(number, handler)


def interrupt(number: int, frame: Any) -> NoReturn:
    for other in INTERRUPTS:
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt
