"""Closes the one door that no setting of Ray closes: the gRPC server of every Serve replica.

Ray 2.60.0 binds it to `[::]` (ray/serve/_private/replica.py, `_on_initialized`), and it unpickles what arrives.
Peers reach a replica at its node's address, so that address is all it needs to listen on.
"""

from __future__ import annotations

import logging
from typing import Any

import ray
from ray.serve._private import replica

PATCHED_VERSION = "2.60.0"
EVERY_ADDRESS = "[::]:0"

log = logging.getLogger("ray.serve")
bind_as_asked = replica.add_port_to_grpc_server


def close_replica_doors() -> None:
    """Called when a deployment's module is imported, which in a replica is before its server starts."""
    if ray.__version__ != PATCHED_VERSION:
        log.error("Replica gRPC ports stay open on every address: the patch is for Ray %s, this is %s.", PATCHED_VERSION, ray.__version__)
        return
    replica.add_port_to_grpc_server = bind_to_node_address


def bind_to_node_address(server: Any, address: str) -> int:
    """Stands in for `add_port_to_grpc_server`; the port that was chosen. Any other address passes unchanged."""
    if address == EVERY_ADDRESS:
        address = own_address(ray.util.get_node_ip_address())
    return int(bind_as_asked(server, address))


def own_address(node_ip: str) -> str:
    return f"[{node_ip}]:0" if ":" in node_ip else f"{node_ip}:0"
