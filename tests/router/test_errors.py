from __future__ import annotations

from datetime import UTC, datetime

import pytest

from budgets import errors as budget_errors
from router import engine, errors

DOES_NOT_FIT = (budget_errors.BudgetExceeded, budget_errors.BudgetReserved)


def leaves(root: type[Exception]) -> list[type[Exception]]:
    below = root.__subclasses__()
    return [leaf for one in below for leaf in leaves(one)] if below else [root]


@pytest.mark.parametrize("kind", leaves(engine.EngineError))
def test_every_engine_error_has_an_answer_that_says_nothing_of_it(kind: type[engine.EngineError]) -> None:
    extra = {engine.EngineCold: (5.0,), engine.EngineBroken: (5.0,)}.get(kind, ())
    told = errors.from_engine(kind("loading", *extra))
    assert told.status in ((400,) if kind is engine.EngineReaderSlow else (502, 503, 504))
    assert "loading" not in told.message
    if kind is not engine.EngineDied:
        assert told.code != "engine_error"


@pytest.mark.parametrize("kind", leaves(budget_errors.BudgetError))
def test_every_budget_error_has_an_answer(kind: type[budget_errors.BudgetError]) -> None:
    sizes: tuple[object, ...] = (10, 5, 5, 5, datetime(2026, 12, 1, tzinfo=UTC)) if issubclass(kind, DOES_NOT_FIT) else ()
    sizes = (300.0,) if kind is budget_errors.WaitedTooLong else sizes
    assert "secret reason" not in str(errors.from_budgets(kind("secret reason", *sizes)).body())


def test_every_answer_is_drawn_in_the_tree() -> None:
    tree = errors.__doc__ or ""
    for kind in leaves(errors.ApiError):
        if kind.__module__ == errors.__name__ and kind is not errors.InternalError:
            assert f" {kind.__name__} " in tree


def test_details_are_absent_where_there_are_none() -> None:
    assert "details" not in errors.InternalError().body()["error"]
    assert errors.NotReady("x").body()["error"]["details"] == {"reason": "x"}
