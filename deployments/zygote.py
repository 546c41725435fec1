"""The zygote: a process that has imported vLLM once and forks model hosts, which therefore boot in a fraction of a second.

`python -m deployments.zygote SOCKET LOCK` is started by `zygote_client.py`, which gives it the locked file LOCK. It leaves
its parent at once: it belongs to no replica. It runs one thread only, since a fork keeps no other, and no parallel region,
since OpenMP does not survive a fork after one. It dies alone: its hosts go on. But it ends the hosts of a replica that is
gone, whatever state they are in.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

import msgspec
from setproctitle import getproctitle, setproctitle

from deployments import host, vllm_version
from deployments.launched import ended, kill
from deployments.zygote_client import FAILED, LARGEST, Adopt, Request, code

#: Without a client and without a Ray of this home the zygote ends after so long: `basemodel up` needs less until its Ray runs.
ORPHAN_SECONDS = 180.0
TICK_SECONDS = 5.0
#: What tells whose a process is: `basemodel up` gives it to all.
OWNER = "BASEMODEL_HOME"

#: What an engine imports on its way to the first token, beside what its own modules do.
MODULES = (
    "deployments.vllm_engine",
    "deployments.vllm_patches",
    "vllm.v1.engine.core",
    "vllm.v1.executor.uniproc_executor",
    "vllm.v1.core.sched.scheduler",
    "vllm.renderers.hf",
    "vllm.tokenizers.hf",
    "vllm.model_executor.models.llama",
    "vllm.model_executor.model_loader.default_loader",
    "vllm.model_executor.layers.quantization.online.base",
    "compressed_tensors",
)
CPU_MODULES = ("vllm.v1.worker.cpu_worker", "vllm.v1.attention.backends.cpu_attn")


def main() -> None:
    path, lock = Path(sys.argv[1]), int(sys.argv[2])
    if os.fork():
        os._exit(0)
    os.setsid()
    getproctitle()  # which finds where titles go: by the environment, that changes later
    note(lock, str(os.getpid()))
    try:
        version = code()
        warm()
        Zygote(path, lock, version).serve()
    except Exception as error:
        traceback.print_exc()
        note(lock, f"{FAILED}: {error}")
    os._exit(0)  # at once: Python would take its time to forget what was imported, and keep the lock meanwhile


def note(lock: int, text: str) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, text.encode(), 0)


def warm() -> None:
    """Imports everything. Raises RuntimeError for another vLLM than ours, or when an import left a thread behind."""
    vllm_version.check(importlib.import_module("vllm").__version__)
    from deployments import vllm_patches

    for module in MODULES:
        importlib.import_module(module)
    vllm_patches.warm(CPU_MODULES)
    assert_alone()
    gc.collect()
    gc.freeze()


def assert_alone() -> None:
    """Raises RuntimeError unless this process has one thread: what another one holds locked stays so in a fork."""
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"the zygote must have one thread, not {threads}")


class Zygote:
    """Serves forks to any number of clients; each connection is one client's life and holds the hosts that it asked for."""

    def __init__(self, path: Path, lock: int, version: str) -> None:
        """`version` is what `code()` was before anything was imported."""
        self._path, self._lock, self._code = path, lock, version
        self._hosts: dict[socket.socket, list[tuple[int, int]]] = {}
        self._wanted = time.monotonic()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the hosts
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.umask(0o177)
        self._listener.bind(str(path))
        os.umask(0o077)
        self._listener.listen(64)
        self._selector = selectors.PollSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)

    def serve(self) -> None:
        """Until nobody can want it any more, or its socket is gone."""
        while self._path.exists() and time.monotonic() - self._wanted < ORPHAN_SECONDS:
            events = self._selector.select(TICK_SECONDS)
            for key, _ in events:
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj)
            if self._hosts or (not events and ray_runs()):
                self._wanted = time.monotonic()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        self._hosts[client] = []
        self._selector.register(client, selectors.EVENT_READ)

    def _read(self, client: socket.socket) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(client, LARGEST, 2, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            data, descriptors = b"", []
        if not data:
            return self._forget(client)
        message = msgspec.msgpack.decode(data, type=Request | Adopt)
        if isinstance(message, Adopt):
            return self._hosts[client].append((message.pid, descriptors[0]))
        if message.code != self._code:
            os._exit(0)  # the code on disk is another now, and the next zygote's
        assert_alone()
        self._fork(client, message, *descriptors)

    def _forget(self, client: socket.socket) -> None:
        """A client that is gone takes its hosts along: they may be stopped and not have noticed."""
        self._selector.unregister(client)
        client.close()
        for pid, descriptor in self._hosts.pop(client):
            if not ended(descriptor, 0):
                kill(pid, descriptor)
            os.close(descriptor)

    def _fork(self, client: socket.socket, request: Request, connection: int, output: int) -> None:
        pid = os.fork()
        if pid == 0:
            self._be_host(request, connection, output)
        os.close(connection)
        os.close(output)
        with contextlib.suppress(OSError):  # the host ended at once, and with it its connection; or the client did
            descriptor = os.pidfd_open(pid)
            self._hosts[client].append((pid, descriptor))
            socket.send_fds(client, [str(pid).encode()], [descriptor])

    def _be_host(self, request: Request, connection: int, output: int) -> NoReturn:
        """In the child. Nothing of the zygote may stay open, least of all its lock and its clients' connections."""
        try:
            os.setsid()
            self._close()
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.environ.clear()
            os.environ.update(request.environment)
            entitle(request.model)
            host.run(socket.socket(fileno=connection))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _close(self) -> None:
        self._selector.close()
        for one in (self._listener, *self._hosts):
            one.close()
        for _, descriptor in (each for hosts in self._hosts.values() for each in hosts):
            os.close(descriptor)
        os.close(self._lock)


def entitle(model: str) -> None:
    """As if it had been spawned, for people and for `basemodel status`."""
    setproctitle(f"{sys.executable} -m deployments.host {model}")


def ray_runs() -> bool:
    """Whether a Ray of this home does, whose replicas may yet want hosts."""
    owner = os.environ.get(OWNER)
    return any(_owner(process) == owner for process in Path("/proc").glob("[0-9]*") if _name(process) == "raylet")


def _name(process: Path) -> str:
    with contextlib.suppress(OSError):
        return (process / "comm").read_text().strip()
    return ""


def _owner(process: Path) -> str | None:
    """Also "" for a process that is not ours to look into."""
    try:
        entries = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((one.decode().partition("=")[2] for one in entries if one.startswith(f"{OWNER}=".encode())), None)


if __name__ == "__main__":
    main()
