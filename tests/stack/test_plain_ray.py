"""`serve run serve_config.yaml` on a plain `ray start --head --num-cpus 2`, without any RAY_SERVE_* variable."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from basemodel.cluster.processes import MARK, end, marked
from tests.cluster import CHECKOUT, Stack, eventually, free_port, run_basemodel

pytestmark = pytest.mark.stack

BIN = Path(sys.executable).parent
START_SECONDS, READY_SECONDS = 60, 150


@pytest.fixture
def plain(stack: Stack, tmp_path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A Ray of its own with the shared Redis; the port that its gateway answers on."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "BASEMODEL_"))}
    home, temp, port = tmp_path / "home", tmp_path / "ray", free_port()
    environment |= {
        MARK: str(home),
        "RAY_AUTH_MODE": "disabled",  # else `ray start` asks for the token in ~/.ray where there is one, and `serve run` does not send it
        "BASEMODEL_HOME": str(home),
        "BASEMODEL_REDIS_URL": f"unix://{stack.home / 'redis' / 'redis.sock'}",
        "BASEMODEL_SECRET": (stack.home / "secret").read_text().strip(),
    }
    assert not [name for name in environment if name.startswith("RAY_SERVE_")]
    ray_port = free_port()
    ray = [str(BIN / "ray"), "start", "--head", "--num-cpus", "2", "--port", str(ray_port), "--temp-dir", short(temp)]
    config = yaml.safe_load((CHECKOUT / "serve_config.yaml").read_text())
    config["http_options"]["port"] = port
    (tmp_path / "serve_config.yaml").write_text(yaml.safe_dump(config))
    subprocess.run(ray, env=environment, check=True, timeout=START_SECONDS, capture_output=True)
    serve = subprocess.Popen(
        [str(BIN / "serve"), "run", "--address", f"127.0.0.1:{ray_port}", str(tmp_path / "serve_config.yaml")],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port, environment
    finally:
        finish(serve, home)


def short(folder: Path) -> str:
    """Ray's sockets need a short path; the folder itself stays pytest's."""
    folder.mkdir()
    link = Path(f"/tmp/bm-{os.getpid()}")
    link.symlink_to(folder)
    return str(link)


def finish(serve: subprocess.Popen[bytes], home: Path) -> None:
    """Ctrl-C to `serve run`, then an end to its Ray, which `ray stop` could not tell from another one."""
    serve.send_signal(signal.SIGINT)
    try:
        serve.wait(timeout=30)
    except subprocess.TimeoutExpired:
        serve.kill()
        serve.wait(timeout=10)
    while processes := marked(home):
        end(processes, 5)
    Path(f"/tmp/bm-{os.getpid()}").unlink(missing_ok=True)


@pytest.mark.timeout(300)
def test_serve_run_on_a_plain_ray_serves_the_same(plain: tuple[int, dict[str, str]], stack: Stack) -> None:
    port, environment = plain
    base = f"http://127.0.0.1:{port}"

    def answer() -> httpx.Response | None:
        body = {"model": "pico", "prompt": "In the beginning", "max_tokens": 4, "seed": 3}
        try:
            response = httpx.post(f"{base}/v1/completions", json=body, headers={"x-api-key": stack.key}, timeout=20)
        except httpx.HTTPError:
            return None
        return response if response.status_code == 200 else None

    response: httpx.Response = eventually(answer, READY_SECONDS, every=1)
    text = response.json()["choices"][0]["text"]
    reference = stack.client().completions.create(model="pico", prompt="In the beginning", max_tokens=4, seed=3)
    assert text == reference.choices[0].text
    assert response.headers["x-request-id"]
    made = run_basemodel(["accounts", "create", "from-plain-ray"], environment, 30)
    assert made.returncode == 0, made.stdout + made.stderr
