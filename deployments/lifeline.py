"""A forked host's tie to the zygote of its home: whichever zygote lives ends the host when its replica is gone.

A stopped or hanging host cannot see that itself, and the kernel would tell only of its parent, the zygote.
"""

from __future__ import annotations

import asyncio
import os
import socket

from deployments.zygote_client import Adopt, Forked, ZygoteClient, send


class Lifeline:
    """Lives on the replica's event loop. When its zygote ends, it starts another before anybody needs it."""

    def __init__(self, client: ZygoteClient, forked: Forked) -> None:
        self._client, self._pid = client, forked.pid
        self._descriptor = os.dup(forked.descriptor)
        self._loop = asyncio.get_running_loop()
        self._connection: socket.socket | None = None
        self._closed = False
        self._watch(forked.connection)

    def _watch(self, connection: socket.socket) -> None:
        if self._closed:
            return connection.close()
        connection.setblocking(False)
        self._connection = connection
        self._loop.add_reader(connection, self._lost)

    def _lost(self) -> None:
        self._unwatch()
        self._loop.run_in_executor(None, self._renew)

    def _renew(self) -> None:
        """In a thread: finds the next zygote and makes the host known to it."""
        self._client.replace()
        connection = self._client.await_ready()
        if connection is not None and not self._adopted(connection):
            connection.close()

    def _adopted(self, connection: socket.socket) -> bool:
        """Whether that zygote knows the host now; not where it is lost too, or the replica ends."""
        if self._closed:
            return False
        try:
            send(connection, Adopt(self._pid), [self._descriptor])
            self._loop.call_soon_threadsafe(self._watch, connection)
        except (OSError, RuntimeError):
            return False
        return True

    def _unwatch(self) -> None:
        if self._connection is not None:
            self._loop.remove_reader(self._connection)
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """The host is gone. Also from another thread, and when the loop has ended."""
        if not self._closed:
            self._closed = True
            os.close(self._descriptor)
            self._let_go()

    def _let_go(self) -> None:
        if asyncio._get_running_loop() is self._loop:
            return self._unwatch()
        try:
            self._loop.call_soon_threadsafe(self._unwatch)
        except RuntimeError:
            self._unwatch()
