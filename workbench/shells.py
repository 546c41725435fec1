"""The pages: one HTML file that loads what each of them needs. What a visitor may see of it, the scripts ask for.

They are the same for everybody, also for those not signed in: a browser that follows a link from elsewhere sends no
cookie with it, and the page's own requests do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from router.errors import ApiError
from workbench.services import AppSite
from workbench.visitors import visitor_of

TEMPLATE = Path(__file__).parent / "pages" / "page.html"
STYLES, VENDOR = "/static/app/styles", "/static/vendor"


@dataclass(frozen=True)
class Shell:
    """What a page has beside what all have. Its script is `static/app/pages/NAME.js`."""

    title: str
    styles: tuple[str, ...] = ()
    preloads: tuple[str, ...] = ()


PAGES = {
    "sign-in": Shell("Sign in", (f"{STYLES}/door.css",)),
    "invite": Shell("Your invite", (f"{STYLES}/door.css",)),
    "reset": Shell("New password", (f"{STYLES}/door.css",)),
    "workbench": Shell(
        "Workbench",
        tuple(f"{STYLES}/{name}.css" for name in ("models", "workbench", "workbench_panels", "workbench_tools", "workbench_saved")),
        (f"{VENDOR}/codemirror.js",),
    ),
    "dashboard": Shell("Dashboard", (f"{STYLES}/keys.css",)),
    "usage": Shell("Usage", (f"{VENDOR}/uplot.css", f"{STYLES}/usage.css")),
    "models": Shell("Models", (f"{STYLES}/models.css",)),
    "admin": Shell("Admin", (f"{STYLES}/models.css", f"{STYLES}/admin.css")),
}

router = APIRouter()


@cache
def html(name: str) -> str:
    shell = PAGES[name]
    gaps = {"styles": links("stylesheet", shell.styles), "preloads": links("modulepreload", shell.preloads)}
    return Template(TEMPLATE.read_text()).substitute(name=name, title=shell.title, **gaps)


def links(relation: str, addresses: Iterable[str]) -> str:
    return "\n    ".join(f'<link rel="{relation}" href="{address}">' for address in addresses)


@router.get("/")
async def home(request: Request, site: AppSite) -> Response:
    try:
        await visitor_of(request, site)
    except ApiError:
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse("/workbench", 303)


async def page(request: Request) -> Response:
    return HTMLResponse(html(request.url.path.removeprefix("/")))


for one in PAGES:
    router.add_api_route(f"/{one}", page, methods=["GET", "HEAD"], response_model=None)
