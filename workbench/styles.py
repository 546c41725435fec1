"""The style sheets of each page, which gets them as one file: a request costs a browser more than what is in it."""

from __future__ import annotations

from collections.abc import Callable

PARTS = ("tokens", "text", "controls", "layout", "bar", "panels", "tables", "dialogs")
WORKBENCH = ("workbench", "workbench_panels", "workbench_tools", "workbench_saved")


def app(*names: str) -> tuple[str, ...]:
    return tuple(f"app/styles/{name}.css" for name in names)


#: Later ones win.
STYLES = {
    "sign-in": app(*PARTS, "door"),
    "invite": app(*PARTS, "door"),
    "reset": app(*PARTS, "door"),
    "workbench": app(*PARTS, "models", *WORKBENCH),
    "dashboard": app(*PARTS, "keys"),
    "usage": (*app(*PARTS), "vendor/uplot.css", *app("usage")),
    "models": app(*PARTS, "models"),
    "admin": app(*PARTS, "models", "admin"),
    "docs": app(*(part for part in PARTS if part != "tables"), "docs"),
}


def joined(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Each under `pages/`, from what the single ones say."""
    return {f"pages/{page}.css": b"\n".join(map(read, paths)) for page, paths in STYLES.items()}
