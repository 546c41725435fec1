"""The pages: one HTML file that loads what each of them needs. What a visitor may see of it, the scripts ask for.

They are the same for everybody, also for those not signed in: a browser that follows a link from elsewhere sends no
cookie with it, and the page's own requests do.
"""

from __future__ import annotations

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

#: The title of each. Its script is `static/app/pages/NAME.js`, its styles are in `styles.py`.
PAGES = {
    "sign-in": "Sign in",
    "invite": "Your invite",
    "reset": "New password",
    "workbench": "Workbench",
    "dashboard": "Dashboard",
    "usage": "Usage",
    "models": "Models",
    "admin": "Admin",
}

router = APIRouter()


@cache
def html(name: str) -> str:
    scripts = "\n    ".join(f'<link rel="modulepreload" href="{root()}/{path}">' for path in closure(f"app/pages/{name}.js")[1:])
    return Template(TEMPLATE.read_text()).substitute(name=name, title=PAGES[name], static=root(), scripts=scripts)


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
