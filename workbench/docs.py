"""The pages of docs/ as HTML: raw HTML is off, headings have ids, links between the files are links between pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

FOLDER = Path(__file__).parent.parent / "docs"
FIRST = "index"
#: The side list. Every file of docs/ is in it exactly once.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": (FIRST,),
    "The service": ("models", "budgets", "reference", "errors", "completions", "tokenizers", "clients", "saved-prompts", "kept"),
    "Examples": ("logprobs", "prompt-logprobs", "echo", "scoring", "stream", "batch-rollouts", "cold-boot", "budget-cap", "lm-eval"),
    "Interpretability": ("interpretability",),
    "Running it": ("operating", "monitoring", "site", "chaos", "faults"),
}
NAMES = tuple(name for names in SECTIONS.values() for name in names)


@dataclass(frozen=True)
class Part:
    """A heading and what stands under it, as plain text for the search."""

    id: str
    title: str
    level: int
    text: str


@dataclass(frozen=True)
class Page:
    name: str
    markdown: str
    html: str
    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        return self.parts[0].title


class Renderer(RendererHTML):
    """Code and tables can be scrolled, also by keyboard."""

    def fence(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        one = tokens[index]
        language = re.sub(r"[^a-z]", "", one.info) or "text"
        return f'<pre class="code" tabindex="0"><code class="language-{language}">{escapeHtml(one.content)}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return self.fence(tokens, index, options, env)

    def table_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"


MARKDOWN = MarkdownIt("commonmark", {"html": False}, renderer_cls=Renderer).enable("table")


def page(name: str, markdown: str) -> Page:
    """Raises ValueError for a page that does not begin with its title."""
    tokens = MARKDOWN.parse(markdown)
    name_headings(tokens)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", address(str(child.attrGet("href"))))
    parts = tuple(parts_of(tokens))
    if not parts or parts[0].level != 1:
        raise ValueError(f"docs/{name}.md does not begin with its title.")
    return Page(name, markdown, MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}), parts)


def name_headings(tokens: list[Token]) -> None:
    taken: set[str] = set()
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            slug = named = re.sub(r"[^a-z0-9_]+", "-", plain(inline).lower()).strip("-")
            while named in taken:
                named = f"{slug}-{len(taken)}"
            taken.add(named)
            token.attrSet("id", named)


def parts_of(tokens: list[Token]) -> Iterator[Part]:
    starts = [place for place, token in enumerate(tokens) if token.type == "heading_open"]
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        text = " ".join(plain(token) for token in tokens[start + 3 : end] if token.content)
        yield Part(str(tokens[start].attrGet("id")), plain(tokens[start + 1]), int(tokens[start].tag[1]), text)


def plain(token: Token) -> str:
    """The words of a block, without marks of Markdown."""
    return "".join(child.content or " " for child in token.children) if token.children else token.content


def address(href: str) -> str:
    """Of the page that a link to a file of docs/ means; any other link as it is."""
    found = re.fullmatch(r"([a-z-]+)\.md(#.*)?", href)
    return href if found is None else path_of(found[1]) + (found[2] or "")


def path_of(name: str) -> str:
    return "/docs" if name == FIRST else f"/docs/{name}"
