from __future__ import annotations

import pytest

from budgets.secret import Secret


def test_a_generated_secret_can_be_read() -> None:
    assert Secret.parse(Secret.generate()).newest == 1


def test_the_highest_version_makes_new_digests() -> None:
    secret = Secret.parse("1:" + "ab" * 32 + ", 3:" + "cd" * 32)
    assert [version for version, _ in secret.digests("x")] == [3, 1]


@pytest.mark.parametrize("text", ["", "1", "1:", "1:zz", "1:" + "ab" * 31, "0:" + "ab" * 32, "x:" + "ab" * 32, ":" + "ab" * 32])
def test_a_bad_secret_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -hex 32"):
        Secret.parse(text)


def test_one_version_cannot_have_two_secrets() -> None:
    with pytest.raises(ValueError, match="twice"):
        Secret.parse("1:" + "ab" * 32 + ",1:" + "cd" * 32)


def test_a_secret_never_prints_itself() -> None:
    assert "ab" * 4 not in repr(Secret.parse("1:" + "ab" * 32))
