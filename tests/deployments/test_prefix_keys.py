"""The keys of a prompt's beginnings."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from deployments.prefix_keys import LADDER, Hint, hint_of, keys_of, read_hint
from router.engine import Job, Sampling

TOKENS = tuple(range(5, 2005))


def job(ids: tuple[int, ...], salt: str | None = None, choices: int = 1) -> Job:
    return Job("job", ids, Sampling(max_tokens=1), (None,) * choices, salt)


def test_every_rung_is_whole_blocks() -> None:
    assert all(length % 32 == 0 for length in LADDER)


def test_a_prompt_has_a_key_for_every_rung_it_reaches() -> None:
    assert len(keys_of(job(TOKENS[:31]))) == 0
    assert len(keys_of(job(TOKENS[:32]))) == 1
    assert len(keys_of(job(TOKENS))) == len([length for length in LADDER if length <= 2000])


def test_prompts_share_the_keys_of_what_they_share() -> None:
    one, other = keys_of(job(TOKENS[:1400])), keys_of(job(TOKENS[:1100] + TOKENS[:300]))
    assert one == other
    other = keys_of(job(TOKENS[:1000] + TOKENS[:400]))
    assert one[0] != other[0]
    assert one[1:] == other[1:]


def test_a_longer_prompt_keeps_the_keys_of_its_beginning() -> None:
    assert keys_of(job(TOKENS))[-5:] == keys_of(job(TOKENS[:192]))


def test_accounts_have_no_key_in_common() -> None:
    assert not set(keys_of(job(TOKENS, "a"))) & set(keys_of(job(TOKENS, "b")))
    assert not set(keys_of(job(TOKENS, "a"))) & set(keys_of(job(TOKENS)))


def test_keys_are_the_same_in_every_gateway() -> None:
    assert keys_of(job(TOKENS[:32], "salt")) == (0x503E7B8F69B35529,)


@given(some.lists(some.integers(0, 2**31), max_size=300), some.none() | some.text(max_size=5), some.integers(1, 128))
def test_a_hint_is_read_as_it_was_written(ids: list[int], salt: str | None, choices: int) -> None:
    one = job(tuple(ids), salt, choices)
    assert read_hint(hint_of(one)) == Hint(choices, keys_of(one))


@pytest.mark.parametrize("text", ["", ":", "x", "1", "x:1", "1:zz", "-4:", "1:,,", "999:" + ",".join(["ff"] * 99)])
def test_anything_else_is_read_as_no_more_than_a_hint(text: str) -> None:
    hint = read_hint(text)
    assert hint.sequences >= 1
    assert len(hint.keys) <= len(LADDER)
