from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from router.measures import REGISTRY
from tests.deploy import monitoring
from tests.deploy.monitoring import MONITORING

SECONDS = 30


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
