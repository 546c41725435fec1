"""A host in conversation, for every test of what hosts do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from deployments.frames import FrameReceiver, socket_folder
from deployments.host import Host
from router.catalogue import EMBEDDED
from router.tokens import Vocabulary
from tests.deployments.conversation import SPEC, Conversation, Script


@pytest.fixture
def script() -> Script:
    return Script(Vocabulary.load(str(EMBEDDED / "pico")).encode("the end of the world is near")[1:])


@pytest.fixture
async def conversation(script: Script, tmp_path: Path) -> AsyncIterator[Conversation]:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    host_reader, host_writer = await asyncio.open_connection(sock=theirs)
    host = Host(cast(Any, script), SPEC, host_writer)
    frames = FrameReceiver(socket_folder(tmp_path))
    work = asyncio.create_task(host.work(host_reader))
    yield Conversation(host, script, reader, writer, frames, work)
    work.cancel()
    frames.close()
    for one in (writer, host_writer):
        one.close()
    await asyncio.sleep(0)
