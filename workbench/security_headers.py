"""What browsers are told of pages, static files and /site. Answers of the API are left as they are."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.shells import PAGES

POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{what} 'self'" for what in ("script-src", "style-src", "connect-src", "font-src", "form-action")),
        "img-src 'self' data:",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(f"{what}=()" for what in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")),
}
STRICT_TRANSPORT = "max-age=31536000"
FIRST_PARTS = {"", "site", "static", "docs", "llms.txt", *PAGES}


class SecurityHeaders:
    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app, self._https = app, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or first_part(scope["path"]) not in FIRST_PARTS:
            return await self._app(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), first_part(scope["path"]))
            await send(message)

        await self._app(scope, receive, guarded)

    def _add(self, headers: MutableHeaders, part: str) -> None:
        headers.update(HEADERS)
        headers.setdefault("cache-control", "no-cache" if part == "static" else "no-store")
        if part == "site":
            headers.add_vary_header("Sec-Fetch-Site, Origin, Cookie")
        if self._https:
            headers["strict-transport-security"] = STRICT_TRANSPORT


def first_part(path: str) -> str:
    return path.removeprefix("/").partition("/")[0]
