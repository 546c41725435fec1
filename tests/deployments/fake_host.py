"""A model host without an engine: `python -m tests.deployments.fake_host FD MODE FOLDER`.

It keeps to the conversation of `deployments.messages` and notes every job and abort in FOLDER. Modes:
`works` answers a job at once; `holds` never does; `direct` says that a gateway's job begins with its first ping and ends with
its fifth; `deaf` answers no ping; `fails` ends twice before it boots; `broken` says why it cannot; `stuck` never loads its
weights; `dies` does so with its first ping.
"""

import asyncio
import socket
import sys
from pathlib import Path

from deployments import messages
from deployments.messages import Abort, Boot, Broken, Direct, Ended, Ping, Pong, Progress, Ready, Start

MODE, FOLDER = sys.argv[2], Path(sys.argv[3])


async def main() -> None:
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=int(sys.argv[1])))
    (FOLDER / "boots").open("a").write("x")
    if MODE == "fails" and len((FOLDER / "boots").read_text()) <= 2:
        return
    while (data := await messages.receive(reader)) is not None:
        for answer in answers(messages.to_host.decode(data)):
            messages.send(writer, answer)
        await writer.drain()
        if MODE == "dies" and isinstance(messages.to_host.decode(data), Ping):
            return


def answers(message: messages.ToHost) -> list[messages.ToReplica]:
    match message:
        case Boot():
            return boot()
        case Ping() if MODE == "dies":
            return [Broken("out of memory")]
        case Ping(number) if MODE == "direct" and number in (1, 5):
            return [Direct(number == 1), Pong(number, 1)]
        case Ping(number) if MODE != "deaf":
            return [Pong(number, 3, 70)]
        case Start(call) if MODE == "works":
            return [Ended(call)]
        case Start(call) | Abort(call):
            (FOLDER / f"{type(message).__name__}-{call}").touch()
    return []


def boot() -> list[messages.ToReplica]:
    loading = Progress("loading", 0, 10)
    if MODE == "broken":
        return [loading, Broken("no such weights")]
    return [loading] if MODE == "stuck" else [loading, Progress("loading", 7, 10), Progress("warming", 10, 10), Ready("fake")]


if __name__ == "__main__":
    asyncio.run(main())
