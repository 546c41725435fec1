"""That a request which changes something was made by a page of ours: by its origin, and by a token bound to the session."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from budgets.secret import Secret
from router.body import MEDIA_TYPE
from router.errors import UnsupportedMediaType
from workbench.errors import RefusedOrigin
from workbench.settings import SiteSettings

SAFE = ("GET", "HEAD", "OPTIONS")
HEADER = "x-csrf-token"


def is_safe(request: Request) -> bool:
    return request.method in SAFE


def check_origin(request: Request, settings: SiteSettings) -> None:
    """What the browser itself says, which no page can change. Raises RefusedOrigin, UnsupportedMediaType.

    A form of another site cannot send JSON, so the type is asked of requests without a body too.
    """
    if is_safe(request):
        return
    site = request.headers.get("sec-fetch-site")
    if site != "same-origin" and (site is not None or not _own_origin(request, settings)):
        raise RefusedOrigin
    if not MEDIA_TYPE.fullmatch(request.headers.get("content-type", "")):
        raise UnsupportedMediaType("Requests that change something must be sent as 'Content-Type: application/json'.")


def _own_origin(request: Request, settings: SiteSettings) -> bool:
    """Of browsers before 2023, which send no Sec-Fetch-Site."""
    public = urlsplit(settings.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}")
    return request.headers.get("origin") == f"{public.scheme}://{public.netloc}"


def token(secret: Secret, session: str) -> str:
    """`session` is the digest of its cookie."""
    return _tokens(secret, session)[0]


def check_token(request: Request, secret: Secret, session: str) -> None:
    """Raises RefusedOrigin."""
    given = request.headers.get(HEADER, "").encode()
    if not is_safe(request) and not any(hmac.compare_digest(given, good.encode()) for good in _tokens(secret, session)):
        raise RefusedOrigin


def _tokens(secret: Secret, session: str) -> list[str]:
    return [digest for _, digest in secret.digests(f"csrf of the session {session}")]
