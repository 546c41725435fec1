"""Files of the Workbench in a real browser: exported, imported, refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.test_saved import completions, panel, to_saved
from tests.browser.workbench_page import MODULE, document, run, shown, tokens, write

#: The document itself: what is drawn has marks for characters that hide.
TEXT = f"async () => (await ({MODULE})('workbench/state.js')).text.value.text"


async def test_a_file_comes_back_as_it_was(ada: Page, tmp_path: Path) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    text = await shown(ada)
    await to_saved(ada)
    async with ada.expect_download() as caught:
        await panel(ada).get_by_role("button", name="Export as JSON").click()
    file = tmp_path / "workbench.json"
    await (await caught.value).save_as(file)
    await panel(ada).get_by_role("button", name="Begin anew").click()
    await expect(document(ada)).not_to_contain_text("In the beginning")
    sent = await completions(ada)
    await panel(ada).get_by_label("A file of the Workbench").set_input_files(file)
    await expect(ada.get_by_text("workbench.json is open.")).to_be_visible()
    assert await shown(ada) == text
    await tokens(ada).last.click()
    await expect(panel(ada)).to_contain_text("surprisal")
    assert sent == []


async def test_a_file_that_is_something_else_is_refused_and_changes_nothing(ada: Page, tmp_path: Path) -> None:
    await write(ada, "what stays")
    await to_saved(ada)
    file = tmp_path / "bad.json"
    for content, sentence in ((b"\x00\xff", "not JSON"), (b"[]", "not a file of the Workbench"), (b"[" * 100_000, "not JSON")):
        file.write_bytes(content)
        await panel(ada).get_by_label("A file of the Workbench").set_input_files(file)
        await expect(ada.get_by_role("status").filter(has_text=sentence).first).to_be_visible()
    assert await shown(ada) == "what stays"


async def test_other_looms_get_the_texts_of_all_branches(ada: Page, tmp_path: Path) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    await ada.get_by_role("button", name="Regenerate").click()
    await expect(ada.get_by_role("button", name="Generate", exact=True)).to_be_visible()
    await to_saved(ada)
    async with ada.expect_download() as caught:
        await panel(ada).get_by_role("button", name="Export for OpenLoom").click()
    assert (await caught.value).suggested_filename.endswith(".openloom.json")
    file = tmp_path / "tree.json"
    await (await caught.value).save_as(file)
    tree: dict[str, Any] = json.loads(file.read_text())
    path, at = [], tree["currentNodeId"]
    while at is not None:
        path.append(tree["nodes"][at]["text"])
        at = tree["nodes"][at]["parentId"]
    assert "".join(reversed(path)) == await ada.evaluate(TEXT)
    assert sorted(node["author"] for node in tree["nodes"].values()) == ["assistant", "assistant", "user", "user"]
