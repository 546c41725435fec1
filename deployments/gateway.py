"""The gateway app: the router's FastAPI application, with the site on it, as a Serve ingress.

No `from __future__ import annotations` here: Serve reads the builder's annotation to validate `args`.
"""

import asyncio
import ipaddress
import logging
from typing import Any

import ray
from pydantic import BaseModel, ConfigDict
from ray import serve
from ray.exceptions import RayActorError
from ray.serve.schema import LoggingConfig
from redis.asyncio import Redis
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from budgets.accounting import Accounting
from budgets.errors import StoreUnavailable
from budgets.keys import Keys
from budgets.redis_checks import refuse_unsafe
from budgets.store import connect
from deployments.channels import Channels
from deployments.doors import close_replica_doors
from deployments.fleet import ServeFleet
from deployments.frames import FrameReceiver, socket_folder
from deployments.listener import Listener, ListenerGone
from deployments.metrics import Exporter
from router import log as json_log
from router import tracing
from router.app import Services, create_app
from router.catalogue import Catalogue
from router.catalogue_faults import catalogue_faults
from router.readings import Readings
from router.request_id import GIVEN_ID
from router.settings import BadSetting, Settings
from workbench.services import Site
from workbench.settings import SiteSettings
from workbench.site import add_site

MAX_ONGOING_REQUESTS = 10_000
DRAIN_SECONDS = 3_700.0
ENGINE_VERSION = "vllm-0.32.0"

log = logging.getLogger("ray.serve")

close_replica_doors()


class GatewayArgs(BaseModel):
    """The gateway takes no arguments: its models come in `user_config`, so that changing them restarts nothing."""

    model_config = ConfigDict(extra="forbid")


class Gateway:
    async def __init__(self) -> None:  # type: ignore[misc]  # Serve awaits it
        json_log.install("gateway")
        settings = Settings.read()
        folder = socket_folder(settings.home)
        self._frames = FrameReceiver(folder, reachable_address())
        redis = connect(settings.redis_url)
        self._fleet = ServeFleet(self._frames, redis, Channels(folder))
        keys = Keys(redis, settings.secret)
        await check_store(redis, keys)
        self._accounting = Accounting(redis, settings.home / "accounting")
        await self._accounting.start()
        self._site = Site.of(SiteSettings.read(), settings.secret, redis)
        await self._site.open()
        services = Services(keys=keys, accounting=self._accounting, fleet=self._fleet, redis=redis, engine_version=ENGINE_VERSION)
        self._tracing = tracing.asked_for()
        self._app = add_site(create_app(services, self._tracing), self._site)
        self._readings = Readings(self._app.state.parts, ENGINE_VERSION)
        self._exporter: Exporter | None = None
        self._listener = Listener(self._app, folder)

    async def check_health(self) -> None:
        """Raises ListenerGone; Serve then begins anew with another replica."""
        if not self._listener.alive:
            raise ListenerGone

    async def __del__(self) -> None:
        """Serve awaits it when the replica stops, after the requests that came through Serve."""
        if self._exporter is not None:
            self._exporter.close()
        await self._listener.close()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)
        await self._accounting.close()
        await self._site.close()
        self._fleet.close()

    def __serve_build_asgi_app__(self) -> Any:
        return behind_proxy(self._app)

    async def reconfigure(self, user_config: dict[str, Any]) -> None:
        """A changed list of models in serve_config.yaml, without a restart. A wrong one stops a gateway that begins; one that
        serves keeps the list it has and says so in its log. Raises BadSetting."""
        wrong = catalogue_faults(user_config)
        if wrong and not self._fleet.serves:
            raise BadSetting(" ".join(wrong))
        if wrong:
            log.error("The changed list of models is not taken over: %s", " ".join(wrong))
        else:
            self._fleet.replace(Catalogue.model_validate(user_config))
            self._exporter = self._exporter or Exporter(self._readings)  # which tells of each model


def reachable_address() -> str | None:
    """This node's address for model hosts on other nodes; None where Ray keeps to this machine."""
    address = str(ray.util.get_node_ip_address())
    return None if ipaddress.ip_address(address).is_loopback else address


async def check_store(redis: Redis, keys: Keys) -> None:
    """Raises UnsafeRedis, SecretMismatch. A Redis that is away is checked by nobody; nothing is admitted until it is back."""
    try:
        await refuse_unsafe(redis)
        await keys.check_secret()
    except StoreUnavailable as error:
        log.warning("Redis could not be checked: %s", error)


def behind_proxy(app: ASGIApp) -> ASGIApp:
    """The application under the request id of Serve's proxy, which sends that header itself.

    A plain callable, because Serve would replace the exception handlers of a FastAPI object.
    """

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        async def without_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)["x-request-id"]
            await send(message)

        if scope["type"] == "http":
            scope[GIVEN_ID] = Headers(scope=scope).get("x-request-id")
        await app(scope, while_proxy_lives(receive), without_id)

    return asgi


def while_proxy_lives(receive: Receive) -> Receive:
    """`receive`, for which the end of the proxy is the end of its clients: otherwise nobody would hear that they are gone."""

    async def received() -> Message:
        try:
            return await receive()
        except RayActorError as error:
            log.warning("the proxy of a request is gone: %s", type(error).__name__)
            return {"type": "http.disconnect"}

    return received


def build(args: GatewayArgs) -> serve.Application:
    gateway = serve.deployment(
        name="Gateway",
        num_replicas=1,
        ray_actor_options={"num_cpus": 0.1},
        max_ongoing_requests=MAX_ONGOING_REQUESTS,
        health_check_period_s=2,
        health_check_timeout_s=10,
        graceful_shutdown_timeout_s=DRAIN_SECONDS,
        graceful_shutdown_wait_loop_s=0.5,
        logging_config=LoggingConfig(encoding="JSON"),
    )(serve.ingress()(Gateway))
    return gateway.bind()
