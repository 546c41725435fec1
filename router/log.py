"""Logs as JSON, one object a line, with the id of the request that each is about; never with a text or a key of anybody.

A failure is logged by its type and where it happened. Its words are left out unless they are our own: libraries like to quote the
arguments that they were given, and those may be a prompt.
"""

from __future__ import annotations

import json
import logging
import re
import resource
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any

#: Of the request that the running task is about: what its answer has as `x-request-id`, and its job in the engine.
REQUEST: ContextVar[str] = ContextVar("basemodel_request", default="")
JOB: ContextVar[str] = ContextVar("basemodel_job", default="")

#: Whose loggers are ours, and whose exceptions say nothing that a caller wrote.
OURS = ("router", "budgets", "deployments", "workbench", "basemodel")
QUIET = (OSError, TimeoutError)
#: Keys of any prefix that ends in a hyphen.
KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*-(?:[A-Za-z0-9]+-)*[0-9A-Za-z]{36,}\b")


class JsonFormatter(logging.Formatter):
    """`part`: gateway, replica or engine."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "part": self._part,
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
            **named(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["failure"] = " <- ".join(failures(record.exc_info[1]))
        return redacted(json.dumps(line, ensure_ascii=False))


def about(request_id: str, job_id: str) -> None:
    """What this task logs from here on, and what it starts, is about this job."""
    REQUEST.set(request_id)
    JOB.set(job_id)


def named(record: logging.LogRecord) -> dict[str, str]:
    """The request's ids: those of the task, or what the line itself says with `extra`."""
    ids = {"request_id": getattr(record, "request_id", "") or REQUEST.get(), "job_id": getattr(record, "job_id", "") or JOB.get()}
    return {name: value for name, value in ids.items() if value}


def failures(error: BaseException) -> Iterator[str]:
    """The exception and what it came from, each with the innermost line of code."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        frames = traceback.extract_tb(found.__traceback__)
        where = f" at {frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
        yield f"{type(found).__name__}{words(found)}{where}"
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def words(error: BaseException) -> str:
    ours = type(error).__module__.partition(".")[0] in OURS
    return f" ({error})" if (ours or isinstance(error, QUIET)) and str(error) else ""


def redacted(text: str) -> str:
    return KEY.sub("[a key]", text)


def install(part: str, stream: IO[str] | None = None) -> None:
    """For this process: our loggers write JSON to its standard error, which Ray keeps in its session's folder. And no core file,
    which would have every prompt that the process holds."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(part))
    for name in OURS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    serve = logging.getLogger("ray.serve")
    if not any(isinstance(one, Ids) for one in serve.filters):
        serve.addFilter(Ids())


class Ids(logging.Filter):
    """Gives the ids to lines that another's formatter writes."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in named(record).items():
            setattr(record, name, value)
        return True
