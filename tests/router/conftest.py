from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from budgets.keys import ApiKey
from tests.router.server import Call


@pytest.fixture
def call(app: FastAPI, api_key: tuple[str, ApiKey]) -> Callable[..., Call]:
    """A request whose client leaves when the test says so: `call(stream=True)`."""
    return lambda **fields: Call(app, api_key[0], **fields)
