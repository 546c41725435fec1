"""Prompts as token ids: tokenised off the event loop, in the vocabulary, and short enough for the model's context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.catalogue import ModelSpec
from router.errors import Fault, InvalidRequest
from router.tokens import Vocabulary

#: Normalisation may shorten a text before it is cut into tokens (NFC by at most this factor).
SHRINKAGE = 3


@dataclass(frozen=True)
class ValidPrompt:
    """`text` is what the caller sent; None for token ids, which are never touched."""

    ids: tuple[int, ...]
    text: str | None = None
    add_special_tokens: bool = True


async def tokenised(prompts: Sequence[str | list[int]], add_special_tokens: bool, vocabulary: Vocabulary) -> list[ValidPrompt]:
    return [await _tokenised(prompt, add_special_tokens, vocabulary) for prompt in prompts]


async def _tokenised(prompt: str | list[int], add_special_tokens: bool, vocabulary: Vocabulary) -> ValidPrompt:
    if not isinstance(prompt, str):
        return ValidPrompt(tuple(prompt))
    return ValidPrompt(tuple(await vocabulary.encode_aside(prompt, add_special_tokens)), prompt, add_special_tokens)


def prompt_faults(param: str, prompts: Sequence[str | list[int]], spec: ModelSpec, vocabulary: Vocabulary) -> list[Fault]:
    """What is wrong with the prompts before any is tokenised: empty ones, ids that the model does not have."""
    if "" in prompts:
        message = f"'{param}' must not be empty; send [{first_id(vocabulary)}] for an unconditional sample."
        return [Fault(param, "invalid_value", message)]
    found = (id_faults(param, prompt, spec, vocabulary) for prompt in prompts if not isinstance(prompt, str))
    return next(filter(None, found), [])


def first_id(vocabulary: Vocabulary) -> int | None:
    """What stands before the first token of a text: BOS or, where there is none, the EOS of the text before."""
    return vocabulary.eos_id if vocabulary.bos_id is None else vocabulary.bos_id


def id_faults(param: str, ids: Sequence[int], spec: ModelSpec, vocabulary: Vocabulary) -> list[Fault]:
    """What is wrong with ids that the model does not have."""
    largest = max(ids, default=0)
    if largest < vocabulary.size:
        return []
    rule = f"'{param}' has the token id {largest}; the vocabulary of '{spec.id}' has the ids 0 to {vocabulary.size - 1}."
    return [Fault(param, "invalid_value", rule)]


def least_tokens(text: str, vocabulary: Vocabulary) -> int:
    """How many tokens a text has at least, however it is cut."""
    return len(text.encode()) // (SHRINKAGE * vocabulary.longest)


def refuse_endless(text: str, max_tokens: int | None, spec: ModelSpec, vocabulary: Vocabulary) -> None:
    """A text that cannot fit however it is cut into tokens is not cut into tokens at all. Raises InvalidRequest."""
    least = least_tokens(text, vocabulary)
    if least > spec.max_model_len:
        raise InvalidRequest(too_long("prompt", f"at least {least}", max_tokens, spec))


def length_faults(prompts: Sequence[ValidPrompt], max_tokens: int | None, spec: ModelSpec) -> list[Fault]:
    """For the longest prompt."""
    longest = max(len(prompt.ids) for prompt in prompts)
    least = 1 if max_tokens is None else max_tokens
    if min(len(prompt.ids) for prompt in prompts) == 0:
        return [Fault("prompt", "invalid_value", "'prompt' has a text that comes to no tokens in this model's vocabulary.")]
    if longest + least <= spec.max_model_len:
        return []
    return [too_long("max_tokens" if longest < spec.max_model_len else "prompt", str(longest), max_tokens, spec)]


def too_long(param: str, prompt_tokens: str, max_tokens: int | None, spec: ModelSpec) -> Fault:
    message = (
        f"The prompt's {prompt_tokens} tokens and max_tokens ({1 if max_tokens is None else max_tokens}) must together be at most "
        f"{spec.max_model_len}, the context of '{spec.id}'."
    )
    return Fault(param, "context_length_exceeded", message)
