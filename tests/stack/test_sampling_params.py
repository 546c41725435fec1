"""Every field of Sampling arrives in vLLM's SamplingParams as it is, with its exact Python type."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deployments.counter_generator import engine_seed
from deployments.launch import environment
from router.engine import Job, Sampling
from tests.cluster import CHECKOUT
from tests.conftest import PICO

pytestmark = pytest.mark.stack

UNCHANGED: dict[str, Any] = {
    "max_tokens": 7,
    "temperature": 0.7,
    "top_p": 0.9,
    "top_k": 3,
    "min_p": 0.25,
    "presence_penalty": -1.5,
    "frequency_penalty": 1.25,
    "repetition_penalty": 1.75,
    "logit_bias": {5: -3.5, 4095: 100.0},
    "min_tokens": 4,
    "ignore_eos": True,
    "stop_token_ids": [9, 8],
    "logprobs": 6,
    "prompt_logprobs": 2,
}
JOB = Job("one", tuple(range(100)), Sampling(max_tokens=20))

#: Jobs with one thing out of the ordinary, and what vLLM must be asked for then.
OTHERS: dict[str, tuple[Job, dict[str, Any]]] = {
    "nothing": (JOB, {"logprobs": None, "logit_bias": None, "seed": None, "top_k": -1, "stop_token_ids": [], "prompt_logprobs": None}),
    "seed": (msgspec.structs.replace(JOB, seeds=(7, 8)), {"seed": engine_seed(8, 1)}),
    "score only": (msgspec.structs.replace(JOB, sampling=Sampling(max_tokens=0)), {"max_tokens": 1}),
    "requested": (
        msgspec.structs.replace(JOB, sampling=Sampling(max_tokens=2, logprobs=0, logprob_token_ids=(9, 3))),
        {"logprob_token_ids": [9, 3], "logprobs": None, "flat_logprobs": True},
    ),
    "other choices": (
        msgspec.structs.replace(JOB, sampling=Sampling(max_tokens=2, prompt_logprobs=3), seeds=(1, 2)),
        {"prompt_logprobs": None},
    ),
    "tail": (
        msgspec.structs.replace(JOB, sampling=Sampling(max_tokens=0, prompt_logprobs=0, prompt_logprobs_start=100), tails=((1, 2),)),
        {"prompt_logprobs": 0, "skip_reading_prefix_cache": False, "extra_args": {"most_cached": 99}},
    ),
    "whole prompt": (
        msgspec.structs.replace(JOB, sampling=Sampling(max_tokens=0, prompt_logprobs=0)),
        {"prompt_logprobs": 0, "skip_reading_prefix_cache": True, "extra_args": None},
    ),
    "stop strings are ours": (
        msgspec.structs.replace(JOB, sampling=Sampling(max_tokens=2, stop=("a",))),
        {"stop": [], "detokenize": False},
    ),
}


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    samplings = [Sampling(**{"max_tokens": 20, name: value}) for name, value in UNCHANGED.items()]
    jobs = [msgspec.structs.replace(JOB, sampling=one) for one in samplings] + [job for job, _ in OTHERS.values()]
    command = [sys.executable, "-m", "tests.stack.vllm_probe"]
    folder: Path = tmp_path_factory.mktemp("probe")
    ran = subprocess.run(command, input=msgspec.json.encode(jobs), env=environment(PICO, folder), cwd=CHECKOUT, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", UNCHANGED)
def test_a_field_reaches_vllm_unchanged(answer: dict[str, Any], name: str) -> None:
    assert answer["asked"][list(UNCHANGED).index(name)][name] == repr(UNCHANGED[name])


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_no_field_of_the_same_name_arrives_as_it_is_meant(answer: dict[str, Any], name: str) -> None:
    asked = answer["asked"][len(UNCHANGED) + list(OTHERS).index(name)]
    expected = {field: repr(value) for field, value in OTHERS[name][1].items()}
    assert {field: asked[field] for field in expected} == expected


def test_outputs_that_waited_are_merged_without_loss(answer: dict[str, Any]) -> None:
    ids, logprobs, ranks = [5, 9, 5, 6, 9, 6], [-1.0, -2.0, -1.0] * 2, [40, 1, 2] * 2
    assert answer["merged"] == repr([[0, 3], [3, 6], ids, logprobs, ranks])
