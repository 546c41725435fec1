"""Against the model itself: the service's values are those of a Hugging Face forward pass on the same weights."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from tests.cluster import CHECKOUT, Stack
from tests.stack.reference import Reference

pytestmark = pytest.mark.stack
MODEL, GENERATED, K = "pico", 12, 5
#: How far values may be apart to be ties: both sides compute in float32, in another order.
NEAR = 1e-3
SCRIPTS = [
    *("naïve café — €5", "🦊 jumps 👩‍👩‍👧 😀!", "Привет, мир", "こんにちは世界", "שלום עולם"),
    *("\t\n  spaces  \n", "x = [1, 2, 3]\nfor y in x:"),
]


def prompts() -> list[str]:
    """200 prompts of 1 to 1,500 tokens: prose, code, other scripts, emoji, and mixtures."""
    chance = random.Random(20261122)
    sources = [(CHECKOUT / name).read_text() for name in ("README.md", "LICENSE", "router/choice.py", "basemodel/embedded/llama.py")]
    lengths = [1, 2, 3, 5, 8, 13, 30, 60, 120, 250, 500, 1_000, 2_500]
    made = []
    for number in range(200 - len(SCRIPTS)):
        source, length = chance.choice(sources), lengths[number % len(lengths)]
        at = chance.randrange(max(len(source) - length, 1))
        made.append(source[at : at + length] + (chance.choice(SCRIPTS) if number % 3 == 0 else ""))
    return [*SCRIPTS, *made]


@dataclass
class Answer:
    ids: list[int]
    prompt_tokens: int
    values: list[float]
    ranks: list[int]
    top: list[list[tuple[int, float]]]


@pytest.fixture(scope="module")
def answers(stack: Stack) -> list[Answer]:
    """Prompt and generated logprobs of every prompt, greedy, eight requests at a time."""
    client = stack.client(timeout=120)

    def ask(prompt: str) -> Answer:
        answer = client.completions.create(model=MODEL, prompt=prompt, max_tokens=GENERATED, temperature=0, echo=True, logprobs=K)
        assert answer.usage is not None
        lists: Any = answer.choices[0].logprobs
        return Answer(lists.token_ids, answer.usage.prompt_tokens, lists.token_logprobs, lists.token_ranks, lists.top_token_ids)

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(ask, prompts()))


def differences(answers: list[Answer], reference: Reference) -> tuple[list[float], list[float]]:
    """Absolute differences of values above -15; relative ones of the others."""
    absolute, relative = [], []
    for answer in answers:
        rows = reference.logprobs(answer.ids)
        own = rows[:-1].gather(1, torch.tensor(answer.ids[1:])[:, None])[:, 0].tolist()
        for wanted, value in zip(own, answer.values[1:], strict=True):
            if wanted > -15:
                absolute.append(abs(value - wanted))
            else:
                relative.append(abs(value - wanted) / abs(wanted))
    return absolute, relative


def test_prompt_and_generated_logprobs_are_the_models(answers: list[Answer]) -> None:
    """In the dtype that the model is served in."""
    absolute, relative = differences(answers, Reference.of(MODEL, torch.float32))
    print(f"float32: median {median(absolute):.2e}, largest {max(absolute):.2e}, {len(absolute)} values")
    assert len(absolute) > 20_000
    assert median(absolute) <= 1e-5
    assert max(absolute) <= NEAR
    assert max(relative, default=0.0) <= 1e-4


def test_they_are_as_near_to_bfloat16_as_float32_is(answers: list[Answer]) -> None:
    """What the model would lose in the dtype of its weights; the model card states it."""
    absolute, _ = differences(answers[::4], Reference.of(MODEL, torch.bfloat16, torch.bfloat16))
    print(f"bfloat16: median {median(absolute):.4f}, largest {max(absolute):.4f}")
    assert median(absolute) <= 0.02


def median(values: list[float]) -> float:
    return float(torch.tensor(values).median())


def test_ranks_are_the_models_where_values_are_no_ties(answers: list[Answer]) -> None:
    reference = Reference.of(MODEL, torch.float32)
    for answer in answers:
        rows = reference.logprobs(answer.ids)
        own = rows[:-1].gather(1, torch.tensor(answer.ids[1:])[:, None])
        above, not_below = (rows[:-1] > own + NEAR).sum(1).tolist(), (rows[:-1] >= own - NEAR).sum(1).tolist()
        assert all(least < rank <= most for least, rank, most in zip(above, answer.ranks[1:], not_below, strict=True))


def test_the_likeliest_tokens_are_the_models(answers: list[Answer]) -> None:
    reference = Reference.of(MODEL, torch.float32)
    for answer in answers:
        rows = reference.logprobs(answer.ids)
        least = rows.topk(K).values[:, -1].tolist()
        for index, entries in enumerate(answer.top[1:]):
            wanted = rows[index, [token for token, _ in entries[:K]]].tolist()
            assert min(wanted) >= least[index] - NEAR
            assert [value for _, value in entries[:K]] == pytest.approx(wanted, abs=NEAR)


def test_greedy_text_is_the_models(answers: list[Answer]) -> None:
    """As far as the model has one likeliest token."""
    reference, decided = Reference.of(MODEL, torch.float32), 0
    for answer in answers:
        made = answer.ids[answer.prompt_tokens :]
        wanted = reference.greedy(answer.ids[: answer.prompt_tokens], len(made), NEAR)
        assert all(token in likeliest for token, likeliest in zip(made, wanted, strict=False))
        decided += sum(len(likeliest) == 1 for likeliest in wanted)
    assert decided > 1_000
