"""The exporter of the running cluster has everything that dashboards and alerts name."""

from __future__ import annotations

import re

import httpx
import pytest

from basemodel.cluster import metrics
from tests.cluster import Stack, eventually
from tests.deploy import monitoring

pytestmark = pytest.mark.stack

#: Ray hands on what processes tell it every ten seconds.
SECONDS = 40
CANARY = "quoth-the-canary-evermore"


def scraped(stack: Stack) -> str:
    address = metrics.address(stack.home)
    assert address is not None
    return httpx.get(address, timeout=10).text


def value(text: str, name: str, *labels: str) -> float:
    """Over all processes."""
    lines = (line for line in text.splitlines() if line.startswith(name + "{") and all(label in line for label in labels))
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_every_name_of_dashboard_and_alerts_is_in_a_scrape(stack: Stack) -> None:
    stack.client().completions.create(model="pico", prompt="In the beginning", max_tokens=4)

    def missing() -> set[str]:
        return monitoring.names() - set(re.findall(r"^(ray_[a-z_]+)[ {]", scraped(stack), re.MULTILINE))

    eventually(lambda: not missing(), SECONDS, every=2)
    assert missing() == set()


def test_a_request_shows_in_gateway_and_engine_and_names_nobody(stack: Stack) -> None:
    before = scraped(stack)
    body = {"model": CANARY, "prompt": CANARY}
    assert httpx.post(f"{stack.base_url}/completions", json=body, headers={"x-api-key": stack.key}).status_code == 404
    stack.client().completions.create(model="pico", prompt=CANARY, max_tokens=16, user=CANARY, extra_body={"ignore_eos": True})

    def came() -> bool:
        after = scraped(stack)
        made = value(after, "ray_basemodel_tokens_total", 'kind="completion"', 'model="pico"')
        engine = value(after, "ray_vllm_generation_tokens_total", 'model="pico"')
        return (
            made >= value(before, "ray_basemodel_tokens_total", 'kind="completion"', 'model="pico"') + 16
            and engine >= value(before, "ray_vllm_generation_tokens_total", 'model="pico"') + 16
            and value(after, "ray_basemodel_ttft_seconds_count", 'model="pico"')
            > value(before, "ray_basemodel_ttft_seconds_count", 'model="pico"')
        )

    eventually(came, SECONDS, every=2)
    text = scraped(stack)
    assert CANARY not in text
    assert stack.key not in text
