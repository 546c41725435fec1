from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tokenizers import Tokenizer

from budgets.keys import ApiKey, Keys
from router.catalogue import EMBEDDED, Catalogue, ModelSpec
from router.lifecycle import Standing, State
from router.scripted_engine import ScriptedEngine, ScriptedFleet
from router.tokenizer_wire import Detokenized, Tokenized, TokenizerInfo
from router.tokens import Vocabulary
from tests.conftest import OTHER, PICO
from tests.router.byte_tokenizer import CONFIG, write_byte_tokenizer
from tests.router.errors import assert_error

TEXT = "naïve 🦊 — the quick"
HELLO = list(b"hello")
ROOTS, PICO_PATHS = ["", "/v1"], ["/m/pico", "/m/pico/v1"]


@pytest.fixture
def two_tokenizers(fleet: ScriptedFleet, tmp_path: Path) -> ScriptedFleet:
    """The catalogue has `pico`, and `bytes` with another tokenizer."""
    spec = ModelSpec(id="bytes", source="lab/bytes", revision="1", max_model_len=32, path=write_byte_tokenizer(tmp_path))
    fleet.catalogue = Catalogue(models=(PICO, spec))
    return fleet


@pytest.mark.parametrize("root", ROOTS + PICO_PATHS)
async def test_text_to_ids_and_back_at_every_address(client: httpx.AsyncClient, vocabulary: Vocabulary, root: str) -> None:
    response = await client.post(f"{root}/tokenize", json={"model": "pico", "prompt": TEXT})
    Tokenized.model_validate_json(response.content, strict=True)
    ids = vocabulary.encode(TEXT)
    assert response.json() == {"count": len(ids), "max_model_len": 2048, "tokens": ids, "token_strs": None}
    response = await client.post(f"{root}/detokenize", json={"model": "pico", "tokens": ids[1:]})
    Detokenized.model_validate_json(response.content, strict=True)
    assert response.json() == {"prompt": TEXT}


async def test_a_text_gets_the_ids_that_it_gets_as_a_prompt(client: httpx.AsyncClient) -> None:
    ids = (await client.post("/v1/tokenize", json={"model": "pico", "prompt": TEXT})).json()["tokens"]
    answer = await client.post("/v1/completions", json={"model": "pico", "prompt": TEXT, "max_tokens": 0, "return_token_ids": True})
    assert answer.json()["choices"][0]["prompt_token_ids"] == ids


async def test_special_tokens_are_added_unless_the_caller_says_no(client: httpx.AsyncClient, vocabulary: Vocabulary) -> None:
    added, bare = [await tokens(client, "/v1", prompt="hi", add_special_tokens=added) for added in (True, False)]
    assert added == [vocabulary.bos_id, *bare]
    assert await tokens(client, "/v1", prompt="<|end_of_text|>", add_special_tokens=False) == [vocabulary.eos_id]


async def test_an_empty_text_has_no_tokens_of_its_own(client: httpx.AsyncClient, vocabulary: Vocabulary) -> None:
    assert await tokens(client, "/v1", prompt="") == [vocabulary.bos_id]
    assert await tokens(client, "/v1", prompt="", add_special_tokens=False) == []


@pytest.mark.parametrize("prompt", [TEXT, TEXT * 500], ids=["short", "long"])
async def test_token_names_are_those_of_hugging_face(client: httpx.AsyncClient, prompt: str) -> None:
    body = (await client.post("/v1/tokenize", json={"model": "pico", "prompt": prompt, "return_token_strs": True})).json()
    hugging_face = Tokenizer.from_file(str(EMBEDDED / "pico" / "tokenizer.json"))
    assert body["token_strs"] == hugging_face.encode(prompt).tokens
    assert body["count"] == len(body["tokens"]) == len(body["token_strs"])


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"ab\xe2\x96", "ab\ufffd"),
        (b"\xff\xfea", "\ufffd\ufffda"),
        (b"\xe2\x82\xac", "€"),
    ],
)
async def test_bytes_that_are_no_text_show_as_replacement_characters(
    client: httpx.AsyncClient, two_tokenizers: ScriptedFleet, data: bytes, text: str
) -> None:
    assert (await client.post("/m/bytes/detokenize", json={"tokens": list(data)})).json() == {"prompt": text}


async def test_special_tokens_come_back_as_they_are_spelt(client: httpx.AsyncClient, two_tokenizers: ScriptedFleet) -> None:
    assert (await client.post("/m/bytes/detokenize", json={"tokens": [256, *HELLO, 257]})).json() == {"prompt": "<s>hello</s>"}


async def test_long_lists_of_ids_are_texts_too(client: httpx.AsyncClient, vocabulary: Vocabulary) -> None:
    ids = vocabulary.encode(TEXT * 1000, add_special_tokens=False)
    assert (await client.post("/v1/detokenize", json={"model": "pico", "tokens": ids})).json() == {"prompt": TEXT * 1000}


@pytest.mark.parametrize("path", ["/tokenizer_info?model=pico", "/v1/tokenizer_info?model=pico", "/m/pico/tokenizer_info"])
async def test_the_tokenizer_says_what_it_is(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    TokenizerInfo.model_validate_json(response.content, strict=True)
    assert response.json() == json.loads((EMBEDDED / "pico" / "tokenizer_config.json").read_bytes())


async def test_special_tokens_of_the_info_are_strings(client: httpx.AsyncClient, fleet: ScriptedFleet, tmp_path: Path) -> None:
    added = {"added_tokens_decoder": {"256": {"content": "<s>", "special": True}}, "additional_special_tokens": [{"content": "</s>"}]}
    write_byte_tokenizer(tmp_path, {**CONFIG, **added, "vocab_file": "/home/me/vocab", "chat_template": "{{ messages }}"})
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"path": str(tmp_path)}),))
    assert (await client.get("/tokenizer_info")).json() == {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "added_tokens_decoder": {"256": "<s>"},
        "additional_special_tokens": ["</s>"],
    }


async def test_what_the_config_leaves_out_is_null(client: httpx.AsyncClient, fleet: ScriptedFleet, tmp_path: Path) -> None:
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"path": write_byte_tokenizer(tmp_path, {})}),))
    info = (await client.get("/tokenizer_info")).json()
    assert info == {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None, "eos_token": None}
    assert await tokens(client, "", prompt="<s>hello") == [256, *HELLO]


async def test_a_cold_model_answers_and_stays_cold(client: httpx.AsyncClient, fleet: ScriptedFleet, engine: ScriptedEngine) -> None:
    fleet.standings["pico"] = Standing(State.COLD, time.time())
    assert await tokens(client, "/m/pico", prompt="hi")
    assert (await client.get("/m/pico/tokenizer_info")).status_code == 200
    assert engine.jobs == []


@pytest.mark.parametrize("root", ROOTS)
async def test_while_all_models_share_a_tokenizer_none_need_be_named(client: httpx.AsyncClient, vocabulary: Vocabulary, root: str) -> None:
    body = (await client.post(f"{root}/tokenize", json={"prompt": TEXT})).json()
    assert body["tokens"] == vocabulary.encode(TEXT)
    assert body["max_model_len"] == min(PICO.max_model_len, OTHER.max_model_len)
    assert (await client.post(f"{root}/detokenize", json={"tokens": body["tokens"][1:]})).json() == {"prompt": TEXT}
    assert (await client.get(f"{root}/tokenizer_info")).json()["bos_token"] == "<|begin_of_text|>"


@pytest.mark.parametrize("root", ROOTS)
async def test_where_tokenizers_differ_a_model_must_be_named(client: httpx.AsyncClient, two_tokenizers: ScriptedFleet, root: str) -> None:
    for response in (
        await client.post(f"{root}/tokenize", json={"prompt": "hi"}),
        await client.post(f"{root}/detokenize", json={"tokens": [1], "model": None}),
        await client.get(f"{root}/tokenizer_info"),
    ):
        error = assert_error(response, 400, "missing_parameter", "model", "name one of pico, bytes")
        assert "/m/{model}" in error["message"]
        assert response.headers["x-should-retry"] == "false"


async def test_every_model_answers_with_its_own_tokenizer(
    client: httpx.AsyncClient, two_tokenizers: ScriptedFleet, vocabulary: Vocabulary
) -> None:
    own = {"pico": vocabulary.encode("hello"), "bytes": [256, *HELLO]}
    for model, ids in own.items():
        for root, named in (("", {"model": model}), ("/v1", {"model": model}), (f"/m/{model}", {}), (f"/m/{model}/v1", {})):
            assert await tokens(client, root, prompt="hello", **named) == ids
            text = (await client.post(f"{root}/detokenize", json={"tokens": ids, **named})).json()["prompt"]
            assert text == {"pico": "<|begin_of_text|>hello", "bytes": "<s>hello"}[model]
            info = (await client.get(f"{root}/tokenizer_info", params=named)).json()
            assert info["bos_token"] == {"pico": "<|begin_of_text|>", "bytes": "<s>"}[model]


async def test_models_whose_tokenizers_only_call_themselves_otherwise_do_not_share_one(
    client: httpx.AsyncClient, fleet: ScriptedFleet, tmp_path: Path
) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, bos in zip(folders, ("<s>", "</s>"), strict=True):
        folder.mkdir()
        write_byte_tokenizer(folder, {"bos_token": bos, "eos_token": "</s>"})
    fleet.catalogue = Catalogue(models=tuple(PICO.model_copy(update={"id": one.name, "path": str(one)}) for one in folders))
    assert_error(await client.get("/tokenizer_info"), 400, "missing_parameter", "model")


async def test_a_tokenizer_that_cannot_be_read_may_be_any(client: httpx.AsyncClient, fleet: ScriptedFleet, tmp_path: Path) -> None:
    fleet.catalogue = Catalogue(models=(PICO, PICO.model_copy(update={"id": "broken", "path": str(tmp_path)})))
    assert_error(await client.post("/tokenize", json={"prompt": "hi"}), 400, "missing_parameter", "model")
    assert_error(await client.post("/m/broken/tokenize", json={"prompt": "hi"}), 503, "circuit_open", "model")
    assert await tokens(client, "/m/pico", prompt="hi")


async def test_a_model_that_leaves_the_catalogue_is_asked_no_more(client: httpx.AsyncClient, two_tokenizers: ScriptedFleet) -> None:
    assert_error(await client.post("/tokenize", json={"prompt": "hi"}), 400, "missing_parameter", "model")
    two_tokenizers.catalogue = Catalogue(models=two_tokenizers.catalogue.models[1:])
    assert await tokens(client, "", prompt="hello") == [256, *HELLO]


@pytest.mark.parametrize(
    ("path", "body", "param", "code", "says"),
    [
        ("tokenize", {}, "prompt", "missing_parameter", "'prompt' is required"),
        ("tokenize", {"prompt": "a", "model": "other"}, "model", "invalid_value", '"other" was given'),
        ("detokenize", {"tokens": [1, "a"]}, "tokens", "invalid_value", '"a" was given'),
        ("detokenize", {"tokens": [1, 4096]}, "tokens", "invalid_value", "ids 0 to 4095"),
    ],
)
async def test_refused(client: httpx.AsyncClient, path: str, body: dict[str, Any], param: str, code: str, says: str) -> None:
    assert_error(await client.post(f"/m/pico/{path}", json=body), 400, code, param, says)


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ("?modell=pico", "modell", "unknown_parameter"),
        ("?model=pico&model=other", "model", "invalid_value"),
        ("?model=other", "model", "invalid_value"),
    ],
)
async def test_a_query_is_as_strict_as_a_body(client: httpx.AsyncClient, query: str, param: str, code: str) -> None:
    assert_error(await client.get(f"/m/pico/tokenizer_info{query}"), 400, code, param)


async def test_bodies_are_bounded_here_too(client: httpx.AsyncClient) -> None:
    response = await client.post("/tokenize", content=b" " * (8 << 20) + b"{}", headers={"content-type": "application/json"})
    assert_error(response, 413, "payload_too_large")
    assert_error(await client.post("/tokenize", content=b"{}"), 415, "unsupported_media_type")


@pytest.mark.parametrize("model", ["nope", "%2e%2e", "%ff", "a" * 999, "Pico", "pico%20"])
async def test_an_unknown_model_in_the_path_is_told_which_there_are(client: httpx.AsyncClient, model: str) -> None:
    for response in (
        await client.post(f"/m/{model}/tokenize", json={"prompt": "hi"}),
        await client.post(f"/m/{model}/v1/detokenize", json={"tokens": [1]}),
        await client.get(f"/m/{model}/tokenizer_info"),
    ):
        error = assert_error(response, 404, "model_not_found", "model", "pico, other")
        assert len(error["message"]) < 300


@pytest.mark.parametrize("root", ROOTS + PICO_PATHS)
async def test_a_key_is_needed(stranger: httpx.AsyncClient, root: str) -> None:
    for method, name in (("POST", "tokenize"), ("POST", "detokenize"), ("GET", "tokenizer_info")):
        assert_error(await stranger.request(method, f"{root}/{name}"), 401, "invalid_api_key")


async def test_a_key_opens_the_tokenizers_of_its_models_only(stranger: httpx.AsyncClient, keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    shown, _ = await keys.create(api_key[1].account_id, "narrow", models=("other",))
    stranger.headers["authorization"] = f"Bearer {shown}"
    assert await tokens(stranger, "/m/other", prompt="hi")
    assert_error(await stranger.post("/m/pico/tokenize", json={"prompt": "hi"}), 403, "model_not_allowed", "model")


async def tokens(client: httpx.AsyncClient, root: str, **body: Any) -> list[int]:
    response = await client.post(f"{root}/tokenize", json=body)
    assert response.status_code == 200, response.text
    return list(response.json()["tokens"])
