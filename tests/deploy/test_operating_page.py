"""docs/operating.md: its arithmetic, its commands, its numbers and the paths that it names are those of the code."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from basemodel.cluster import boot
from basemodel.main import app
from budgets.delivery import OLDEST_SECONDS
from budgets.requests import Timers
from deployments import gateway, haproxy_config
from router import body, sse
from router.catalogue import Catalogue, ModelSpec
from tests.deploy.manifests import DEPLOY
from tests.deploy.test_serve_configs import CONFIGS, catalogue

CHECKOUT = DEPLOY.parent
PAGE = (CHECKOUT / "docs" / "operating.md").read_text()
#: A GPU of 80 GB, and what is taken as lost to activations, CUDA graphs and NCCL.
GPU_BYTES, LOST_BYTES = 85.0e9, 4e9


def table(first: str) -> dict[str, list[str]]:
    """Name of a row -> its cells, of the table that begins with these column names."""
    _, _, rest = PAGE.partition(first)
    lines = [line for line in rest.split("\n\n")[0].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells[1:]}


SIZES = table("| | llama-8b | llama-70b | llama-405b |")
MODELS: Catalogue = catalogue(CONFIGS[0])


@pytest.mark.parametrize(("column", "spec"), list(enumerate(MODELS.models)), ids=[spec.id for spec in MODELS.models])
def test_what_fits_is_what_the_formula_says(column: int, spec: ModelSpec) -> None:
    layers, heads, size, hidden, vocabulary, parameters, gpus = (
        int(SIZES[name][column]) for name in ("layers", "KV heads", "head size", "hidden size", "vocabulary", "parameters", "GPUs")
    )
    assert gpus == spec.gpus
    assert spec.gpu_memory_utilization is not None
    weights = (2 * parameters + 2 * vocabulary * hidden) / gpus
    token = 2 * layers * heads * size * 2
    left = GPU_BYTES * spec.gpu_memory_utilization - weights - LOST_BYTES
    told = [SIZES[name][column] for name in list(SIZES)[-5:]]
    tokens = left * gpus / token
    computed = [weights / 1e9, token / 1024, left / 1e9, tokens, tokens / spec.max_model_len]
    assert [float(text) for text in told] == pytest.approx(computed, rel=0.01)


def test_the_formula_is_what_vllm_reserves() -> None:
    code = (
        "import torch; from vllm.v1.kv_cache_interface import FullAttentionSpec as Spec;"
        "print(Spec(block_size=16, num_kv_heads=8, head_size=128, dtype=torch.bfloat16).real_page_size_bytes)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=110, check=True).stdout
    assert int(told.split()[-1]) == 16 * 2 * 8 * 128 * 2


@pytest.mark.parametrize("command", sorted(set(re.findall(r"basemodel [a-z][a-zA-Z0-9 ./:=-]*", PAGE))))
def test_a_command_of_the_page_is_one_of_ours(command: str) -> None:
    words = [word for word in shlex.split(command)[1:] if word.islower() and word.isalpha()][:2]
    options = [word for word in shlex.split(command) if word.startswith("--")]
    for count in (len(words), 1):
        shown = CliRunner().invoke(app, [*words[:count], "--help"], env={"COLUMNS": "200"})
        if shown.exit_code == 0:
            break
    assert shown.exit_code == 0
    assert [option for option in options if option not in shown.stdout] == []


@pytest.mark.parametrize("page", ["docs/operating.md", "deploy/systemd/README.md"])
def test_the_pattern_that_ends_haproxy_is_how_it_is_started_and_not_itself(page: str) -> None:
    (pattern,) = re.findall(r'pkill (?:-u basemodel )?-f "([^"]+)"', (CHECKOUT / page).read_text())
    pattern = pattern.replace("$BASEMODEL_HOME", "/var/lib/basemodel")
    assert 'command = [binary(), "-db", "-f", str(self._config)]' in (CHECKOUT / "deployments" / "entrance.py").read_text()
    assert re.search(pattern, "/opt/bin/haproxy -db -f /var/lib/basemodel/haproxy.cfg")
    assert not re.search(pattern, f'bash -c pkill -f "{pattern}"')


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:deploy|tests|docs|requirements)/[\w./-]+)`", PAGE))))
def test_a_path_of_the_page_is_there(path: str) -> None:
    assert (CHECKOUT / path).exists()


@pytest.mark.parametrize(
    "said",
    [
        f"a head has {haproxy_config.HEADER_SECONDS} s, a body {body.BODY_SECONDS:.0f} s",
        f"a reader that takes nothing {sse.STALL_SECONDS:.0f} s",
        f"{body.LARGEST_BODY >> 20} MiB (body)",
        f"a gateway {gateway.DRAIN_SECONDS / 60:.0f} minutes",
        f"gives up\nwaiting after {boot.BOOT_SECONDS / 60:.0f} minutes",
        f"within {Timers().lease / 1000:.0f} s and {Timers().grace / 60_000:.0f} minutes",
        f"After {OLDEST_SECONDS / 3600:.0f} hours",
    ],
)
def test_a_number_of_the_page_is_that_of_the_code(said: str) -> None:
    assert said in PAGE


@pytest.mark.parametrize(
    "code",
    [
        "engine_error", "circuit_open", "cold_boot", "internal_error", "not_ready", "accounting_unavailable", "budget_reserved",
        "site_unavailable", "too_many_failures",
    ],
)
def test_the_table_of_failures_knows_every_error_that_is_no_fault_of_a_client(code: str) -> None:
    assert any(f"`{code}`" in row for row in table("| what you see | what it did by itself | what you do |"))


def test_every_alert_has_its_row_in_the_table_of_failures() -> None:
    rules = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text())["groups"][0]["rules"]
    rows = table("| what you see | what it did by itself | what you do |")
    alerts = {name for row in rows for name in re.findall(r"`([A-Z][A-Za-z]+)`", row) if name not in ("MISCONF", "OOM")}
    assert alerts == {rule["alert"] for rule in rules}
    assert [rule["alert"] for rule in rules if not rule["annotations"]["runbook"].endswith(f": {rule['alert']}")] == []


def test_no_failure_is_without_an_answer() -> None:
    rows = table("| what you see | what it did by itself | what you do |")
    assert len(rows) > 20
    assert [seen for seen, cells in rows.items() if len(cells) != 2 or not all(cells)] == []


@pytest.mark.parametrize("folder", ["container", "kubernetes", "systemd", "redis", "gpu"])
def test_a_readme_of_deploy_links_to_what_is_there(folder: str) -> None:
    text = (DEPLOY / folder / "README.md").read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("https://")]
    assert [link for link in links if not Path(DEPLOY / folder / link).exists()] == []
