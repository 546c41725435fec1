"""The site on the router's application: its pages, its JSON under /site, and the same routes as /v1 under /site/v1.

A noun of the site is a module in `workbench/routes` with a `router` (an APIRouter without prefix, whose paths begin after `/site`),
named in ROUTES. Its routes take what they need as annotated parameters, and are then safe by themselves:

    @router.post("/things", status_code=201)
    async def make(request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
        wanted = validated(NewThing, await read_json(request))
        async with site.database.writing() as session: ...

`SignedIn` and `Admin` (`visitors.py`) raise NotSignedIn or NotAdmin, and check the CSRF token of unsafe methods; `AppSite`
(`services.py`) has the database, the keys and the settings. That an unsafe request came from a page of ours is checked for every route.
"""

from __future__ import annotations

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request

from router.app import HANDLERS, KEYED
from router.errors import NotFound
from router.failures import Failures
from router.services import Parts
from workbench import csrf, docs_site, shells, static_files
from workbench.routes import admin, feedback, keys, prompts, session, usage
from workbench.security_headers import SecurityHeaders
from workbench.services import AppSite, Site
from workbench.session_parts import SessionParts

ROUTES = (session, keys, usage, prompts, feedback, *admin.ROUTES)


def add_site(app: FastAPI, site: Site) -> FastAPI:
    """The application of `router.app.create_app` with the site on it."""
    app.state.site = site
    app.add_middleware(SecurityHeaders, https=site.settings.https)
    app.include_router(shells.router, include_in_schema=False)
    app.include_router(docs_site.router, include_in_schema=False)
    app.include_router(static_files.router, include_in_schema=False)
    app.mount("/site", site_app(app.state.parts, site))
    return app


def site_app(parts: Parts, site: Site) -> FastAPI:
    """What the cookie opens. The routes of /v1 are the same objects; only whose key it is they learn from the session."""
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Failures)],
        exception_handlers=HANDLERS,
        dependencies=[Depends(_an_address), Depends(_from_our_page)],
    )
    app.state.site, app.state.parts = site, SessionParts.beside(parts, site)
    for routes in (*ROUTES, *KEYED):
        app.include_router(routes.router)
    return app


async def _an_address(request: Request) -> None:
    """No id has a NUL, and PostgreSQL fails on one. Raises NotFound."""
    if "\0" in request.scope["path"]:
        raise NotFound("There is nothing at this address.")


async def _from_our_page(request: Request, site: AppSite) -> None:
    csrf.check_origin(request, site.settings)
