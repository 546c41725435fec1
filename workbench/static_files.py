"""Scripts, styles and pictures of the pages: only what is of a known kind, read and packed once.

Pages name them under the version of all of them, as `/static/v-8f3a.../app/api.js`: what a browser has under such an address it keeps
and never asks for again. Under another version's address, that of a gateway before or after an upgrade, and under none, it gets
what this one has, and asks again the next time.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePath

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from router.errors import NotFound
from workbench.styles import joined

FOLDER = Path(__file__).parent / "static"
#: Said by us: what a machine believes of file names differs.
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
PACKED = frozenset({".js", ".css", ".svg", ".json", ".txt"})
VERSION = re.compile(r"v-[0-9a-f]{16}")
TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
KEPT = "public, max-age=31536000, immutable"

router = APIRouter()


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    packed: bytes | None
    kind: str
    etag: str

    @classmethod
    def of(cls, suffix: str, content: bytes) -> StaticFile:
        packed = gzip.compress(content, mtime=0) if suffix in PACKED else None
        return cls(content, packed, TYPES[suffix], f'W/"{sha256(content).hexdigest()[:32]}"')

    def answer(self, asked: Headers) -> Response:
        headers = {"etag": self.etag, "vary": "accept-encoding", "content-type": self.kind}
        if self.etag in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if self.packed is not None and TAKES_GZIP.search(asked.get("accept-encoding", "")):
            return Response(self.packed, headers=headers | {"content-encoding": "gzip"})
        return Response(self.content, headers=headers)


@cache
def files() -> dict[str, StaticFile]:
    """By path in the folder, and each page's styles. Declarations and scripts that made something are of no known kind."""
    paths = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.suffix in TYPES)
    found = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in paths}
    found |= joined(found.__getitem__)
    return {path: StaticFile.of(PurePath(path).suffix, content) for path, content in found.items()}


@cache
def version() -> str:
    named = "".join(f"{path} {file.etag}\n" for path, file in files().items())
    return f"v-{sha256(named.encode()).hexdigest()[:16]}"


def root() -> str:
    """What the addresses of this version begin with."""
    return f"/static/{version()}"


@router.api_route("/static/{path:path}", methods=["GET", "HEAD"])
async def static(request: Request, path: str) -> Response:
    """Raises NotFound."""
    first, _, rest = path.partition("/")
    file = files().get(rest if VERSION.fullmatch(first) else path)
    if file is None:
        raise NotFound("There is nothing at this address.")
    answer = file.answer(request.headers)
    if first == version():
        answer.headers["cache-control"] = KEPT
    return answer
