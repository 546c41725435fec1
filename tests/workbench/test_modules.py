from __future__ import annotations

from collections.abc import Iterator

import pytest

from workbench import modules
from workbench.modules import closure, imported
from workbench.static_files import StaticFile


def script(text: str) -> StaticFile:
    return StaticFile.of(".js", text.encode())


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, StaticFile]]:
    found: dict[str, StaticFile] = {}
    monkeypatch.setattr(modules, "files", lambda: found)
    imported.cache_clear()
    yield found
    imported.cache_clear()


def test_every_way_to_import_at_the_top_is_found_and_nothing_else(scripts: dict[str, StaticFile]) -> None:
    scripts["app/pages/one.js"] = script(
        """/** @param {import("./typed.js").Typed} it */
import { a } from "../a.js";
import "./beside.js";
import {
  b,
  c,
} from '../../vendor/b.js';
export { d } from "./d.js";
export * from "./e.js";
export const text = "./text.js";
export function f(from = "./default.js") {}
  import("./later.js");
import named from "package";
"""
    )
    assert imported("app/pages/one.js") == ("app/a.js", "app/pages/beside.js", "vendor/b.js", "app/pages/d.js", "app/pages/e.js")


def test_a_closure_names_each_script_once_the_nearest_first(scripts: dict[str, StaticFile]) -> None:
    scripts |= {
        "top.js": script('import "./left.js";\nimport "./right.js";\n'),
        "left.js": script('import "./deep.js";\nimport "./right.js";\n'),
        "right.js": script('import "./deep.js";\nimport "./top.js";\n'),
        "deep.js": script(""),
    }
    assert closure("top.js") == ["top.js", "left.js", "right.js", "deep.js"]
