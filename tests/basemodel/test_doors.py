"""Nothing of ours can be reached from another machine: every listening socket, tried from a second network namespace."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest

from basemodel.cluster.processes import marked
from basemodel.cluster.sockets import Listener, listeners
from tests.cluster import Stack, run_basemodel

pytestmark = pytest.mark.stack

NAMESPACE, HERE, THERE = f"bm{os.getpid()}", "198.51.100.1", "198.51.100.2"
VETH = f"bmv{os.getpid()}"

#: One procedure of every gRPC service that a process of ours offers; a port has one of its owner's.
PROCEDURES = {
    "gcs_server": ["/ray.rpc.NodeInfoGcsService/GetAllNodeInfo", "/ray.rpc.None/None"],
    "raylet": ["/ray.rpc.NodeManagerService/GetNodeStats", "/ray.rpc.ObjectManagerService/Pull"],
}
REPLICA_PROCEDURES = ["/ray.rpc.CoreWorkerService/GetCoreWorkerStats", "/ray.serve.ASGIService/HandleRequest"]

#: Reads [address, port] pairs, prints those that can be connected to.
KNOCK = """
import json, socket, sys
reached = []
for address, port in json.load(sys.stdin):
    try:
        socket.create_connection((address, port), 2).close()
        reached.append([address, port])
    except OSError:
        pass
print(json.dumps(reached))
"""


def test_every_socket_of_ours_is_on_loopback(stack: Stack) -> None:
    found = listeners(marked(stack.home))
    assert stack.port in {listener.port for listener in found}
    assert {"gcs_server", "raylet"} <= {listener.owner for listener in found}
    assert sum("ServeReplica" in listener.owner for listener in found) >= 4, "each replica has a worker port and a gRPC server"
    assert [listener for listener in found if not listener.is_loopback] == []


def test_another_user_of_this_machine_is_refused_without_the_token(stack: Stack) -> None:
    guarded = [found for found in listeners(marked(stack.home)) if found.owner in PROCEDURES or "ServeReplica" in found.owner]
    answers = {(found.owner, found.port): call_without_token(found) for found in guarded}
    assert len(answers) >= 6
    assert {code for codes in answers.values() for code in codes} == {"UNAUTHENTICATED", "UNIMPLEMENTED"}
    assert all("UNAUTHENTICATED" in codes for codes in answers.values()), answers


def call_without_token(listener: Listener) -> set[str]:
    """What each procedure that this owner may offer answers to a stranger."""
    codes = set()
    for procedure in PROCEDURES.get(listener.owner, REPLICA_PROCEDURES):
        with grpc.insecure_channel(f"127.0.0.1:{listener.port}") as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(procedure)(b"", timeout=5)
        codes.add(caught.value.code().name)
    return codes


def test_doctor_finds_no_open_door(stack: Stack) -> None:
    answer = run_basemodel(["doctor", "--json"], stack.environment, 60)
    doors = [finding for finding in json.loads(answer.stdout) if finding["name"] == "Doors"]
    assert [finding["level"] for finding in doors] == ["ok"]


def test_another_machine_reaches_nothing(stack: Stack, elsewhere: Elsewhere) -> None:
    found = listeners(marked(stack.home))
    with socket.create_server(("0.0.0.0", 0)) as control:
        doors = [(address, listener.port) for listener in found for address in elsewhere.ways(listener)]
        reached = elsewhere.knock([*doors, (HERE, control.getsockname()[1])])
        assert reached == [(HERE, control.getsockname()[1])], "only the control may be reached"


@dataclass(frozen=True)
class Elsewhere:
    """A network namespace with a cable to this one, as another machine would be."""

    own_addresses: list[str]

    def ways(self, listener: Listener) -> list[str]:
        """Every address of this machine, and the one the socket names unless it means all."""
        named = [] if listener.address in ("0.0.0.0", "::") or listener.is_loopback else [listener.address.removeprefix("::ffff:")]
        return list(dict.fromkeys([*self.own_addresses, *named]))

    def knock(self, doors: list[tuple[str, int]]) -> list[tuple[str, int]]:
        command = ["ip", "netns", "exec", NAMESPACE, sys.executable, "-c", KNOCK]
        answer = subprocess.run(command, input=json.dumps(doors), capture_output=True, text=True, timeout=100, check=True)
        return [(address, port) for address, port in json.loads(answer.stdout)]


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network namespace needs root and iproute2")
    try:
        for step in steps():
            subprocess.run(["ip", *step.split()], check=True, capture_output=True)
        yield Elsewhere([HERE, *addresses()])
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False, capture_output=True)


def steps() -> list[str]:
    return [
        f"netns add {NAMESPACE}",
        f"link add {VETH} type veth peer name {VETH}p netns {NAMESPACE}",
        f"addr add {HERE}/30 dev {VETH}",
        f"link set {VETH} up",
        f"-n {NAMESPACE} addr add {THERE}/30 dev {VETH}p",
        f"-n {NAMESPACE} link set {VETH}p up",
        f"-n {NAMESPACE} route add default via {HERE}",
    ]


def addresses() -> list[str]:
    """The other IPv4 addresses of this machine that are not loopback."""
    shown = json.loads(subprocess.run(["ip", "-j", "-4", "addr"], capture_output=True, check=True).stdout)
    found = [entry["local"] for link in shown for entry in link["addr_info"] if entry.get("scope") == "global"]
    return [address for address in found if address != HERE]
