"""The session's cookie: `__Host-bw` where the site has an https address, `bw` over plain http on this machine, none elsewhere."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request
from starlette.responses import Response

from workbench.errors import Insecure
from workbench.settings import SiteSettings
from workbench.tokens import LONGEST

SECURE, PLAIN = "__Host-bw", "bw"


def name(settings: SiteSettings) -> str:
    return SECURE if settings.https else PLAIN


def refuse_insecure(request: Request, settings: SiteSettings) -> None:
    """A password or a link must not travel over plain http. Raises Insecure."""
    if not settings.https and not is_loopback(request):
        raise Insecure


def is_loopback(request: Request) -> bool:
    """Whether it comes from this machine and was meant for it: a name of elsewhere that leads here is no name of ours."""
    peer = request.client.host if request.client else ""
    return _is_loopback(peer) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read(request: Request, settings: SiteSettings) -> str | None:
    token = request.cookies.get(name(settings), "")
    return token if 0 < len(token) <= LONGEST and (settings.https or is_loopback(request)) else None


def put(response: Response, settings: SiteSettings, token: str) -> None:
    """Until the browser is closed; the server forgets it earlier."""
    response.set_cookie(name(settings), token, path="/", secure=settings.https, httponly=True, samesite="strict")


def remove(response: Response, settings: SiteSettings) -> None:
    response.delete_cookie(name(settings), path="/", secure=settings.https, httponly=True, samesite="strict")
