"""Messages found whole again, however their bytes come."""

import random

import pytest

from deployments import messages
from deployments.messages import Ended, Failed, FailureKind, Received

LONG = Failed(5, FailureKind.ENGINE_DIED, "s" * 70_000)
SAID: list[messages.ToGateway] = [Ended(1), Failed(2, FailureKind.REFUSED, "r" * 300), Ended(3, 4), LONG, Ended(6)]
DATA = b"".join(messages.packed(one) for one in SAID)


def heard(pieces: list[bytes]) -> list[messages.ToGateway]:
    received = Received()
    return [messages.to_gateway.decode(one) for piece in pieces for one in received.feed(piece)]


def test_messages_that_come_at_once_are_taken_apart() -> None:
    assert heard([DATA]) == SAID


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 100, 4096])
def test_messages_in_pieces_of_any_size_are_put_together(size: int) -> None:
    assert heard([DATA[at : at + size] for at in range(0, len(DATA), size)]) == SAID


def test_messages_cut_anywhere_are_put_together() -> None:
    draw = random.Random(1)
    for _ in range(200):
        cuts = sorted(draw.choices(range(len(DATA)), k=5))
        assert heard([DATA[a:b] for a, b in zip([0, *cuts], [*cuts, len(DATA)], strict=True)]) == SAID


def test_a_message_longer_than_any_is_refused() -> None:
    with pytest.raises(ValueError, match="a message of"):
        list(Received().feed(b"\xff\xff\xff\xff"))
