from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio import Redis

from budgets.accounting import Accounting
from budgets.keys import ApiKey, Keys
from router import tracing
from router.app import Services, create_app
from router.scripted_engine import ScriptedFleet
from router.tracing import Tracing

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CANARY = "quoth-the-canary"
STEPS = ["authenticate", "admit", "queue", "hold", "prefill", "decode", "settle"]


class Traced:
    """A client of an application that is traced."""

    def __init__(self, client: httpx.AsyncClient, exporter: InMemorySpanExporter, own: Tracing) -> None:
        self.client, self._exporter, self._tracing = client, exporter, own

    def spans(self) -> list[ReadableSpan]:
        self._tracing._provider.force_flush()
        return sorted(self._exporter.get_finished_spans(), key=lambda span: (span.start_time or 0, span.end_time or 0))

    async def ask(self, **fields: object) -> None:
        body = {"model": "pico", "prompt": CANARY, "max_tokens": 4, "ignore_eos": True, **fields}
        await self.client.post("/v1/completions", json=body, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})


@pytest.fixture
async def traced(
    keys: Keys, accounting: Accounting, redis: Redis, fleet: ScriptedFleet, api_key: tuple[str, ApiKey]
) -> AsyncIterator[Traced]:
    exporter = InMemorySpanExporter()
    own = Tracing(exporter)
    app = create_app(Services(keys=keys, accounting=accounting, fleet=fleet, redis=redis, engine_version="scripted"), own)
    headers = {"authorization": f"Bearer {api_key[0]}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=headers) as client:
        yield Traced(client, exporter, own)
    own.close()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_has_a_span_for_each_step_of_its_way(traced: Traced, stream: bool) -> None:
    await traced.ask(stream=stream)
    spans = traced.spans()
    (whole,) = (span for span in spans if span.name == "POST /v1/completions")
    steps = [span for span in spans if span is not whole]
    assert sorted(span.name for span in steps) == sorted(STEPS)
    ends = {span.name: span.end_time or 0 for span in steps}
    assert [ends[name] for name in STEPS] == sorted(ends.values()), "each begins where the one before ends"
    assert all(span.parent is not None and span.parent.span_id == whole.context.span_id for span in steps)
    assert whole.attributes == {"model": "pico", "route": "/v1/completions", "outcome": "ok"}


async def test_the_callers_trace_is_gone_on_with(traced: Traced) -> None:
    await traced.ask()
    assert {format(span.context.trace_id, "032x") for span in traced.spans()} == {TRACE}
    (whole,) = (span for span in traced.spans() if span.name.startswith("POST"))
    assert whole.parent is not None
    assert format(whole.parent.span_id, "016x") == PARENT


async def test_a_refused_request_has_the_steps_that_it_took(traced: Traced) -> None:
    await traced.ask(max_tokens=-1)
    (whole,) = (span for span in traced.spans() if span.name.startswith("POST"))
    assert (whole.attributes or {})["outcome"] == "invalid_value"
    assert [span.name for span in traced.spans() if span is not whole] == ["authenticate"]


async def test_no_span_says_what_was_asked_or_by_whom(traced: Traced, api_key: tuple[str, ApiKey], follow: Callable[..., None]) -> None:
    follow(die_after=2)
    await traced.ask(user=CANARY)
    await traced.ask(model=CANARY)
    told = " ".join(span.to_json() for span in traced.spans())
    for secret in (CANARY, api_key[0], api_key[1].id, api_key[1].account_id):
        assert secret not in told


async def test_without_an_endpoint_there_is_no_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert tracing.asked_for() is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    asked = tracing.asked_for()
    assert asked is not None
    asked.close()
