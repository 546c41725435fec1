"""What an account or a key may be called, and which models an allow-list may name: nothing long goes into Redis."""

from __future__ import annotations

from budgets.errors import BadName

LONGEST = 64
MOST_MODELS, LONGEST_MODEL = 64, 128


def check(name: str) -> str:
    """The name, as it is. Raises BadName."""
    if not 1 <= len(name) <= LONGEST or not name.isprintable() or name != name.strip():
        sentence = f"A name has 1 to {LONGEST} printable characters and no space at either end; {name[: 2 * LONGEST]!a} does not fit."
        raise BadName(sentence)
    return name


def check_models(models: tuple[str, ...]) -> tuple[str, ...]:
    """An allow-list as it is. Raises BadName."""
    wrong = [name for name in models if not 1 <= len(name) <= LONGEST_MODEL or not name.isprintable() or "," in name or " " in name]
    if wrong or not 1 <= len(models) <= MOST_MODELS:
        raise BadName(f"An allow-list names 1 to {MOST_MODELS} models, each in 1 to {LONGEST_MODEL} characters without comma or space.")
    return models
