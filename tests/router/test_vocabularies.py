"""One tokenizer that cannot be read hides no other, is tried again later each time, and is read once when it can be."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

import pytest

from router import vocabularies
from router.errors import CircuitOpen
from router.tokens import UnreadableTokenizer, Vocabulary
from router.vocabularies import Vocabularies
from router.weights import Place

GOOD: Place = ("good", None)
BAD: Place = ("lab/bad", "0" * 40)


class Library:
    """Reads nothing: all places but those in `broken` have the same vocabulary, once `open` is set."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary, self.broken, self.asked, self.open = vocabulary, {BAD}, Counter[Place](), threading.Event()
        self.open.set()

    def read(self, place: Place) -> Vocabulary:
        self.asked[place] += 1
        self.open.wait(5)
        if place in self.broken:
            raise UnreadableTokenizer(f"{place[0]} is away.")
        return self.vocabulary


@pytest.fixture
def library(vocabulary: Vocabulary) -> Library:
    return Library(vocabulary)


async def test_however_many_ask_it_is_read_once(library: Library) -> None:
    known = Vocabularies(library.read)
    assert set(await asyncio.gather(*(known.get(GOOD) for _ in range(5)))) == {library.vocabulary}
    assert await known.get(GOOD) is library.vocabulary
    assert library.asked[GOOD] == 1


async def test_one_that_fails_says_why_and_hides_no_other(library: Library) -> None:
    known = Vocabularies(library.read)
    with pytest.raises(CircuitOpen):
        await known.get(BAD)
    assert await known.get(GOOD) is library.vocabulary
    assert (known.reason(BAD), known.reason(GOOD)) == ("lab/bad is away.", "")


async def test_it_is_left_alone_for_a_while_and_then_tried_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Vocabularies(library.read)
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            await known.get(BAD)
    assert library.asked[BAD] == 1
    monkeypatch.setattr(vocabularies, "FIRST_RETRY_SECONDS", 0.0)
    other = Vocabularies(library.read)
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            await other.get(BAD)
    assert library.asked[BAD] == 4
    library.broken.clear()
    assert await other.get(BAD) is library.vocabulary
    assert other.reason(BAD) == ""


async def test_pauses_grow_to_a_limit(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    known, now, tries = Vocabularies(library.read), 0.0, list[float]()
    monkeypatch.setattr("time.monotonic", lambda: now)
    for second in range(1000):
        now, asked = float(second), library.asked[BAD]
        with pytest.raises(CircuitOpen):
            await known.get(BAD)
        tries += [now] * (library.asked[BAD] - asked)
    assert tries == [0, 5, 15, 35, 75, 155, 315, 615, 915]


async def test_nobody_waits_long_for_a_slow_hub_which_goes_on_meanwhile(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabularies, "PATIENCE_SECONDS", 0.05)
    library.open.clear()
    known = Vocabularies(library.read)
    for _ in range(2):
        with pytest.raises(CircuitOpen):
            await known.get(GOOD)
    monkeypatch.setattr(vocabularies, "PATIENCE_SECONDS", 5.0)
    library.open.set()
    assert await known.get(GOOD) is library.vocabulary
    assert library.asked[GOOD] == 1


async def test_files_of_any_other_nonsense_are_a_failure_too() -> None:
    def nonsense(place: Place) -> Vocabulary:
        raise KeyError("decoder")

    known = Vocabularies(nonsense)
    with pytest.raises(CircuitOpen):
        await known.get(GOOD)
    assert "decoder" in known.reason(GOOD)
