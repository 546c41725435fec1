"""What `up` says of a service that runs: a request to paste, who comes in by the site, and how to stop it."""

from __future__ import annotations

import shlex
from pathlib import Path

from basemodel.cluster.start import Tell
from router.settings import CHECKOUT, home_folder

#: In the place of a key; a shell takes it as it is.
SOME_KEY = "acs-bm-..."


def without(names: list[str], tell: Tell) -> Tell:
    """Tells of all steps but these."""
    return lambda steps: tell({name: state for name, state in steps.items() if name not in names})


def example(base: str, key: str | None) -> str:
    """A curl to paste; without a key, how to make one."""
    how = "" if key else "No key is kept here that opens anything; `basemodel keys create --account default` makes one.\n\n"
    return (
        f"{how}"
        f"  export ACS_API_KEY={key or SOME_KEY}\n"
        f"  export ACS_API_BASE={base}\n"
        "  curl $ACS_API_BASE/completions -H \"Authorization: Bearer $ACS_API_KEY\" -H 'Content-Type: application/json' \\\n"
        '    -d \'{"model": "pico", "prompt": "In the beginning", "max_tokens": 40, "temperature": 0.7}\''
    )


def doors(site: str, invite: str | None) -> str:
    """The site's address and, as long as it has no admin, who comes in how."""
    address = f"In a browser: {site}/"
    return address if invite is None else f"{address}\nThe first admin comes in once by: {invite}"


def down(home: Path) -> str:
    """The command that stops this home's service and no other."""
    usual = home == home_folder({})
    if usual and (CHECKOUT / "Makefile").exists():
        return "make down"
    program = ".venv/bin/basemodel" if (CHECKOUT / ".venv/bin/basemodel").exists() else "basemodel"
    return f"{program} down" if usual else f"BASEMODEL_HOME={shlex.quote(str(home))} {program} down"
