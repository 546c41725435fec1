"""The training text of the embedded models: free documents out of Debian packages.

`python -m basemodel.embedded.corpus BUILD_DIR` downloads each package with `apt-get download` (no
root needed), unpacks it, reads it with the reader of its source, and writes `train.jsonl`,
`heldout.jsonl` (lines of `{"source", "title", "text"}`) and `sources.json` (package versions,
licences, sizes) into the build directory. A document is held out by the hash of its name, and only
if hardly any of its eight-word sequences occur anywhere in the training text.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from basemodel.embedded import readers

HELD_OUT_PER_MILLE = 14
SHINGLE_WORDS = 8
LARGEST_OVERLAP = 0.05
SMALLEST_DOCUMENT = 600



@dataclass(frozen=True)
class Source:
    """Where one kind of text comes from, under which licence, and how much of it is taken."""

    name: str
    packages: tuple[str, ...]
    pattern: str
    reader: readers.Reader
    licence: str
    megabytes: float = 1e3
    skip: str = "$^"


WESNOTH = tuple(
    f"wesnoth-1.16-{campaign}"
    for campaign in ("did", "dm", "dw", "ei", "httt", "l", "low", "nr", "sof", "sota", "sotbe", "thot", "trow", "tsg", "ttb", "utbs")
)

SOURCES = (
    Source("king-james-bible", ("bible-kjv", "bible-kjv-text"), "usr/lib/bible.data", readers.king_james, "public domain"),
    Source("world-english-bible", ("sword-text-web",), "**/[on]t.bzz", readers.sword, "public domain"),
    Source("jane-austen", ("r-cran-janeaustenr",), "**/data/*.rdb", readers.r_strings, "public domain (novels), MIT (package)"),
    Source("moby-dick", ("r-cran-tokenizers",), "**/data/*.rdb", readers.r_strings, "public domain (novel), MIT (package)"),
    Source("endless-sky", ("endless-sky-data",), "**/data/*.txt", readers.endless_sky, "GPL-3.0-or-later"),
    Source("wesnoth", WESNOTH, "**/*.cfg", readers.wesnoth, "GPL-2.0-or-later"),
    Source("wordnet", ("wordnet-base",), "**/wordnet/data.*", readers.wordnet, "WordNet 3.0 licence", 5),
    Source("debian-handbook", ("debian-handbook",), "**/en-US/*.html", readers.web_page, "GPL-2.0-or-later or CC-BY-SA-3.0"),
    Source("gnome-help", ("gnome-user-docs",), "**/C/**/*.page", readers.mallard, "CC-BY-SA-3.0"),
    Source("python-docs", ("python3.11-doc",), "**/_sources/**/*.txt*", readers.restructured_text, "PSF-2.0", 9),
    Source("linux-docs", ("linux-doc-6.1",), "**/_sources/**/*.txt*", readers.restructured_text, "GPL-2.0", 5, "translations"),
    Source("git-docs", ("git-doc",), "**/git*.txt", readers.plain, "GPL-2.0", 2),
    Source(
        "python-library",
        ("libpython3.11-stdlib", "libpython3.11-minimal"),
        "**/python3.11/**/*.py",
        readers.plain,
        "PSF-2.0",
        8,
        "encodings|_data",
    ),
    Source("django", ("python3-django",), "**/django/**/*.py", readers.plain, "BSD-3-Clause", 4),
)


def main(build: Path) -> None:
    build.mkdir(parents=True, exist_ok=True)
    documents = {source.name: list(_limited(source, _read(source, build))) for source in SOURCES}
    train, heldout = split(documents)
    _write(build / "train.jsonl", train)
    _write(build / "heldout.jsonl", heldout)
    facts = [_facts(source, build, train, heldout) for source in SOURCES]
    (build / "sources.json").write_text(json.dumps(facts, indent=2) + "\n")


def _read(source: Source, build: Path) -> Iterator[readers.Document]:
    root = build / "unpacked" / source.name
    for package in source.packages:
        _unpack(package, root, build / "packages")
    for path in sorted(path for path in root.glob(source.pattern) if _wanted(path, source)):
        for title, text in source.reader(path):
            if len(text) >= SMALLEST_DOCUMENT:
                yield f"{path.relative_to(root)}:{title}", _tidy(text)


def _wanted(path: Path, source: Source) -> bool:
    return path.is_file() and not path.is_symlink() and not re.search(source.skip, str(path))


def _unpack(package: str, root: Path, downloads: Path) -> None:
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob(f"{package}_*.deb")):
        subprocess.run(["apt-get", "download", package], cwd=downloads, check=True, timeout=600)
    root.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "-x", str(next(downloads.glob(f"{package}_*.deb"))), str(root)], check=True, timeout=600)


def _tidy(text: str) -> str:
    text = re.sub(r"[ \t]+\n", "\n", text).replace("\x00", "")
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _limited(source: Source, documents: Iterable[readers.Document]) -> Iterator[readers.Document]:
    """As many documents as fit, chosen by the hash of their names and so the same each time."""
    left = source.megabytes * 1e6
    for title, text in sorted(documents, key=lambda document: _hash(document[0])):
        left -= len(text.encode())
        if left < 0:
            return
        yield title, text


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


Entry = dict[str, str]


def split(documents: dict[str, list[readers.Document]]) -> tuple[list[Entry], list[Entry]]:
    """Training and held-out documents; no held-out one is, or nearly is, in the training text."""
    train: list[Entry] = []
    candidates: list[Entry] = []
    for source, entries in documents.items():
        for title, text in entries:
            chosen = _hash("held out " + title) % 1000 < HELD_OUT_PER_MILLE
            (candidates if chosen else train).append({"source": source, "title": title, "text": text})
    seen = seen_shingles(train, candidates)
    return _without_repeats(train), [entry for entry in candidates if overlap(entry["text"], seen) <= LARGEST_OVERLAP]


def shingles(text: str) -> set[int]:
    """Hashes of all runs of eight words, letter case and punctuation aside (Broder 1997)."""
    words = re.findall(r"\w+", text.lower())
    return {hash(tuple(words[at : at + SHINGLE_WORDS])) for at in range(len(words) - SHINGLE_WORDS + 1)}


def seen_shingles(train: Iterable[Entry], candidates: Iterable[Entry]) -> set[int]:
    """The shingles of the candidates that occur in any training document."""
    wanted: set[int] = set()
    for entry in candidates:
        wanted |= shingles(entry["text"])
    seen: set[int] = set()
    for entry in train:
        seen |= shingles(entry["text"]) & wanted
    return seen


def overlap(text: str, seen: set[int]) -> float:
    """The share of a text's shingles, 0 to 1, that are among the seen ones."""
    own = shingles(text)
    return len(own & seen) / max(len(own), 1)


def _without_repeats(train: list[Entry]) -> list[Entry]:
    """The documents less paragraphs of 80 characters and more that an earlier one had (licence headers)."""
    seen: set[int] = set()
    kept: list[Entry] = []
    for entry in train:
        paragraphs = []
        for paragraph in entry["text"].split("\n\n"):
            key = hash(paragraph)
            if len(paragraph) < 80 or key not in seen:
                paragraphs.append(paragraph)
            seen.add(key)
        kept.append({**entry, "text": "\n\n".join(paragraphs)})
    return kept


def _write(path: Path, entries: list[Entry]) -> None:
    path.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries))


def _facts(source: Source, build: Path, train: list[Entry], heldout: list[Entry]) -> dict[str, object]:
    versions = {}
    for package in source.packages:
        name = next((build / "packages").glob(f"{package}_*.deb")).name
        versions[package] = name.split("_")[1].replace("%3a", ":")
    sizes = [sum(len(e["text"].encode()) for e in part if e["source"] == source.name) for part in (train, heldout)]
    return {"source": source.name, "licence": source.licence, "packages": versions, "train_bytes": sizes[0], "heldout_bytes": sizes[1]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
