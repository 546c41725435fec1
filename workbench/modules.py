"""What a script imports, and what that imports: a page names all of them, so that they come at once and not one after the other."""

from __future__ import annotations

import posixpath
import re
from functools import cache

from workbench.static_files import files

#: At the beginning of a line, so not in a comment; from a file of ours.
IMPORTED = re.compile(r"""^(?:import|export)\b[^"'=;(]*["'](\.[^"']+)["']""", re.MULTILINE)


@cache
def imported(path: str) -> tuple[str, ...]:
    """By one script, as paths in the folder of static files."""
    text = files()[path].content.decode()
    return tuple(posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in IMPORTED.findall(text))


def closure(path: str) -> list[str]:
    """Itself first, then what it imports, nearest first."""
    found = {path: None}
    for one in (waiting := [path]):
        new = [name for name in imported(one) if name not in found]
        found.update(dict.fromkeys(new))
        waiting.extend(dict.fromkeys(new))
    return list(found)
