"""The application behind Serve's proxy."""

import pytest
from ray.exceptions import ActorDiedError
from starlette.types import Message, Receive, Scope, Send

from deployments.gateway import behind_proxy, while_proxy_lives


async def lost() -> Message:
    """What Serve's own `receive` does in a request whose proxy dies."""
    raise ActorDiedError()


async def test_the_clients_of_a_proxy_that_died_have_left() -> None:
    heard: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(await receive())

    async def send(message: Message) -> None: ...

    await behind_proxy(app)({"type": "http", "headers": []}, lost, send)
    assert heard == [{"type": "http.disconnect"}]


async def test_any_other_failure_of_the_proxy_is_none_of_theirs() -> None:
    async def broken() -> Message:
        raise ValueError("not a message")

    with pytest.raises(ValueError, match="not a message"):
        await while_proxy_lives(broken)()
