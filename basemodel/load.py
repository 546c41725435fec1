"""How busy the service is, off the exporter of this node."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from basemodel.cluster import metrics

SECONDS = 2.0
LINE = re.compile(r"^ray_([a-z_]+)\{(.*)\} ([0-9.eE+-]+)$", re.MULTILINE)
MODEL = re.compile(r'(?:^|,)model="([^"]*)"')


@dataclass(frozen=True)
class Load:
    """Sums over the node's processes: of the service by name, and of each model. Some seconds old: Ray hands on every ten."""

    service: dict[str, float] = field(default_factory=dict)
    models: dict[str, dict[str, float]] = field(default_factory=dict)

    def of(self, model: str, name: str) -> float | None:
        """None where it is not known."""
        return self.models.get(model, {}).get(name)


def read(home: Path) -> Load:
    """Empty where the exporter does not answer."""
    address = metrics.address(home)
    if address is None:
        return Load()
    try:
        return parsed(httpx.get(address, timeout=SECONDS, trust_env=False).text)
    except httpx.HTTPError:
        return Load()


def parsed(text: str) -> Load:
    service: dict[str, float] = defaultdict(float)
    models: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, labels, value in LINE.findall(text):
        if name.startswith(("basemodel_", "vllm_")) and not name.endswith("_bucket"):
            model = MODEL.search(labels)
            (models[model[1]] if model else service)[name] += float(value)
    return Load(dict(service), {model: dict(numbers) for model, numbers in models.items()})
