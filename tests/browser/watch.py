"""Listens to every page of a browser for what must never happen there."""

from __future__ import annotations

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Page

#: Said by Chromium itself: of an answer that a page asked for and handles, and of plain http, where pages say it too.
NO_FAULTS = ("Failed to load resource: the server responded with a status of", "The Cross-Origin-Opener-Policy header has been ignored")


class Watch:
    """`faults`: errors of scripts, errors in the console, and what the policy of the page forbade."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    @classmethod
    async def over(cls, context: BrowserContext) -> Watch:
        watch = cls()
        context.on("page", watch._follow)
        return watch

    def _follow(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NO_FAULTS):
            self.faults.append(message.text)

    def _failed(self, error: Error) -> None:
        self.faults.append(f"{error.name}: {error.message}")
