"""guidellm: it asks /health first, and counts on ignore_eos."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.catalogue import EMBEDDED
from tests.clients.conftest import ENVIRONMENTS, Clients

REQUESTS, NEW_TOKENS = 12, 16


@pytest.fixture(scope="module")
def report(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("guidellm") / "report.json"
    target = clients.stack.base_url.removesuffix("/v1")
    settings = {
        "backend": f"kind=openai_http,target={target},model=pico,request_format=/v1/completions,api_key={clients.stack.key}",
        "profile": "kind=concurrent,streams=4",
        "constraint": f"kind=max_requests,count={REQUESTS}",
        "tokenizer": f"kind=hf_auto,model={EMBEDDED / 'pico'}",
        "data": f"kind=synthetic_text,prompt_tokens=32,output_tokens={NEW_TOKENS}",
        "output": f"kind=json,path={file}",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    clients.run([str(ENVIRONMENTS / "guidellm" / "bin" / "guidellm"), "run", *options, "--disable-console"], seconds=240)
    return json.loads(file.read_text())


@pytest.mark.timeout(300)
def test_every_request_finishes_with_all_its_tokens(report: Any) -> None:
    requests = report["benchmarks"][0]["requests"]
    assert (len(requests["errored"]), len(requests["incomplete"])) == (0, 0)
    assert [one["output_metrics"]["text_tokens"] for one in requests["successful"]] == [NEW_TOKENS] * REQUESTS
