"""A browser on a page of the site: it keeps cookies, says where a request comes from, and sends the page's CSRF token."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI

PASSWORD = "correct horse battery"
ORIGIN = "http://127.0.0.1:8000"


class Browser(httpx.AsyncClient):
    def __init__(self, app: FastAPI, origin: str = ORIGIN, address: str = "127.0.0.1") -> None:
        headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
        super().__init__(transport=httpx.ASGITransport(app, client=(address, 40_000)), base_url=origin, headers=headers)

    async def accept(self, token: str, name: str) -> None:
        self.entered(await self.post("/site/invites/accept", json={"token": token, "name": name, "password": PASSWORD}))

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.post("/site/sign-in", json={"name": name, "password": password})
        return self.entered(answer) if answer.status_code == 200 else answer

    def entered(self, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code == 200, answer.text
        self.headers["x-csrf-token"] = answer.json()["csrf"]
        return answer

    @property
    def cookie(self) -> str | None:
        return self.cookies.get("bw") or self.cookies.get("__Host-bw")

    async def user(self) -> Any:
        """None when nobody is signed in."""
        answer = await self.get("/site/session")
        return answer.json()["user"] if answer.status_code == 200 else None
