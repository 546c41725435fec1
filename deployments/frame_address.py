"""Where a gateway takes token frames: a unix socket for model hosts on its machine, and for those on others an encrypted port.

The address travels in each call, as text. Who knows the port's key and a stream's number may write to that stream: both are in
the calls between gateway and replicas, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import zmq

IPC = "ipc://"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def this_machine() -> str:
    """An id of the running kernel: a folder may be shared between machines, a unix socket may not."""
    return BOOT_ID.read_text().strip()


@dataclass(frozen=True)
class FrameAddress:
    """`port` is tcp://HOST:PORT and `key` its CURVE public key (Z85), both "" where only this machine is served."""

    machine: str
    socket: str
    port: str = ""
    key: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.machine, self.socket, self.port, self.key) if part)

    @classmethod
    def read(cls, text: str) -> FrameAddress:
        """Raises ValueError."""
        parts = text.split(" ")
        if len(parts) not in (2, 4):
            raise ValueError(f"no address of frames: {text[:100]!r}")
        return cls(*parts)

    @property
    def here(self) -> bool:
        """Whether its unix socket can be reached: containers of one machine may not see each other's files."""
        return self.machine == this_machine() and Path(self.socket.removeprefix(IPC)).exists()

    def connect(self, pusher: zmq.Socket[bytes]) -> None:
        """By the shortest way."""
        if self.here or not self.port:
            pusher.connect(self.socket)
            return
        pusher.curve_publickey, pusher.curve_secretkey = zmq.curve_keypair()
        pusher.curve_serverkey = self.key.encode()
        pusher.connect(self.port)


def listen(puller: zmq.Socket[Any], host: str) -> tuple[str, str]:
    """Opens an encrypted port on this address of the machine; the port and its key."""
    public, secret = zmq.curve_keypair()
    puller.curve_server = True
    puller.curve_secretkey, puller.curve_publickey = secret, public
    puller.ipv6 = ":" in host
    name = f"[{host}]" if ":" in host else host
    port = puller.bind_to_random_port(f"tcp://{name}")
    return f"tcp://{name}:{port}", public.decode()
