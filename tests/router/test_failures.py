from __future__ import annotations

import logging

import httpx
import pytest
from fastapi import FastAPI

from tests.router.errors import assert_error
from tests.router.server import Call


async def test_what_nobody_foresaw_is_logged_under_its_id_and_told_to_nobody(
    app: FastAPI, stranger: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/broken")
    async def break_down() -> None:
        raise RuntimeError("a secret reason")

    response = await stranger.get("/broken")
    assert_error(response, 500, "internal_error")
    assert "secret" not in response.text
    assert f"request {response.headers['x-request-id']} failed" in caplog.text
    assert "a secret reason" in caplog.text


async def test_a_client_that_left_is_no_failure(app: FastAPI, api_key: tuple[str, object], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    call = Call(app, api_key[0])
    call.breaks_after = 0
    await call.run()
    assert "the client left" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
