"""The product's model app over `scripted_host.py`: `import_path: loadtest.faults.scripted_model:build`.

Its replicas import this module, which changes in their process alone how a host is launched.
No `from __future__ import annotations` here: Serve reads the builder's annotation to validate `args`.
"""

import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

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
        command = [sys.executable, "-m", "loadtest.faults.scripted_host", str(theirs.fileno())]
        process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ, start_new_session=True
        )
    return Launched.child(process, ours)


class ScriptedModel(model.Model):
    """Named, so that a replica finds this module with it."""


setattr(model, "HostProcess", partial(HostProcess, launch=launch))  # noqa: B010
setattr(model, "Model", ScriptedModel)  # noqa: B010


def build(args: ModelSpec) -> serve.Application:
    return model.build(args)
