"""The main path on the real stack: the official SDK, Ray Serve, vLLM, a trained model."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from tests.cluster import Stack

pytestmark = pytest.mark.stack
PROMPT = "In the beginning"


def test_a_completion_has_text_and_usage(stack: Stack) -> None:
    answer = stack.client().completions.create(model="pico", prompt=PROMPT, max_tokens=12, temperature=0)
    assert answer.model == "embedded/pico"
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].text.strip()
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 12
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 12


def test_a_stream_is_the_completion_in_pieces_and_ends_with_usage(stack: Stack) -> None:
    request = {"model": "pico", "prompt": PROMPT, "max_tokens": 40, "temperature": 0}
    whole = stack.client().completions.create(**request)  # type: ignore[call-overload]
    chunks = list(stack.client().completions.create(**request, stream=True, stream_options={"include_usage": True}))  # type: ignore[call-overload]
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == whole.choices[0].text
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "length"


def test_logprobs_agree_with_each_other(stack: Stack) -> None:
    answer = stack.client().completions.create(model="pico", prompt=PROMPT, max_tokens=8, temperature=0, logprobs=3)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.tokens is not None
    assert logprobs.token_logprobs is not None
    assert logprobs.top_logprobs is not None
    assert len(logprobs.tokens) == len(logprobs.token_logprobs) == len(logprobs.top_logprobs) == 8
    for token, value, top in zip(logprobs.tokens, logprobs.token_logprobs, logprobs.top_logprobs, strict=True):
        assert top[token] == value == max(top.values())
    assert "".join(logprobs.tokens) == answer.choices[0].text


def test_equal_seeds_give_equal_text_and_other_seeds_other_text(stack: Stack) -> None:
    def text(seed: int) -> str:
        answer = stack.client().completions.create(model="pico", prompt=PROMPT, max_tokens=30, temperature=1, seed=seed)
        return answer.choices[0].text

    assert text(7) == text(7)
    assert len({text(seed) for seed in (7, 8, 7 + 2**32)}) == 3


def test_a_probable_next_word_is_probable(stack: Stack) -> None:
    answer = stack.client().completions.create(model="pico", prompt="And the Lord said unto", max_tokens=1, temperature=0, logprobs=10)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.top_logprobs is not None
    assert {" Moses", " him", " me", " the", " them"} & set(logprobs.top_logprobs[0])


def test_a_stop_string_ends_the_text_before_it(stack: Stack) -> None:
    request = {"model": "pico", "prompt": PROMPT, "max_tokens": 40, "temperature": 0}
    whole = stack.client().completions.create(**request).choices[0].text  # type: ignore[call-overload]
    stop = whole.split()[3]
    stopped = stack.client().completions.create(**request, stop=[stop]).choices[0]  # type: ignore[call-overload]
    assert stopped.finish_reason == "stop"
    assert stopped.text == whole[: whole.index(stop)]


def test_six_long_seeded_prompts_at_once_give_what_each_gives_alone(stack: Stack) -> None:
    """Prompts that are prefilled in chunks; they kill a vLLM 0.32 CPU engine without the patched generator."""
    prompts = [f"{number} " + "the king of the north " * 170 for number in range(6)]

    def text(number: int) -> str:
        answer = stack.client(timeout=60).completions.create(model="pico", prompt=prompts[number], max_tokens=20, seed=number)
        assert answer.usage is not None
        assert answer.usage.prompt_tokens > 800
        return answer.choices[0].text

    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(text, range(6)))
    assert together == [text(number) for number in range(6)]


async def test_many_streams_at_once_all_end_whole(stack: Stack) -> None:
    async with openai.AsyncOpenAI(base_url=stack.base_url, api_key=stack.key, max_retries=0) as client:

        async def tokens(number: int) -> int:
            stream = await client.completions.create(
                model="pico", prompt=PROMPT, max_tokens=64, seed=number, stream=True, logprobs=0, extra_body={"stop": None}
            )
            counts = [len(chunk.choices[0].logprobs.tokens or []) async for chunk in stream if chunk.choices and chunk.choices[0].logprobs]
            return sum(counts)

        assert all(0 < count <= 64 for count in await asyncio.gather(*(tokens(number) for number in range(24))))


def test_the_likeliest_tokens_are_in_order_however_busy_the_gateway_is(stack: Stack) -> None:
    """Outputs that vLLM merges, because its reader was slower, come in another form."""

    def rows(number: int) -> list[list[tuple[int, float]]]:
        answer = stack.client(timeout=60).completions.create(model="pico", prompt=PROMPT, max_tokens=200, seed=number, logprobs=5)
        return (answer.choices[0].logprobs.model_extra or {})["top_token_ids"]  # type: ignore[union-attr,no-any-return]

    with ThreadPoolExecutor(12) as threads:
        found = [row for one in threads.map(rows, range(12)) for row in one]
    assert len(found) > 500
    for row in found:
        values = [value for _, value in row[:5]]
        assert values == sorted(values, reverse=True)
        assert len(row) in (5, 6)
        assert len({token for token, _ in row}) == len(row)


@pytest.mark.parametrize(
    ("change", "error", "code", "param"),
    [
        ({"extra_body": {"temprature": 1}}, openai.BadRequestError, "unknown_parameter", "temprature"),
        ({"max_tokens": -1}, openai.BadRequestError, "invalid_value", "max_tokens"),
        ({"model": "gpt-5"}, openai.NotFoundError, "model_not_found", "model"),
    ],
)
def test_wrong_requests_get_the_contracts_errors(
    stack: Stack, change: dict[str, object], error: type[openai.APIStatusError], code: str, param: str
) -> None:
    request: dict[str, object] = {"model": "pico", "prompt": PROMPT, **change}
    with pytest.raises(error) as raised:
        stack.client().completions.create(**request)  # type: ignore[call-overload]
    assert (raised.value.code, raised.value.param) == (code, param)


def test_a_wrong_key_gets_one_message(stack: Stack) -> None:
    with pytest.raises(openai.AuthenticationError) as raised:
        stack.client().with_options(api_key="acs-bm-wrong").completions.create(model="pico", prompt=PROMPT)
    assert raised.value.code == "invalid_api_key"


def test_the_models_are_listed_whether_warm_or_cold(stack: Stack) -> None:
    models = {model.id: model.model_extra or {} for model in stack.client().models.list()}
    assert list(models)[:3] == ["pico", "nano", "micro"]
    assert models["pico"]["state"] == "ready"
    assert models["nano"]["warm_policy"] == "on_demand"
