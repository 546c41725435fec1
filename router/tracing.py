"""Traces of requests, where OTEL_EXPORTER_OTLP_ENDPOINT says where to: one span for a request, one for each step of its way.

A request notes when its steps end (`Note.step`), and the spans are made when it has ended. They say which model, route and outcome;
never a text, a key or an account. A `traceparent` that came with the request is their parent.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from time import perf_counter

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NAME = "basemodel"
#: What may be a parent.
HEADERS = (b"traceparent", b"tracestate")

#: A step and when it ended (perf_counter).
Step = tuple[str, float]


class Tracing:
    """Ends with `close`, which sends what is left."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", NAME)}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(NAME)
        self._propagator = TraceContextTextMapPropagator()

    def tell(self, scope: Scope, began: float, steps: Sequence[Step], attributes: dict[str, str]) -> None:
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in HEADERS}
        parent, now = self._propagator.extract(carrier), perf_counter()
        offset = time.time() - now
        name = f"{scope['method']} {attributes['route']}"
        whole = self._tracer.start_span(name, parent, SpanKind.SERVER, attributes, start_time=nanoseconds(began + offset))
        within, start = set_span_in_context(whole, parent), began
        for step, end in steps:
            self._tracer.start_span(step, within, start_time=nanoseconds(start + offset)).end(nanoseconds(end + offset))
            start = end
        whole.end(nanoseconds(now + offset))

    def close(self) -> None:
        self._provider.shutdown()


def nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def asked_for() -> Tracing | None:
    """None where no endpoint is set: nothing is kept then, and nothing sent."""
    if not any(os.environ.get(name) for name in VARIABLES):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Tracing(OTLPSpanExporter())
