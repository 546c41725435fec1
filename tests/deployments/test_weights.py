"""The size of weights before they are loaded."""

import json
from pathlib import Path

from deployments import weights


def test_all_safetensors_count_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"123")
    (tmp_path / "b.safetensors").write_bytes(b"45")
    (tmp_path / "pytorch_model.bin").write_bytes(b"678")
    assert weights.size(str(tmp_path)) == 5


def test_an_index_says_which_ones(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"123")
    (tmp_path / "consolidated.safetensors").write_bytes(b"123")
    (tmp_path / weights.INDEX).write_text(json.dumps({"weight_map": {"x": "a.safetensors", "y": "a.safetensors"}}))
    assert weights.size(str(tmp_path)) == 3


def test_what_is_not_here_or_broken_is_unknown(tmp_path: Path) -> None:
    assert weights.size("somebody/some-model") == 0
    (tmp_path / weights.INDEX).write_text("{")
    assert weights.size(str(tmp_path)) == 0
