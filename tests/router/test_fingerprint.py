from __future__ import annotations

from typing import Any

import pytest

from router.fingerprint import fingerprint, ingredients
from router.tokens import Vocabulary
from tests.conftest import PICO


def of(vocabulary: Vocabulary, engine: str = "vllm-0.32.0", **changes: Any) -> str:
    return fingerprint(ingredients(PICO.model_copy(update=changes), vocabulary, engine))


@pytest.mark.parametrize(
    "changes",
    [{"source": "x"}, {"revision": "2"}, {"dtype": "float16"}, {"head_dtype": "float32"}, {"determinism": "statistical"}, {"gpus": 2}],
    ids=str,
)
def test_it_changes_with_whatever_can_change_a_result(vocabulary: Vocabulary, changes: dict[str, Any]) -> None:
    assert of(vocabulary, **changes) != of(vocabulary)


@pytest.mark.parametrize("changes", [{"id": "x"}, {"path": "/x"}, {"warm": False}, {"max_replicas": 9}, {"idle_seconds": 9}], ids=str)
def test_it_changes_with_nothing_else(vocabulary: Vocabulary, changes: dict[str, Any]) -> None:
    assert of(vocabulary, **changes) == of(vocabulary)


def test_another_engine_is_another_fingerprint(vocabulary: Vocabulary) -> None:
    assert of(vocabulary, "vllm-0.33.0") != of(vocabulary)
