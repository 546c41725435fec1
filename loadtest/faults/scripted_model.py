"""The product's model app over `scripted_host.py`: `import_path: loadtest.faults.scripted_model:build`.

Its replicas import this module, which changes in their process alone how a host is launched.
No `from __future__ import annotations` here: Serve reads the builder's annotation to validate `args`.
"""

import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import IO

from ray import serve

from deployments import model
from deployments.host_process import HostProcess
from deployments.launch import open_log
from deployments.launched import Launched
from router.catalogue import ModelSpec


async def launch(spec: ModelSpec, folder: Path) -> Launched:
    """Stands in for `deployments.launch.launch`."""
    ours, theirs = socket.socketpair()
    with theirs, open_log(spec, folder) as output:
        return Launched.child(spawn(theirs.fileno(), output), ours)


def spawn(descriptor: int, output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "loadtest.faults.scripted_host", str(descriptor)],
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


class ScriptedModel(model.Model):
    """Named, so that a replica finds this module with it."""


setattr(model, "HostProcess", partial(HostProcess, launch=launch))  # noqa: B010
setattr(model, "Model", ScriptedModel)  # noqa: B010


def build(args: ModelSpec) -> serve.Application:
    return model.build(args)
