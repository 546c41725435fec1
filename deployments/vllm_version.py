"""Which vLLM our patches were written for; to be asked before anything of vLLM is imported but its name."""

from __future__ import annotations

VERSION = "0.32.0"


def check(found: str) -> None:
    """Raises RuntimeError for any other version."""
    if found.split("+")[0] != VERSION:
        raise RuntimeError(f"basemodel's patches are for vLLM {VERSION}, not {found}; install the locked version.")
