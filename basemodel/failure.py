"""What the command line says when it cannot go on."""

from __future__ import annotations


class Failure(Exception):
    """One sentence, or two, that say what is wrong and what to do; exit code 1."""
