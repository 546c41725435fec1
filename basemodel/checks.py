"""The list that `doctor` shows; what is fatal in it stops `up`. Each finding is one sentence that says what to do."""

from __future__ import annotations

from dataclasses import dataclass

from basemodel import machine
from basemodel.cluster import embedded_redis, metrics
from basemodel.cluster.config import ServeConfig
from basemodel.cluster.processes import marked
from basemodel.cluster.sockets import Listener, holder, listeners
from basemodel.cluster.state import State
from basemodel.failure import Failure
from router.settings import Settings, embedded_redis_url

GIB = 1 << 30
NEEDED_MEMORY = int(2.5 * GIB)
NEEDED_DISK = 1 * GIB
READY, WARNING, FATAL = "ok", "warning", "fatal"


@dataclass(frozen=True)
class Finding:
    """`level` is ok, warning (works, but) or fatal (`up` would refuse)."""

    name: str
    level: str
    text: str


def before_start(settings: Settings, config: ServeConfig) -> list[Finding]:
    """Everything that `up` needs, in the order in which a person would put it right."""
    return [
        python(),
        processor(),
        numa_library(),
        memory(),
        disk(settings),
        port(config.port),
        *([port(config.tls.port, "--https-port")] if config.tls else []),
        *metrics_port(),
        redis(settings),
    ]


def refuse(findings: list[Finding]) -> None:
    """Raises Failure with the first fatal finding."""
    for finding in findings:
        if finding.level == FATAL:
            raise Failure(finding.text)


def python() -> Finding:
    major, minor = machine.python_version()
    if (major, minor) != (3, 11):
        text = f"This is Python {major}.{minor}, but vLLM and torch are locked for 3.11; make the environment with python3.11."
        return Finding("Python", FATAL, text)
    return Finding("Python", READY, f"{major}.{minor}")


def processor() -> Finding:
    found = machine.architecture()
    if found != "Linux x86_64":
        text = f"This machine is {found}, but vLLM's build needs Linux on x86-64; use the container file there."
        return Finding("Processor", FATAL, text)
    if not machine.has_avx2():
        return Finding("Processor", FATAL, "This processor has no AVX2, which vLLM's CPU build needs; use another machine.")
    return Finding("Processor", READY, f"{found} with AVX2")


def numa_library() -> Finding:
    if not machine.has_library("libnuma.so.1"):
        return Finding("libnuma1", FATAL, "vLLM's CPU build needs libnuma; install it with `apt-get install libnuma1`.")
    return Finding("libnuma1", READY, "found")


def memory() -> Finding:
    available = machine.available_memory()
    if available < NEEDED_MEMORY:
        needed = f"{NEEDED_MEMORY / GIB:.1f} are needed; end something or use a larger machine."
        text = f"Only {available / GIB:.1f} GiB of memory are free and {needed}"
        return Finding("Memory", FATAL, text)
    return Finding("Memory", READY, f"{available / GIB:.1f} GiB free")


def disk(settings: Settings) -> Finding:
    free = machine.free_disk(settings.home)
    if free < NEEDED_DISK:
        text = f"Only {free / GIB:.1f} GiB are free where {settings.home} is; make room or set BASEMODEL_HOME elsewhere."
        return Finding("Disk", FATAL, text)
    return Finding("Disk", READY, f"{free / GIB:.0f} GiB free at {settings.home}")


def port(number: int, option: str = "--port") -> Finding:
    taken = holder(number)
    if taken is None:
        return Finding("Port", READY, f"{number} is free")
    who = f"{taken.owner} (process {taken.pid})" if taken.pid else taken.owner
    return Finding("Port", FATAL, f"Port {number} is taken by {who}; end that, or choose another with {option}.")


def metrics_port() -> list[Finding]:
    """Nothing where Ray takes a free one."""
    try:
        wanted = metrics.wanted_port()
    except Failure as error:
        return [Finding("Port", FATAL, str(error))]
    return [port(wanted, metrics.VARIABLE)] if wanted else []


def redis(settings: Settings) -> Finding:
    """The embedded one only needs a binary and a short path; any other must answer."""
    try:
        if settings.redis_url == embedded_redis_url(settings.home):
            embedded_redis.check_path(settings.home)
            return Finding("Redis", READY, f"embedded, {embedded_redis.server_binary()}")
        answered = embedded_redis.answers(settings.redis_url)
    except (Failure, ValueError) as error:
        return Finding("Redis", FATAL, str(error))
    if not answered:
        text = "The Redis of BASEMODEL_REDIS_URL does not answer; start it, correct the URL, or unset it for the embedded one."
        return Finding("Redis", FATAL, text)
    return Finding("Redis", READY, "answers")


def redis_in_use(settings: Settings, state: State) -> Finding:
    """That of the service that runs, which must answer."""
    if state.redis is None:
        return redis(settings)
    if not embedded_redis.answers(embedded_redis_url(settings.home)):
        text = f"The embedded Redis does not answer; `basemodel up` starts it again, and {settings.home}/logs/redis.log says more."
        return Finding("Redis", FATAL, text)
    return Finding("Redis", READY, "embedded, answers")


def doors(settings: Settings) -> list[Finding]:
    """Every listening socket of ours that another machine could reach, by name."""
    state = State.read(settings.home)
    meant = (state.host, state.tls.port if state.tls else state.port) if state else None
    open_doors = [found for found in listeners(marked(settings.home)) if not found.is_loopback]
    unmeant = [found for found in open_doors if (found.address, found.port) != meant]
    if unmeant:
        return [Finding("Doors", WARNING, open_door(door)) for door in unmeant]
    text = "only the API listens beyond this machine, as --host asks" if open_doors else "nothing of ours listens beyond this machine"
    return [Finding("Doors", READY, text)]


def open_door(door: Listener) -> str:
    where = f"{door.address}:{door.port}"
    return f"{door.owner} (process {door.pid}) listens on {where}; block that port in the firewall, or run `basemodel down`."
