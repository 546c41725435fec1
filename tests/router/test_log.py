from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest

from budgets.keys import new_key
from router import log
from router.errors import NotReady

CANARY = "quoth the canary"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a logger of ours writes; afterwards all is as it was."""
    before = {name: (one := logging.getLogger(name), one.handlers, one.propagate, one.level) for name in log.OURS}
    written = io.StringIO()
    log.install("gateway", written)
    yield written
    for logger, handlers, propagate, level in before.values():
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    logging.getLogger("ray.serve").filters.clear()


def test_a_line_is_one_object_that_names_its_request(lines: io.StringIO) -> None:
    async def request() -> None:
        log.REQUEST.set("r1")
        log.JOB.set("cmpl-1")
        logging.getLogger("router.answer").warning("it took\n%s s", 3)

    asyncio.run(request())
    logging.getLogger("budgets.spool").info("about nobody")
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert (first["request_id"], first["job_id"], first["part"], first["level"]) == ("r1", "cmpl-1", "gateway", "WARNING")
    assert first["message"] == "it took\n3 s"
    assert not {"request_id", "job_id"} & set(second)


def test_a_line_can_name_a_job_itself(lines: io.StringIO) -> None:
    logging.getLogger("deployments.host").info("refused", extra={"job_id": "cmpl-2"})
    assert json.loads(lines.getvalue())["job_id"] == "cmpl-2"


def test_a_failure_is_told_by_type_and_place_without_the_words_of_others(lines: io.StringIO) -> None:
    try:
        try:
            int(CANARY)
        except ValueError as error:
            raise NotReady("Redis does not answer") from error
    except NotReady:
        logging.getLogger("router.app").exception("failed")
    failure = json.loads(lines.getvalue())["failure"]
    assert failure.startswith("NotReady (The service cannot take requests now: Redis does not answer.) at ")
    assert " <- ValueError at " in failure
    assert "test_log.py" in failure
    assert CANARY not in failure


@pytest.mark.parametrize("prefix", ["acs-bm-", "lab-"])
def test_no_key_is_written(lines: io.StringIO, prefix: str) -> None:
    key = new_key(prefix)
    logging.getLogger("workbench").error("asked with %s, and cmpl-0123456789abcdef", key)
    assert key not in lines.getvalue()
    assert json.loads(lines.getvalue())["message"] == "asked with [a key], and cmpl-0123456789abcdef"


def test_lines_of_serves_own_logger_get_the_ids_too(lines: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    record = logging.LogRecord("ray.serve", logging.INFO, __file__, 1, "hello", (), None)
    token = log.REQUEST.set("r3")
    try:
        assert logging.getLogger("ray.serve").filter(record)
    finally:
        log.REQUEST.reset(token)
    assert record.__dict__["request_id"] == "r3"
