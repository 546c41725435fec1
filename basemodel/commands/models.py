"""`basemodel models`: what the running service can serve, how it stands, and waking it."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any

import typer

from basemodel import api, audit, console, store
from basemodel.cluster.config import ServeConfig
from basemodel.failure import Failure
from router.boots import Boot, Boots
from router.settings import home_folder
from router.wishes import Wishes

app = typer.Typer(no_args_is_help=True, help="What the running service can serve, and how it stands.")

LIST = ["id", "state", "phase", "eta", "replicas", "source", "reason"]
HISTORY = ["asked", "waker", "how", "allocating", "loading", "warming", "ready after", "idle", "reason"]
LOOK_SECONDS = 0.5

Id = Annotated[str, typer.Argument(help="The model's id.")]
Wait = Annotated[int, typer.Option("--wait", min=0, max=900, help="Seconds to wait until it is ready.")]


@app.callback()
def models() -> None:
    """What the running service can serve, and how it stands."""


@app.command("list")
def list_models(as_json: console.Json = False) -> None:
    """List the models and their states; for the operator of this machine, with the reason where one does not start."""
    found, reasons = api.models(), _reasons()
    listed = [{**model, "reason": reasons.get(model["id"], "")} for model in found] if reasons else found
    console.answer(as_json, listed, console.table(LIST, [_row(model) for model in listed]))


@app.command()
def warm(model: Id, wait: Wait = 0, as_json: console.Json = False) -> None:
    """Start a cold model, so that it is there when it is needed."""
    card = api.warm(model)
    until = time.monotonic() + wait
    while card["state"] != "ready" and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        card = api.model(model)
    if wait and card["state"] != "ready":
        raise Failure(f"{model} is {card['state']} after {wait} s; `basemodel models list` says more.")
    console.answer(as_json, card, f"{model}: {_words(card)}")


@app.command()
def stop(model: Id, as_json: console.Json = False) -> None:
    """Stop a model now: what runs is finished, and the next request starts it again. On the operator's machine."""
    card = api.model(model)
    if card["warm_policy"] == "always":
        raise Failure(f"{model} is always warm by its entry in serve_config.yaml; take `warm: true` out of it, then `basemodel apply`.")
    store.run(lambda opened: Wishes(opened.redis).stop(model))
    audit.tell("model.stopped", model)
    unless = ", unless a warm window of it is open" if card["warm_policy"] == "window" else ""
    console.answer(as_json, {"id": model, "stopped": True}, f"{model} stops as soon as what runs has ended{unless}.")


@app.command()
def history(model: Id, as_json: console.Json = False) -> None:
    """The model's latest boots: who woke it, how long each phase took, and how long it stood idle."""
    boots = store.run(lambda opened: Boots(opened.redis).past(model))
    if not boots:
        _check_known(model)
    console.answer(as_json, [_document(boot) for boot in boots], console.table(HISTORY, [_line(boot) for boot in boots]))


def _check_known(model: str) -> None:
    """Of one that never booted: raises Failure unless the config that was run here last, or would be, has it."""
    last = home_folder() / "serve_config.yaml"
    config = ServeConfig.load(last if last.exists() else None, None, None)
    if f"model-{model}" not in config.applications:
        raise Failure(f"There is no model {model}: none of that name ever booted, and {config.source} has none.")


def _reasons() -> dict[str, str]:
    """Why models do not start; {} where this is not the operator's machine."""
    try:
        return store.run(lambda opened: Boots(opened.redis).troubles())
    except Failure:
        return {}


def _row(model: dict[str, Any]) -> list[str]:
    replicas, eta = model.get("replicas") or {}, model.get("eta_seconds")
    counts = f"{replicas.get('running', '')}/{replicas.get('wanted', '')}"
    shown = [model.get("id"), model.get("state"), model.get("phase"), None if eta is None else f"{eta:.0f} s", counts]
    return [str(one or "") for one in [*shown, model.get("source"), model.get("reason")]]


def _words(card: dict[str, Any]) -> str:
    eta = "" if card.get("eta_seconds") is None else f", ready in about {card['eta_seconds']:.0f} s"
    return f"{card['state']}{eta}"


def _document(boot: Boot) -> dict[str, Any]:
    ready = None if boot.ready is None else boot.ready - boot.asked
    fields = ("id", "replica", "waker", "how", "asked", "ready", "ended", "reason", "done", "total")
    return {name: getattr(boot, name) for name in fields} | {"phases": boot.phases, "boot_seconds": ready, "idle_seconds": boot.idle}


def _line(boot: Boot) -> list[str]:
    """The phases in seconds, each until the next began."""
    begun = [*boot.phases.values(), boot.ready or boot.ended]
    spans = [f"{end - began:.1f} s" for began, end in pairwise(moment for moment in begun if moment is not None)]
    asked = datetime.fromtimestamp(boot.asked).strftime("%Y-%m-%d %H:%M:%S")
    ready = "" if boot.ready is None else f"{boot.ready - boot.asked:.1f} s"
    return [asked, boot.waker, boot.how, *(spans + [""] * 3)[:3], ready, f"{boot.idle:.0f} s", boot.reason[:200]]
