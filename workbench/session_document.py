"""What a page knows of its visitor and of the service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request

from router.routes.health import package_version
from workbench import csrf
from workbench.services import Site
from workbench.visitors import Visitor


def session_document(request: Request, site: Site, visitor: Visitor) -> dict[str, Any]:
    user = visitor.user
    return {
        "user": {"id": user.id, "name": user.name, "role": user.role, "account": user.account},
        "csrf": csrf.token(site.secret, visitor.session),
        "links": asdict(site.settings.links),
        "service": {"base_url": f"{address(request, site)}/v1", "version": package_version()},
    }


def address(request: Request, site: Site) -> str:
    """The public one, else the one that the browser itself used."""
    return site.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
