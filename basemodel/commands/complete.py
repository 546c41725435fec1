"""`basemodel complete`: one completion, streamed to the terminal as it is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer

from basemodel import api, console
from basemodel.failure import Failure

Chunk = dict[str, Any]


def complete(
    text: Annotated[str, typer.Argument(help="What to continue.")],
    model: Annotated[str | None, typer.Option("-m", "--model", help="By default the first that is ready.")] = None,
    max_tokens: Annotated[int, typer.Option(min=0)] = 64,
    temperature: Annotated[float, typer.Option(min=0, max=2)] = 1.0,
    logprobs: Annotated[int | None, typer.Option(min=0, help="List this many likeliest tokens at each position.")] = None,
    as_json: console.Json = False,
) -> None:
    """Continue a text."""
    body = {"model": model or first_ready(), "prompt": text, "max_tokens": max_tokens, "temperature": temperature}
    if logprobs is not None:
        body["logprobs"] = logprobs
    if as_json:
        console.answer(True, whole(body), "")
    else:
        show(text, body)


def first_ready() -> str:
    """Raises Failure."""
    listed = api.models()
    if not listed:
        raise Failure("The service has no model; add one to its Serve config.")
    ready = [model["id"] for model in listed if model.get("state") == "ready"]
    return str((ready or [listed[0]["id"]])[0])


def whole(body: dict[str, Any]) -> Any:
    """The response of the service, unchanged. Raises Failure."""
    with api.client() as client:
        response = client.post("/completions", json=body)
        api.check(response)
        return response.json()


def show(text: str, body: dict[str, Any]) -> None:
    """The prompt dimmed, then the continuation as it comes, then the logprobs if asked. Raises Failure."""
    rows: list[list[str]] = []
    for number, chunk in enumerate(stream(body)):
        if number == 0:
            console.people.print(text, style="dim", end="", markup=False)
        for choice in chunk["choices"]:
            console.people.out(choice["text"], end="", highlight=False)
            rows += logprob_rows(choice.get("logprobs"))
    console.people.print()
    if rows:
        console.people.print(console.table(["token", "logprob", "likeliest"], rows))


def stream(body: dict[str, Any]) -> Iterator[Chunk]:
    """The chunks of a streamed completion. Raises Failure, also for an error in mid-stream."""
    with api.client() as client, client.stream("POST", "/completions", json=body | {"stream": True}) as response:
        api.check(response)
        for chunk in events(response):
            if "error" in chunk:
                raise Failure(str(chunk["error"]["message"]))
            yield chunk


def events(response: httpx.Response) -> Iterator[Chunk]:
    """Raises Failure for a stream that breaks off before `[DONE]`."""
    for line in response.iter_lines():
        data = line.removeprefix("data: ")
        if data == "[DONE]":
            return
        if data != line:
            yield json.loads(data)
    raise Failure("The service broke off before the end; `basemodel status` says what runs.")


def logprob_rows(logprobs: dict[str, Any] | None) -> list[list[str]]:
    if not logprobs:
        return []
    tops = logprobs.get("top_logprobs") or [None] * len(logprobs["tokens"])
    return [
        [repr(token), "" if value is None else f"{value:.3f}", likeliest(top)]
        for token, value, top in zip(logprobs["tokens"], logprobs["token_logprobs"], tops, strict=True)
    ]


def likeliest(top: dict[str, float] | None) -> str:
    ranked = sorted((top or {}).items(), key=lambda entry: -entry[1])
    return "  ".join(f"{token!r} {value:.2f}" for token, value in ranked)
