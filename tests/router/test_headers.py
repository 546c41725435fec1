from __future__ import annotations

import httpx
import pytest

from router.headers import LARGEST_HEADERS, MOST_HEADERS
from tests.router.errors import assert_error


@pytest.mark.parametrize("path", ["/v1/completions", "/health", "/nowhere"])
@pytest.mark.parametrize(
    "headers", [{"x-long": "a" * LARGEST_HEADERS}, {f"x-{number}": "" for number in range(MOST_HEADERS)}], ids=["long", "many"]
)
async def test_headers_that_are_too_large_are_refused_on_every_route(
    stranger: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    assert_error(await stranger.get(path, headers=headers), 431, "headers_too_large")


async def test_a_browsers_headers_are_not(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/health", headers={"cookie": "a" * (8 << 10)})).status_code == 200
