"""The docs: a page for each file of docs/, the search's index, and everything as one text. Nobody needs to be signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from router.errors import NotFound
from workbench.docs import FIRST, FOLDER, NAMES, SECTIONS, Page, page, path_of
from workbench.docs_reference import error_table, reference
from workbench.services import AppSite
from workbench.static_files import root

SHELL = Path(__file__).parent / "pages" / "docs.html"
GAP = re.compile(r"\{\{(\w+)\}\}")
#: What the examples call the service; an operator's BASEMODEL_PUBLIC_URL takes its place.
LOCAL = "http://127.0.0.1:8000/"
ERROR_TABLE = "<!-- the table of errors -->"

router = APIRouter()


@dataclass(frozen=True)
class Library:
    pages: dict[str, Page]

    @classmethod
    def read(cls, openapi: dict[str, Any], public_url: str | None) -> Library:
        def text(name: str) -> str:
            if name == "reference":
                return reference(openapi)
            written = (FOLDER / f"{name}.md").read_text().replace(ERROR_TABLE, error_table())
            return written.replace(LOCAL, f"{public_url}/") if public_url else written

        return cls({name: page(name, text(name)) for name in NAMES})

    def index(self) -> list[dict[str, str]]:
        """Each heading with what stands under it."""
        return [
            {"page": one.title, "address": path_of(one.name) + (f"#{part.id}" if place else ""), "title": part.title, "text": part.text}
            for one in self.pages.values()
            for place, part in enumerate(one.parts)
        ]

    def side(self, current: str) -> str:
        return "\n".join(f"<h2>{escape(title)}</h2>\n<ul>{''.join(self._links(names, current))}</ul>" for title, names in SECTIONS.items())

    def _links(self, names: tuple[str, ...], current: str) -> Iterator[str]:
        for name in names:
            here = ' aria-current="page"' if name == current else ""
            yield f'<li><a href="{path_of(name)}"{here}>{escape(self.pages[name].title)}</a></li>'

    def whole(self) -> str:
        return "\n".join(one.markdown.rstrip() + "\n" for one in self.pages.values())


def library(app: FastAPI, site: AppSite) -> Library:
    """Read when it is first asked for, and kept."""
    if not hasattr(app.state, "docs"):
        app.state.docs = Library.read(app.openapi(), site.settings.public_url)
    return cast(Library, app.state.docs)


@router.api_route("/docs", methods=["GET", "HEAD"])
async def first(request: Request, site: AppSite) -> Response:
    return shown(library(request.app, site), FIRST)


@router.api_route("/docs/search.json", methods=["GET", "HEAD"])
async def search(request: Request, site: AppSite) -> list[dict[str, str]]:
    return library(request.app, site).index()


@router.api_route("/docs/{name}", methods=["GET", "HEAD"])
async def one_page(request: Request, site: AppSite, name: str) -> Response:
    if name not in NAMES:
        raise NotFound("There is no such page of the docs; GET /llms.txt has all of them.")
    return RedirectResponse("/docs", 308) if name == FIRST else shown(library(request.app, site), name)


@router.api_route("/llms.txt", methods=["GET", "HEAD"])
async def all_pages(request: Request, site: AppSite) -> Response:
    return PlainTextResponse(library(request.app, site).whole())


def shown(books: Library, name: str) -> Response:
    one = books.pages[name]
    parts = {"title": escape(one.title), "side": books.side(name), "body": one.html, "static": root()}
    return HTMLResponse(GAP.sub(lambda gap: parts[gap[1]], SHELL.read_text()))
