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

from basemodel import checks, console, first_invite, first_key, news
from basemodel.cluster import redis_keeper
from basemodel.cluster.config import ServeConfig
from basemodel.cluster.start import Start, running
from basemodel.cluster.state import State
from basemodel.cluster.stop import starting, sweep
from basemodel.cluster.tls import Tls
from basemodel.failure import Failure
from router.settings import Settings
from workbench.settings import SiteSettings

WATCH_SECONDS = 1.0
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STARTED, RUNS = "It is ready.", "It runs already."


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
    if https_port and not certificate:
        raise Failure("--https-port needs --certificate, the PEM file with certificate and key; without one there is no https.")
    tls = Tls.of(certificate, https_port, settings.public_url) if certificate else None
    request = Request(settings, config, host, port, tls, https_port, detach, as_json)
    with interruptible():
        try:
            state, head = ensure_started(request)
        except KeyboardInterrupt:
            raise Failure("Stopped before it was ready; nothing is left running.") from None
        if head == STARTED and not detach:
            stay(state, request)
        else:
            say(state, request, head)


@dataclass(frozen=True)
class Request:
    settings: Settings
    config: Path | None
    host: str | None
    port: int | None
    tls: Tls | None
    https_port: int | None
    detached: bool
    as_json: bool

    def unlike(self, state: State) -> list[str]:
        """The options that were given and are not those of what runs."""
        runs = state.tls or Tls("", 0)
        pairs = {
            "--config": (self.config and self.config.resolve(), Path(state.config).resolve()),
            "--host": (self.host, state.host),
            "--port": (self.port, state.port),
            "--certificate": (self.tls and self.tls.certificate, runs.certificate),
            "--https-port": (self.https_port, runs.port),
        }
        return [option for option, (given, is_so) in pairs.items() if given is not None and given != is_so]


def ensure_started(request: Request) -> tuple[State, str]:
    """Starts what does not run, also a Redis that died under the service: how it stands, and what is new. Raises Failure."""
    home = request.settings.home
    with starting(home):
        state = running(home)
        if state is not None:
            refuse_other(state, request)
            revived = redis_keeper.revive(home)
            return State.read(home) or state, f"{RUNS} {redis_keeper.REVIVED}" if revived else RUNS
        sweep(home)
        return start(request), STARTED


def refuse_other(state: State, request: Request) -> None:
    """Raises Failure where what runs is not what was asked for."""
    unlike = request.unlike(state)
    if unlike:
        where = f"It runs at {state.base_url} with {state.config}, not with the {', '.join(unlike)} given here"
        raise Failure(f"{where}; `basemodel down` first, or `basemodel up` without options to see how it runs.")


def start(request: Request) -> State:
    """Raises Failure."""
    config = ServeConfig.load(request.config, request.host, request.port, request.tls)
    checks.refuse(checks.before_start(request.settings, config))
    with console.progress(quiet=request.as_json) as tell:
        state = Start(request.settings, config, request.detached, news.without(config.cold, tell)).run()
    if config.cold and not request.as_json:
        console.people.print(f"Deployed, and cold until they are needed: {', '.join(config.cold)}", markup=False)
    if request.detached and state.redis:
        redis_keeper.leave(request.settings.home)
    return state


def say(state: State, request: Request, head: str) -> None:
    settings, site = request.settings, (state.public_url or state.base_url).rstrip("/")
    base, key, invite = f"{site}/v1", asyncio.run(first_key.active(settings)), asyncio.run(first_invite.link(settings, site))
    document = {"base": base, "key": key, "site": site, "invite": invite, "host": state.host, "port": state.port, "config": state.config}
    down = news.down(settings.home)
    how_to_stop = down if request.detached or head != STARTED else f"Ctrl-C, or `{down}` elsewhere"
    text = f"{head} API base: {base}\n\n{news.example(base, key)}\n\n{news.doors(site, invite)}\n\nTo stop it: {how_to_stop}"
    console.answer(request.as_json, document, text)


def stay(state: State, request: Request) -> None:
    """Says where it answers, and keeps its Redis, until Ctrl-C, SIGTERM or its end. Raises Failure when it ended by itself."""
    home = request.settings.home
    keeper = redis_keeper.Keeper(home, lambda said: console.complaints.print(said, markup=False))
    try:
        say(state, request, STARTED)
        while running(home):
            keeper.look()
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
