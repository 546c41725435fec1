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
from workbench.modules import closure
from workbench.services import AppSite
from workbench.static_files import root
from workbench.visitors import visitor_of

TEMPLATE = Path(__file__).parent / "pages" / "page.html"


@dataclass(frozen=True)
class Shell:
    """What a page has beside what all have. Its script is `static/app/pages/NAME.js`."""

    title: str
    styles: tuple[str, ...] = ()


PAGES = {
    "sign-in": Shell("Sign in", ("app/styles/door.css",)),
    "invite": Shell("Your invite", ("app/styles/door.css",)),
    "reset": Shell("New password", ("app/styles/door.css",)),
    "workbench": Shell(
        "Workbench",
        tuple(f"app/styles/{name}.css" for name in ("models", "workbench", "workbench_panels", "workbench_tools", "workbench_saved")),
    ),
    "dashboard": Shell("Dashboard", ("app/styles/keys.css",)),
    "usage": Shell("Usage", ("vendor/uplot.css", "app/styles/usage.css")),
    "models": Shell("Models", ("app/styles/models.css",)),
    "admin": Shell("Admin", ("app/styles/models.css", "app/styles/admin.css")),
}

router = APIRouter()


@cache
def html(name: str) -> str:
    shell = PAGES[name]
    scripts = closure(f"app/pages/{name}.js")
    gaps = {"styles": links("stylesheet", shell.styles), "scripts": links("modulepreload", scripts[1:])}
    return Template(TEMPLATE.read_text()).substitute(name=name, title=shell.title, static=root(), **gaps)


def links(relation: str, paths: Iterable[str]) -> str:
    return "\n    ".join(f'<link rel="{relation}" href="{root()}/{path}">' for path in paths)


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
