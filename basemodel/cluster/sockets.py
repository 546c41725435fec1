"""Listening sockets: whose they are, and which of ours can be reached from another machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import psutil

from basemodel.cluster.processes import title


@dataclass(frozen=True)
class Listener:
    """One listening TCP socket; `address` as the kernel shows it."""

    address: str
    port: int
    pid: int
    owner: str

    @property
    def is_loopback(self) -> bool:
        parsed = ipaddress.ip_address(self.address)
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        return (mapped or parsed).is_loopback


def listeners(processes: list[psutil.Process]) -> list[Listener]:
    """Every listening TCP socket of these processes; forked holders of one socket count once."""
    found: dict[tuple[str, int], Listener] = {}
    for process in processes:
        try:
            connections = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        for connection in connections:
            if connection.status == psutil.CONN_LISTEN:
                listener = Listener(connection.laddr.ip, connection.laddr.port, process.pid, title(process))
                found.setdefault((listener.address, listener.port), listener)
    return sorted(found.values(), key=lambda listener: listener.port)


def holder(port: int) -> Listener | None:
    """Who listens on this port, as far as this user may see; pid 0 where it may not."""
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            pid = connection.pid or 0
            owner = title(psutil.Process(pid)) if pid else "another user's process"
            return Listener(connection.laddr.ip, port, pid, owner)
    return None
