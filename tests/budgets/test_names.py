from __future__ import annotations

import pytest

from budgets import names
from budgets.errors import BadName


@pytest.mark.parametrize("name", ["lab", "Lab 2: évaluation", "x" * 64, "a/b", "--", "実験"])
def test_a_name_is_any_short_text(name: str) -> None:
    assert names.check(name) == name


@pytest.mark.parametrize("name", ["", " lab", "lab ", "a\nb", "a\x1b[31m", "a\x00", "\ud800", "x" * 65, "x" * 10**6, "\u202eal", "\u200b"])
def test_a_name_that_would_not_show_as_it_is_is_refused(name: str) -> None:
    with pytest.raises(BadName, match="1 to 64 printable characters") as refused:
        names.check(name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("models", [(), ("",), ("a,b",), ("a b",), ("a\n",), ("x" * 129,), ("m",) * 65])
def test_an_allow_list_names_a_few_models(models: tuple[str, ...]) -> None:
    with pytest.raises(BadName, match="1 to 64 models"):
        names.check_models(models)
