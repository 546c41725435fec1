"""The site on the router's application: its pages, its JSON under /site, and the same routes as /v1 under /site/v1.

A noun of the site is a module in `workbench/routes` with a `router` (an APIRouter without prefix, whose paths begin after `/site`),
named in ROUTES. Its routes take what they need as annotated parameters, and are then safe by themselves:

    @router.post("/things", status_code=201)
    async def make(request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
        wanted = validated(NewThing, await read_json(request))

`SignedIn` and `Admin` (`visitors.py`) raise NotSignedIn or NotAdmin, and check the CSRF token of unsafe methods; `AppSite`
(`services.py`) has the database, the keys and the settings. That an unsafe request came from a page of ours is checked for every route.
"""
