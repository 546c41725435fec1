"""The one shape of every failure."""

from __future__ import annotations

from typing import Any

import httpx


def assert_error(response: httpx.Response, status: int, code: str, param: str | None = None, says: str = "") -> dict[str, Any]:
    """Checks status, shape, code, parameter and a part of the message; gives back the error."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    assert set(response.json()) == {"error"}
    error: dict[str, Any] = response.json()["error"]
    assert set(error) - {"details"} == {"message", "type", "param", "code"}
    assert (error["code"], error["param"]) == (code, param), error
    assert says in error["message"]
    assert "Traceback" not in error["message"]
    return error
