"""What a zygote refuses, and whom it belongs to, without a fork."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from deployments import zygote
from deployments.zygote_client import ZygoteClient
from tests.cluster import CHECKOUT, eventually

pytestmark = pytest.mark.stack


def test_another_vllm_is_refused_and_not_tried_again_at_once(tmp_path: Path) -> None:
    (tmp_path / "vllm.py").write_text('__version__ = "0.33.0+cpu"\n')
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(CHECKOUT)])}
    client = ZygoteClient(tmp_path / "zygote", variables, tmp_path / "log")
    assert client.begin()
    eventually(lambda: not client.alive(), 20)
    assert client._lock_path.read_text().startswith("failed: basemodel's patches are for vLLM 0.32.0, not 0.33.0+cpu")
    assert not client.begin()


def test_a_second_thread_is_noticed_before_a_fork() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    with pytest.raises(RuntimeError, match="must have one thread"):
        zygote.assert_alone()
    done.set()
    thread.join()


def test_a_ray_of_the_same_home_keeps_a_zygote_and_no_other_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(zygote.OWNER, str(tmp_path))
    assert not zygote.ray_runs()
    shutil.copy("/bin/sleep", tmp_path / "raylet")
    with subprocess.Popen([tmp_path / "raylet", "30"], env={zygote.OWNER: str(tmp_path)}) as process:
        eventually(zygote.ray_runs, 5)
        monkeypatch.setenv(zygote.OWNER, "another")
        assert not zygote.ray_runs()
        process.kill()
