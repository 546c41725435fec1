"""Every expression of deploy/monitoring, and the names in them."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import yaml

from tests.deploy.manifests import DEPLOY

MONITORING = DEPLOY / "monitoring"
#: What Grafana fills in.
FILLED = {"$__rate_interval": "5m", "$model": ".*"}


def promtool() -> str:
    beside = Path(sys.executable).with_name("promtool")
    found = str(beside) if beside.exists() else shutil.which("promtool")
    assert found, "there is no promtool: requirements/install dev brings it"
    return found


def of_alerts() -> list[str]:
    groups = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def of_dashboard() -> list[str]:
    """As Grafana sends them."""
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    for name, value in FILLED.items():
        expressions = [one.replace(name, value) for one in expressions]
    return expressions


def names() -> set[str]:
    return {name for one in of_alerts() + of_dashboard() for name in re.findall(r"ray_[a-z_]+", one)}
