"""Tokenizers from a hub: a small server stands in for huggingface.co."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from router.catalogue import EMBEDDED
from router.hub import tokenizer_folder
from router.tokens import Vocabulary

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHECKOUT = Path(__file__).parents[2]
READ = """
import sys
from router.hub import tokenizer_folder
from router.tokens import UnreadableTokenizer, Vocabulary
try:
    print(Vocabulary.load(tokenizer_folder((sys.argv[1], sys.argv[2]))).digest)
except UnreadableTokenizer as error:
    print(error)
"""


class Hub(ThreadingHTTPServer):
    """Serves `lab/pico` at COMMIT to whoever has the token, without the files in `missing`; counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.asked, self.missing, self.token = 0, set[str](), None

    asked: int
    missing: set[str]
    token: str | None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Page(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.asked += 1
        name = self.path.removeprefix(f"/lab/pico/resolve/{COMMIT}/")
        allowed = self.server.token is None or self.headers.get("authorization") == f"Bearer {self.server.token}"
        found = EMBEDDED / "pico" / name if name != self.path and name not in self.server.missing else None
        if not allowed:
            self._answer(401, {"X-Error-Code": "GatedRepo"}, b"")
        elif found is None or not found.exists():
            self._answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b"")
        else:
            self._answer(200, {"X-Repo-Commit": COMMIT, "ETag": f'"{name}"'}, found.read_bytes())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def read(hub: Hub, home: Path, repository: str = "lab/pico", **environment: str) -> str:
    """What a gateway makes of it. The client of the hub reads its variables at import, so it is a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HTTP", "http"))}
    variables = {**clean, "HF_ENDPOINT": hub.url, "BASEMODEL_HOME": str(home), "PYTHONPATH": str(CHECKOUT), "NO_PROXY": "*", **environment}
    return subprocess.run(
        [sys.executable, "-c", READ, repository, COMMIT], env=variables, capture_output=True, text=True, check=True
    ).stdout


def test_a_local_folder_is_asked_of_nobody() -> None:
    assert tokenizer_folder(("/models/m", None)) == "/models/m"


def test_the_files_are_fetched_once_and_then_read_from_home_even_offline(hub: Hub, tmp_path: Path) -> None:
    digest = Vocabulary.load(str(EMBEDDED / "pico")).digest
    assert read(hub, tmp_path).strip() == digest
    asked = hub.asked
    assert asked == 6  # where and what each of the three files is
    assert read(hub, tmp_path).strip() == digest
    assert read(hub, tmp_path, HF_HUB_OFFLINE="1").strip() == digest
    assert hub.asked == asked
    assert list((tmp_path / "hub").glob(f"models--lab--pico/snapshots/{COMMIT}/tokenizer.json"))


def test_offline_without_the_files_is_told(hub: Hub, tmp_path: Path) -> None:
    assert f"lab/pico at {COMMIT} cannot be fetched" in read(hub, tmp_path, HF_HUB_OFFLINE="1")
    assert hub.asked == 0


def test_a_gated_repository_needs_the_token(hub: Hub, tmp_path: Path) -> None:
    hub.token = "hf_secret"
    refused = read(hub, tmp_path)
    assert "cannot be fetched (GatedRepoError" in refused
    assert "fetched" not in read(hub, tmp_path, HF_TOKEN="hf_secret")


def test_a_repository_without_a_tokenizer_is_told_and_one_without_config_is_read(hub: Hub, tmp_path: Path) -> None:
    hub.missing = {"config.json"}
    assert "fetched" not in read(hub, tmp_path / "one")
    hub.missing = {"tokenizer.json"}
    assert "cannot be fetched" in read(hub, tmp_path / "two")


def test_a_cache_that_is_named_is_used(hub: Hub, tmp_path: Path) -> None:
    read(hub, tmp_path / "home", HF_HUB_CACHE=str(tmp_path / "cache"))
    assert (tmp_path / "cache" / "models--lab--pico").is_dir()
