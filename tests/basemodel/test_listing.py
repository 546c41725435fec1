"""Tables for people: nothing is broken inside a word."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from basemodel.listing import LONGEST_WORD, Listing

ID, WHEN = "0123456789abcdef", "2026-11-29 12:30"
KEYS = ["account", "name", "key", "state", "until", "models", "tokens a month", "at once", "id"]
FIRST = ["default", "first", "…0aZ9", "active", "never", "all", "unbounded", "8", ID]


def shown(listing: Listing, width: int, terminal: bool = True) -> list[str]:
    console = Console(width=width, color_system=None, force_terminal=terminal, soft_wrap=True, file=(out := io.StringIO()))
    console.print(listing)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_first_key_is_one_line_of_80_columns() -> None:
    lines = shown(Listing(KEYS, [FIRST]), 80)
    assert lines[-1].split() == FIRST
    assert max(len(line) for line in lines) <= 80


def test_a_cell_breaks_between_words_and_the_widest_first() -> None:
    lines = shown(Listing(["asked", "id", "reason"], [[WHEN, ID, "there is no room for it on any of the machines"]]), 60)
    assert lines[1].startswith(f"{WHEN}  {ID}  there is no")
    assert max(len(line) for line in lines) <= 60


@pytest.mark.parametrize("width", range(35, 110, 5))
def test_no_word_is_broken_whatever_the_width(width: int) -> None:
    row = ["laboratory", "a long name", "…0aZ9", "revoked", WHEN, "pico,nano", "1,000,000,000", "8", ID]
    lines = shown(Listing(KEYS, [FIRST, row]), width)
    words = {word for cell in [*FIRST, *row] for word in cell.split()}
    assert words <= {word for line in lines for word in line.split()}


def test_what_does_not_fit_is_a_list_with_a_line_for_each_cell() -> None:
    lines = shown(Listing(["id", "other", "third"], [[ID, ID, ""], ["1", "2", "3"]]), 30)
    assert lines == [f"id     {ID}", f"other  {ID}", "", "id     1", "other  2", "third  3"]


def test_a_pipe_gets_every_row_on_one_line() -> None:
    assert shown(Listing(["a", "b"], [[ID * 4, ID * 4]]), 80, terminal=False)[1] == f"{ID * 4}  {ID * 4}"


def test_a_path_may_be_broken() -> None:
    lines = shown(Listing(["", "what"], [["ok", "/" + "x" * 100]]), LONGEST_WORD + 10)
    assert lines[1].startswith("ok  /xxx")


def test_no_rows_are_the_names_of_the_columns() -> None:
    assert shown(Listing(["name", "id"], []), 80) == ["name  id"]
