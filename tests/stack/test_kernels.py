"""`deployments/vllm_kernels.py` against the kernels of vLLM that they stand for; `vllm_scores.py` and `vllm_threads.py` likewise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployments.launch import environment
from tests.cluster import CHECKOUT
from tests.conftest import PICO

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("kernels")
    command = [sys.executable, "-m", "tests.stack.kernels_probe"]
    ran = subprocess.run(command, env=environment(PICO, folder), cwd=CHECKOUT, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def test_norms_of_float32_differ_from_vllms_by_rounding_alone(found: dict[str, Any]) -> None:
    assert 0 < found["float32"]["off"] < 2e-6


@pytest.mark.parametrize("case", ["an odd width", "bfloat16"])
def test_other_norms_are_vllms_own(found: dict[str, Any], case: str) -> None:
    assert found[case]["off"] == 0


def test_a_row_that_is_alone_has_the_same_norms_to_the_bit(found: dict[str, Any]) -> None:
    assert found["float32"]["alone"]


@pytest.mark.parametrize("k", ["0", "1", "2", "20"])
def test_likeliest_tokens_and_ranks_are_vllms(found: dict[str, Any], k: str) -> None:
    assert found["gathered"][k]


def test_a_rank_counts_equal_values(found: dict[str, Any]) -> None:
    assert found["ranks of equals"]


def test_a_step_that_computes_long_prompts_has_more_threads(found: dict[str, Any]) -> None:
    more, fewer = ("a prompt", "several"), ("streams", "a short prompt", "short ones", "streams again")
    assert found["threads"]["counts"] == dict.fromkeys(more, 3) | dict.fromkeys(fewer, 1)


def test_products_are_the_same_to_the_bit_by_any_number_of_threads(found: dict[str, Any]) -> None:
    assert found["threads"]["same"] == [True, True, True]


def test_prompts_have_twice_the_threads_as_far_as_there_are_cores(found: dict[str, Any]) -> None:
    assert found["default threads"] == [min(2, len(os.sched_getaffinity(0))), 1000]


@pytest.mark.parametrize(("first", "rows"), [("None", 71), ("0", 71), ("15", 41), ("22", 27)])
def test_of_a_prompt_only_the_wanted_rows_are_scored_and_they_are_vllms(found: dict[str, Any], first: str, rows: int) -> None:
    assert found["scores"][first] == {"equal": True, "rows": rows, "theirs": 71, "left": 0}
