"""The gateway's check of its own answers: a wrong value with status 200 is worse than a failure that says so."""

from __future__ import annotations

from typing import Any

from router.engine import EngineDied


def prove_choice(choice: dict[str, Any], k: int | None, whole: bool = True) -> None:
    """Raises EngineDied for a choice, or with `whole` false a streamed part of one, that contradicts itself or the request."""
    logprobs = choice["logprobs"]
    if whole and choice["finish_reason"] is None:
        raise EngineDied("a choice has no finish_reason")
    if logprobs is not None:
        _prove_lists(logprobs, k or 0)
        if whole and logprobs["text_offset"] and logprobs["text_offset"][-1] > len(choice["text"]):
            raise EngineDied("a text_offset is beyond the text")
    elif whole and k is not None:
        raise EngineDied("logprobs are missing")


def prove_usage(usage: dict[str, Any], tokens: int) -> None:
    if usage["completion_tokens"] != tokens:
        raise EngineDied(f"usage has {usage['completion_tokens']} completion tokens where {tokens} were made")


def _prove_lists(logprobs: dict[str, Any], k: int) -> None:
    lengths = {len(values) for values in logprobs.values() if values is not None}
    if len(lengths) > 1:
        raise EngineDied(f"the lists of logprobs have the lengths {sorted(lengths)}")
    if any(after < before for before, after in zip(logprobs["text_offset"], logprobs["text_offset"][1:], strict=False)):
        raise EngineDied("text_offset goes back")
    names = ("token_ids", "tokens", "token_logprobs", "top_token_ids", "top_logprobs")
    rows = zip(*(logprobs[name] for name in names), strict=True)
    for token_id, token, value, entries, by_text in rows:
        if value is not None:
            _prove_token((token_id, value), entries, k)
            if by_text.get(token, value - 1) < value:
                raise EngineDied(f"top_logprobs lacks {token!r}")


def _prove_token(chosen: tuple[int, float], entries: list[tuple[int, float]], k: int) -> None:
    """The chosen token is among its likeliest, with the same value, and there are k of them or one more."""
    if chosen not in entries:
        raise EngineDied("a token is missing among its likeliest")
    outside = len(entries) == k + 1 and entries[-1] == chosen
    if len(entries) != k and not outside:
        raise EngineDied(f"{len(entries)} likeliest tokens where {k} were asked")
