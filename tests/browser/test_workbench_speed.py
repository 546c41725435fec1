"""What a long document costs in a real Chromium: per token at most twice as much with 4,000 tokens as with 1,000."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.workbench_page import MODULE

FEW, MANY = 1_000, 4_000
TIMES = 7
#: What one act costs even on an empty page is taken off; below this many seconds a cost is not told from noise.
NOISE = 0.004

READY = (
    "async () => { const module = "
    + MODULE
    + """;
    const [documents, stage, state] = await Promise.all(
        ["document", "stage", "state"].map(name => module(`workbench/${name}.js`)));
    const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const top = Array.from({ length: 10 }, (_, id) => [id, -1 - id]);
    const word = index => ({ id: index % 500, text: (index % 14 ? " " : "\\n") + "word" + index % 97, by: "model",
        lens: { logprob: -(index % 13), rank: 1 + index % 9, top, model: state.modelId.value } });
    const made = count => new documents.Document(Array.from({ length: count }, (_, index) => word(index)), count);
    globalThis.acts = {
        show: async count => { stage.show(made(count)); await frame(); },
        clear: async () => { stage.show(new documents.Document()); await frame(); },
        append: async count => {
            const pieces = state.text.value.pieces.concat(Array.from({ length: 8 }, (_, index) => word(count + index)));
            const whole = new documents.Document(pieces, pieces.length);
            stage.show(whole, whole.length);
            await frame();
        },
    };
}"""
)
SCROLL = """async () => {
    const scroller = document.querySelector(".document").shadowRoot.querySelector(".cm-scroller");
    const frames = [], tasks = [];
    const watch = new PerformanceObserver(list => list.getEntries().forEach(each => tasks.push(each.duration)));
    watch.observe({ entryTypes: ["longtask"] });
    let before = await new Promise(requestAnimationFrame);
    for (let step = 0; step < 120; step++) {
        scroller.scrollTop += 40;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - before);
        before = now;
    }
    watch.disconnect();
    return { frames, tasks, moved: scroller.scrollTop };
}"""


async def opened(sign_in: SignIn) -> Page:
    page = await sign_in("ada")
    await expect(page.get_by_role("combobox", name="Model")).to_have_value("pico")
    await expect(page.get_by_role("textbox", name="Document")).to_be_focused()
    await page.evaluate(READY)
    return page


async def spent(client: CDPSession) -> float:
    """Seconds of work on the page's thread so far."""
    told = await client.send("Performance.getMetrics")
    return float(next(each["value"] for each in told["metrics"] if each["name"] == "TaskDuration"))


async def cost(page: Page, client: CDPSession, act: str, count: int) -> float:
    """Of one act on a document of so many tokens."""
    if act == "show":
        await page.evaluate("() => acts.clear()")
    else:
        await page.evaluate("count => acts.show(count)", count)
    before = await spent(client)
    if act == "type":
        await page.keyboard.insert_text("x")
        await page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    else:
        await page.evaluate(f"count => acts.{act}(count)", count)
    return await spent(client) - before


async def costs(page: Page, act: str) -> dict[int, float]:
    """Medians, taken in turn, so that a busy machine slows both."""
    client = await page.context.new_cdp_session(page)
    await client.send("Performance.enable", {"timeDomain": "threadTicks"})
    found: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(TIMES):
        for count in found:
            found[count].append(await cost(page, client, act, count))
    return {count: median(seconds) for count, seconds in found.items()}


@pytest.mark.parametrize("act", ["show", "type", "append"])
async def test_a_token_of_a_long_document_costs_at_most_twice_that_of_a_short_one(sign_in: SignIn, act: str) -> None:
    page = await opened(sign_in)
    await page.evaluate("count => acts.show(count)", MANY)
    few, many = (await costs(page, act)).values()
    print(f"{act}: {few * 1000:.1f} ms at {FEW}, {many * 1000:.1f} ms at {MANY}")
    assert many / MANY <= 2 * max(few, NOISE) / FEW


async def test_a_long_document_is_drawn_only_where_it_is_seen_while_it_scrolls(sign_in: SignIn) -> None:
    page = await opened(sign_in)
    await page.evaluate("count => acts.show(count)", MANY)
    told: dict[str, Any] = await page.evaluate(SCROLL)
    frames = sorted(told["frames"])
    print(f"frames: median {median(frames):.1f} ms, longest {frames[-1]:.1f} ms; long tasks {told['tasks']}")
    assert told["moved"] > 1_000
    assert await page.locator(".cm-content .cm-line > span").count() < MANY / 2
