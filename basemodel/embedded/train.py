"""Trains one embedded model, or measures it: `python -m basemodel.embedded.train BUILD_DIR pico`.

Needs `BUILD_DIR/train.jsonl` and `heldout.jsonl` (see `corpus.py`). Every two hundred steps the run is
saved, so that the same command goes on where it was stopped. The last step writes the Hugging Face
folder `BUILD_DIR/<id>/` in bf16 with `metrics.json` (held-out bits per byte) beside the weights.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from basemodel.embedded import tokenizer as vocabulary
from basemodel.embedded.growth import grow
from basemodel.embedded.llama import HEAD_DIM, NORM_EPSILON, ROPE_THETA, Llama, Shape

CONTEXT = 2048
SHORT, LONG = 512, CONTEXT
BATCH_TOKENS = 8192
LONG_SHARE = 0.12
WARMUP_STEPS = 40
DECAY_SHARE = 0.7
SAVE_EVERY = 200
#: How often a source is drawn compared with its size: prose that reads well more often than reference text.
WEIGHTS = defaultdict(lambda: 1.0, {"jane-austen": 2.0, "moby-dick": 2.0, "endless-sky": 3.0, "wesnoth": 3.0, "wordnet": 0.7})


@dataclass(frozen=True)
class Recipe:
    """What one model is and how long it is trained; learning rates as in Jordan et al. 2024 (Muon)."""

    shape: Shape
    tokens: int
    matrix_rate: float = 0.02
    vector_rate: float = 0.012
    grown_from: str | None = None

    @property
    def steps(self) -> int:
        return self.tokens // BATCH_TOKENS


RECIPES = {
    "pico": Recipe(Shape(4, 2, 1, 256, vocabulary.VOCABULARY, CONTEXT), 10_000_000),
    "nano": Recipe(Shape(5, 4, 2, 576, vocabulary.VOCABULARY, CONTEXT), 12_000_000, vector_rate=0.010),
    "micro": Recipe(Shape(6, 6, 2, 896, vocabulary.VOCABULARY, CONTEXT), 12_000_000, 0.015, 0.006, grown_from="nano"),
}


def main(build: Path, name: str) -> None:
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe, encoder = RECIPES[name], load_tokenizer(build)
    model = initial(recipe, build).to(device)
    if not (build / name / "model.safetensors").exists():
        run(model, recipe, Windows(build, encoder), build / f"{name}.checkpoint.pt", device)
        export(model, recipe, encoder, build / name)
    metrics = {"parameters": sum(p.numel() for p in model.parameters()), "tokens": recipe.steps * BATCH_TOKENS, "steps": recipe.steps}
    loaded = load(build / name, recipe, device)
    result = {**metrics, **bits_per_byte(loaded, encoder, build / "heldout.jsonl", device)}
    (build / name / "metrics.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def initial(recipe: Recipe, build: Path) -> Llama:
    """Random weights, or the function of the smaller model that the recipe names."""
    model = Llama(recipe.shape)
    if recipe.grown_from:
        grow(load(build / recipe.grown_from, RECIPES[recipe.grown_from], "cpu"), model)
    return model


def load_tokenizer(build: Path) -> Tokenizer:
    """The tokenizer of all three models, trained on the training text by whoever comes first."""
    path = build / "tokenizer.json"
    if not path.exists():
        with open(build / "train.jsonl") as lines:
            vocabulary.train_tokenizer(json.loads(line)["text"] for line in lines).save(str(path))
    return Tokenizer.from_file(str(path))


class Windows:
    """Training windows: `<|begin_of_text|>` and then text from the start of some line of some source."""

    def __init__(self, build: Path, encoder: Tokenizer) -> None:
        texts: dict[str, list[str]] = defaultdict(list)
        with open(build / "train.jsonl") as lines:
            for line in lines:
                entry = json.loads(line)
                texts[entry["source"]].append(entry["text"])
        newline = encoder.encode("\n", add_special_tokens=False).ids[0]
        self.ids = {source: pack(encoder, documents) for source, documents in texts.items()}
        self.starts = {source: line_starts(ids, newline) for source, ids in self.ids.items()}
        self.sources = list(self.ids)
        self.weights = torch.tensor([len(self.ids[source]) * WEIGHTS[source] for source in self.sources])

    def batch(self, length: int, generator: torch.Generator) -> Tensor:
        """Token ids [BATCH_TOKENS / length, length + 1]."""
        count = BATCH_TOKENS // length
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        return torch.stack([self._window(self.sources[source], length, generator) for source in chosen.tolist()])

    def _window(self, source: str, length: int, generator: torch.Generator) -> Tensor:
        starts = self.starts[source]
        at = int(starts[int(torch.randint(len(starts), (1,), generator=generator))])
        at = min(at, len(self.ids[source]) - length)
        return torch.cat([torch.tensor([vocabulary.BOS_ID]), self.ids[source][at : at + length].long()])


def pack(encoder: Tokenizer, documents: list[str]) -> Tensor:
    encoded = encoder.encode_batch_fast(documents, add_special_tokens=False)
    ids = [[*one.ids, vocabulary.EOS_ID, vocabulary.BOS_ID] for one in encoded]
    return torch.tensor([token for one in ids for token in one], dtype=torch.int16)


def line_starts(ids: Tensor, newline: int) -> Tensor:
    """Positions that follow a line break or begin a document."""
    breaks = (ids == newline) | (ids == vocabulary.BOS_ID)
    return torch.nonzero(breaks[: len(ids) - LONG - 2]).flatten() + 1


def run(model: Llama, recipe: Recipe, windows: Windows, checkpoint: Path, device: str) -> None:
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    vectors = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    muon = torch.optim.Muon(matrices, lr=recipe.matrix_rate, weight_decay=0.01, momentum=0.95)
    adam = torch.optim.AdamW(vectors, lr=recipe.vector_rate, betas=(0.9, 0.95), weight_decay=0.0)
    parts = {"model": model, "muon": muon, "adam": adam}
    first = resume(parts, checkpoint)
    schedules = [torch.optim.lr_scheduler.LambdaLR(one, lambda step: rate(step + first, recipe.steps)) for one in (muon, adam)]
    compute = torch.compile(model.loss, dynamic=False)  # two shapes; a dynamic one runs three times slower
    bar = tqdm(range(first, recipe.steps), initial=first, total=recipe.steps, mininterval=20)
    for step in bar:
        generator = torch.Generator().manual_seed(step)
        ids = windows.batch(LONG if step >= recipe.steps * (1 - LONG_SHARE) else SHORT, generator)
        with torch.autocast(device, torch.bfloat16):
            loss = compute(ids.to(device)).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer, schedule in zip((muon, adam), schedules, strict=True):
            optimizer.step()
            schedule.step()
        model.zero_grad()
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        if (step + 1) % SAVE_EVERY == 0:
            save(parts, step + 1, checkpoint)


def rate(step: int, steps: int) -> float:
    """Warm-up, plateau, linear decay to zero, as a factor of the learning rate."""
    return min((step + 1) / WARMUP_STEPS, 1.0, max(0.0, (steps - step) / (steps * DECAY_SHARE)))


def resume(parts: dict[str, object], checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])  # type: ignore[attr-defined]
    return int(saved["step"])


def save(parts: dict[str, object], step: int, checkpoint: Path) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}  # type: ignore[attr-defined]
    torch.save({**state, "step": step}, checkpoint.with_suffix(".part"))
    checkpoint.with_suffix(".part").replace(checkpoint)


def export(model: Llama, recipe: Recipe, encoder: Tokenizer, folder: Path) -> None:
    """The Hugging Face folder: weights in bf16, configuration, tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {f"model.{name}": p.detach().to("cpu", torch.bfloat16).contiguous() for name, p in model.named_parameters()}
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(configuration(recipe.shape), indent=2) + "\n")
    vocabulary.save_tokenizer(encoder, folder, CONTEXT)


def configuration(shape: Shape) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.width,
        "intermediate_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": HEAD_DIM,
        "hidden_act": "silu",
        "max_position_embeddings": shape.context,
        "vocab_size": shape.vocabulary,
        "rms_norm_eps": NORM_EPSILON,
        "rope_theta": ROPE_THETA,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": vocabulary.BOS_ID,
        "eos_token_id": vocabulary.EOS_ID,
        "initializer_range": 0.02,
        "use_cache": True,
        "dtype": "bfloat16",
    }


def load(folder: Path, recipe: Recipe, device: str) -> Llama:
    from safetensors.torch import load_file

    model = Llama(recipe.shape)
    weights = load_file(str(folder / "model.safetensors"))
    model.load_state_dict({name.removeprefix("model."): tensor.float() for name, tensor in weights.items()})
    return model.to(device).eval()


@torch.no_grad()
def bits_per_byte(model: Llama, encoder: Tokenizer, heldout: Path, device: str) -> dict[str, object]:
    """Held-out bits per UTF-8 byte, whole and per source; each window of 2,047 tokens starts anew with BOS."""
    nats: dict[str, float] = defaultdict(float)
    size: dict[str, int] = defaultdict(int)
    began = time.monotonic()
    for line in heldout.read_text().splitlines():
        entry = json.loads(line)
        ids = encoder.encode(entry["text"], add_special_tokens=False).ids
        for at in range(0, len(ids), CONTEXT - 1):
            window = torch.tensor([[vocabulary.BOS_ID, *ids[at : at + CONTEXT - 1]]], device=device)
            nats[entry["source"]] += float(model.loss(window).sum())
        size[entry["source"]] += len(entry["text"].encode())
    by_source = {source: round(nats[source] / size[source] / math.log(2), 4) for source in size}
    total = sum(nats.values()) / sum(size.values()) / math.log(2)
    return {"heldout_bits_per_byte": round(total, 4), "by_source": by_source, "measured_in_seconds": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
