from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from router.catalogue import EMBEDDED, Catalogue
from tests.conftest import PICO

LEAST: dict[str, Any] = {"id": "m", "source": "lab/m", "revision": "1", "max_model_len": 64}


def test_a_model_is_found_by_its_id() -> None:
    catalogue = Catalogue(models=(PICO,))
    assert catalogue.get("pico") == PICO
    assert catalogue.get("PICO") is None


def test_an_embedded_model_has_its_own_folder() -> None:
    assert PICO.folder == str(EMBEDDED / "pico")
    assert Catalogue.model_validate({"models": [LEAST]}).models[0].folder == "lab/m"


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ([], "at least 1"),
        ([LEAST, LEAST], "two models are called m"),
        ([LEAST | {"id": "a/b"}], "id"),
        ([LEAST | {"colour": "red"}], "colour"),
        ([LEAST | {"max_model_len": "64"}], "max_model_len"),
        ([LEAST | {"dtype": "int8"}], "dtype"),
    ],
)
def test_a_catalogue_that_cannot_be_meant_is_refused(models: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Catalogue.model_validate({"models": models})
