"""The entrance's HAProxy: its configuration for one machine, whose gateways listen on unix sockets (`listener.py`).

It never has to be loaded anew: every place that a gateway may take is in it, and health checks find which are taken. So no
reload ever cuts a stream. What HAProxy itself answers has the shape of every other error.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from deployments.listener import CHECK_PATH, PLACES, socket_path
from router.errors import ApiError, Fault, InternalError, InvalidRequest, NotFound, NotReady

#: HAProxy makes from it, or from the limit of the machine if that is lower, how many connections there may be: about half of it.
MOST_FILES = 65_536
#: Of the headers; of a client that neither reads nor sends, and of all of a TLS handshake, for which HAProxy 2.8 has no limit of its own;
#: of the longest request, with the wait for its turn and a boot.
HEADER_SECONDS, CLIENT_SECONDS, SERVER_SECONDS = 10, 30, 4_000
#: A client's connection between two requests. Longer than clients keep theirs, so that they are the ones who close.
IDLE_SECONDS = 120
CHECK_MILLISECONDS = 250
#: Much more than a gateway takes, which says 431 itself, where HAProxy could only say that it cannot read them.
LARGEST_HEADERS = 256 << 10
HTTPS_PORT = 8443
THREADS = 4
HELD = Path(__file__).with_name("held.lua")
NOTHING = "There is nothing at this address; GET /openapi.json lists what there is."


@dataclass(frozen=True)
class Address:
    """Where it listens. With a `certificate` (a PEM file; its key in it, or beside it with `.key` at the end) `host` gets
    https at `https_port`, and plain http at `port` is for this machine only."""

    host: str
    port: int
    certificate: Path | None = None
    https_port: int = HTTPS_PORT


def haproxy_config(address: Address, folder: Path) -> str:
    """`folder`: of the gateways' sockets."""
    return "\n".join((_process(folder), _defaults(), _frontend(address), _backend(folder)))


def control_path(folder: Path) -> Path:
    """The socket on which HAProxy tells how it is; there once it listens everywhere."""
    return folder / "haproxy.sock"


def _process(folder: Path) -> str:
    return f"""global
    stats socket {_word(control_path(folder))} mode 600 level admin
    fd-hard-limit {MOST_FILES}
    nbthread {min(THREADS, os.cpu_count() or 1)}
    tune.bufsize {LARGEST_HEADERS + (16 << 10)}
    tune.http.maxhdr 256
    lua-load {_word(HELD)}
"""


def _defaults() -> str:
    """Whoever meets a place that has just become free is sent to the next at once."""
    return f"""defaults
    mode http
    option http-no-delay
    option http-ignore-probes
    option redispatch 1
    retries {PLACES}
    timeout connect 2s
    timeout http-request {HEADER_SECONDS}s
    timeout http-keep-alive {IDLE_SECONDS}s
    timeout client {CLIENT_SECONDS}s
    timeout server {SERVER_SECONDS}s
    timeout queue 5s
    timeout check 5s
{_errors()}
"""


def _frontend(address: Address) -> str:
    return f"""frontend entrance
{_binds(address)}
    # whoever says it comes from elsewhere is not believed
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
    http-response set-header strict-transport-security "max-age=31536000" if {{ ssl_fc }}
    http-request return {_answer(404, NotFound(NOTHING))} if {{ path_beg /-/ }}
    http-request lua.wait_for_checks if !{{ var(proc.checked) -m found }}
    http-request lua.wait_for_gateway if {{ nbsrv(gateways) eq 0 }}
    default_backend gateways
"""


def _binds(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    if address.certificate is None:
        return f"    bind {host}:{address.port}"
    return f"    bind 127.0.0.1:{address.port}\n    bind {host}:{address.https_port} ssl crt {_word(address.certificate)} alpn http/1.1"


def _backend(folder: Path) -> str:
    places = "\n".join(f"    server gateway-{place} unix@{_word(socket_path(folder, place))}" for place in range(1, PLACES + 1))
    return f"""backend gateways
    balance leastconn
    http-reuse always
    option httpchk GET {CHECK_PATH}
    default-server check inter {CHECK_MILLISECONDS}ms fall 1 rise 1 pool-purge-delay 30s
{places}
"""


def _errors() -> str:
    """What HAProxy says by itself, as far as it lets that be chosen: to a head that is no HTTP it has a page of its own."""
    told: dict[int, ApiError] = {
        400: InvalidRequest(Fault(None, "invalid_value", "The request is not HTTP as it should be.")),
        408: InvalidRequest(Fault(None, "invalid_value", f"The rest of the request did not come within {CLIENT_SECONDS} s.")),
        500: InternalError(),
        502: InternalError(),
        503: NotReady("no gateway runs"),
        504: InternalError(),
    }
    return "\n".join(f"    http-error {_answer(status, error)}" for status, error in told.items())


def _answer(status: int, error: ApiError) -> str:
    """As `http-error` and `http-request return` take it; HAProxy makes the id."""
    headers = "".join(f' hdr {name} "{value}"' for name, value in error.headers.items())
    body = json.dumps(error.body()).replace("\\", "\\\\").replace("'", "\\x27")
    return f"status {status} content-type application/json string '{body}'{headers} hdr x-request-id \"%[uuid()]\""


def _word(path: Path) -> str:
    """One word of HAProxy's, whatever the path has in it."""
    return "".join(f"\\{character}" if character in "\\ '\"#" else character for character in str(path))
