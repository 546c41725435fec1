"""`basemodel apply`: a changed Serve config, on the service that runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from basemodel import console
from basemodel.cluster import boot, ray_head
from basemodel.cluster.config import ServeConfig
from basemodel.cluster.start import running
from basemodel.cluster.stop import starting
from basemodel.failure import Failure
from router.settings import home_folder


def apply(
    config: Annotated[Path | None, typer.Option(help="A Ray Serve config; by default the one that runs, as its file is now.")] = None,
    as_json: console.Json = False,
) -> None:
    """Add, change and remove models of the running service. What did not change is left alone, and no running request is cut."""
    home = home_folder()
    with starting(home):
        state = running(home)
        if state is None:
            raise Failure("Nothing runs here; start it with `basemodel up`.")
        changed = ServeConfig.load(config or Path(state.config), state.host, state.port, state.tls)
        environment = ray_head.environment(home, changed.source.parent)
        with console.progress(quiet=as_json) as tell:
            boot.deploy(str(state.ray_address), changed.write(home), home, environment, tell)
        replace(state, config=str(changed.source)).write(home)
    document = {"config": str(changed.source), "applications": changed.applications}
    console.answer(as_json, document, f"The service runs {changed.source} now.")
