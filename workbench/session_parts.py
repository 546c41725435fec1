"""The parts of the API as the signed-in user's browser uses them: the same, but the key is the user's own `workbench` key."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from budgets.keys import ApiKey
from router.services import Parts
from workbench.services import Site
from workbench.visitors import visitor_of


@dataclass(frozen=True)
class SessionParts(Parts):
    site: Site

    async def key(self, request: Request) -> ApiKey:
        """Raises NotSignedIn, RefusedOrigin, KeyPaused, KeyClosed, AccountingUnavailable, SiteUnavailable."""
        visitor = await visitor_of(request, self.site)
        return await self.site.workbench_keys.of(visitor.user)

    @classmethod
    def beside(cls, parts: Parts, site: Site) -> SessionParts:
        """They share what one process remembers of engines and vocabularies."""
        return cls(parts.services, parts.fleet, parts.door, parts.shelf, site)
