"""A replica that only keeps a model host: `python -m tests.deployments.replica HOME SPEC`. Says the host's process id when it is ready."""

import asyncio
import sys
from pathlib import Path

from deployments.frames import socket_folder
from deployments.host_process import HostProcess
from router.catalogue import ModelSpec


async def main() -> None:
    host = HostProcess(ModelSpec.model_validate_json(sys.argv[2]), socket_folder(Path(sys.argv[1])))
    await host.ready()
    assert host._process is not None
    print(host._process.how, host._process.pid, flush=True)
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main())
