from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from router.lifecycle import State
from router.measures import REGISTRY
from tests.cluster import CHECKOUT
from tests.deploy import monitoring
from tests.deploy.monitoring import MONITORING

SECONDS = 30
PAGE = (CHECKOUT / "docs" / "monitoring.md").read_text()


def checked(*words: str, seconds: int = SECONDS) -> str:
    done = subprocess.run([monitoring.promtool(), "check", *words], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_dashboard_is_what_its_module_makes(tmp_path: Path) -> None:
    copy = tmp_path / "dashboard.py"
    copy.write_text((MONITORING / "dashboard.py").read_text())
    subprocess.run([sys.executable, copy], check=True, timeout=SECONDS)
    made = (tmp_path / "dashboard.json").read_text()
    assert made == (MONITORING / "dashboard.json").read_text(), "run python deploy/monitoring/dashboard.py"


def test_promtool_reads_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(monitoring.of_dashboard())]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in checked("rules", str(path))


def test_promtool_reads_the_alerts_and_the_scrape_configuration() -> None:
    assert f"{len(monitoring.of_alerts())} rules found" in checked("rules", str(MONITORING / "alerts.yaml"))
    assert "SUCCESS" in checked("config", str(MONITORING / "prometheus.yaml"))


def test_promtool_refuses_what_is_no_expression(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "bad", "rules": [{"record": "x", "expr": "sum by ("}]}]}))
    with pytest.raises(AssertionError):
        checked("rules", str(path))


#: State of two models for a quarter of an hour, and whether somebody is woken.
STATES = [({"a": "cold", "b": "cold"}, False), ({"a": "cold", "b": "failed"}, True), ({"a": "starting", "b": "ready"}, False)]


@pytest.mark.parametrize(("states", "woken"), STATES, ids=str)
def test_only_a_model_that_should_run_wakes_somebody_by_not_being_ready(tmp_path: Path, states: dict[str, str], woken: bool) -> None:
    series = [
        {"series": f'ray_basemodel_model_state{{model="{model}", state="{state}"}}', "values": f"{int(state == now)}x15"}
        for model, now in states.items()
        for state in State
    ]
    expected = [{"exp_labels": {"severity": "page"}, "exp_annotations": alert("NoModelReady")["annotations"]}] if woken else []
    asked = {"alertname": "NoModelReady", "eval_time": "10m", "exp_alerts": expected}
    test = {"interval": "1m", "input_series": series, "alert_rule_test": [asked]}
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [str(MONITORING / "alerts.yaml")], "tests": [test]}))
    done = subprocess.run([monitoring.promtool(), "test", "rules", str(path)], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


def alert(name: str) -> dict[str, Any]:
    groups = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    return next(rule for group in groups for rule in group["rules"] if rule["alert"] == name)


def test_the_page_lists_what_is_measured_and_by_which_labels() -> None:
    rows = re.findall(r"^\| (`basemodel_.*?) \|(.*?)\| .* \|$", PAGE, re.MULTILINE)
    listed = {name: tuple(filter(None, labels.strip().split(", "))) for names, labels in rows for name in re.findall(r"`(\w+)`", names)}
    assert listed == {name: family.labels for name, family in REGISTRY.families.items()}


def test_the_page_lists_what_of_vllm_is_measured() -> None:
    """By the text of the module, which only a model host can import."""
    measured = set(re.findall(r'"vllm_(\w+)", "', (CHECKOUT / "deployments" / "vllm_stats.py").read_text()))
    (listed,) = re.findall(r"^vLLM's own numbers(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) - {"vllm_", "model"} == measured


def test_every_alert_pages_and_says_where_to_read_on() -> None:
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"] == {"severity": "page"}
            assert rule["annotations"]["runbook"].startswith("docs/operating.md")


def test_whatever_is_measured_is_shown() -> None:
    measured = {f"ray_{name}" for name in REGISTRY.families}
    shown = {name.removesuffix("_bucket") for name in monitoring.names()}
    assert measured <= shown
    assert {name for name in shown if "basemodel" in name} <= measured
