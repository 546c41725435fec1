"""The pages: each a small HTML file that loads its scripts. What a visitor may see of it, the scripts ask for.

They are the same for everybody, also for those not signed in: a browser that follows a link from elsewhere sends no
cookie with it, and the page's own requests do.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from router.errors import ApiError, NotFound
from workbench.services import AppSite
from workbench.visitors import visitor_of

FOLDER = Path(__file__).parent / "pages"
PAGES = ("sign-in", "invite", "reset", "workbench", "dashboard", "usage", "models", "admin")

router = APIRouter()


@router.get("/")
async def home(request: Request, site: AppSite) -> Response:
    try:
        await visitor_of(request, site)
    except ApiError:
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse("/workbench", 303)


async def page(request: Request) -> Response:
    file = FOLDER / f"{request.url.path.removeprefix('/')}.html"
    if not file.is_file():
        raise NotFound("There is no such page.")
    return FileResponse(file, media_type="text/html; charset=utf-8")


for one in PAGES:
    router.add_api_route(f"/{one}", page, methods=["GET", "HEAD"], response_model=None)
