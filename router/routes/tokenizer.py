"""Texts to ids, ids to texts, and what the tokenizer is: all of it without an engine, so a cold model answers too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from budgets.keys import ApiKey
from router.body import read_json
from router.errors import Fault, InvalidRequest
from router.faults import validated
from router.prompts import id_faults
from router.query import parameters, query_of
from router.responses import ErrorBody
from router.services import AppParts, Parts, PathModel
from router.shelf import Served
from router.tokenizer_wire import (
    Detokenized,
    DetokenizeRequest,
    Tokenized,
    TokenizeRequest,
    TokenizerInfo,
    TokenizerInfoRequest,
)
from router.wire import body_schema

T = TypeVar("T")

router = APIRouter(responses={"4XX": {"model": ErrorBody}})

#: Ids from which work on them leaves the event loop.
MANY_IDS = 4096
#: Left out of tokenizer_config.json: clients that find a template use it, and base models have none.
TEMPLATE = "chat_template"


@router.post("/m/{model}/v1/tokenize", include_in_schema=False)
@router.post("/m/{model}/tokenize", include_in_schema=False)
@router.post("/tokenize", include_in_schema=False)
@router.post("/v1/tokenize", responses={200: {"model": Tokenized}}, openapi_extra=body_schema(TokenizeRequest))
async def tokenize(request: Request, parts: AppParts, model: PathModel) -> Response:
    """The ids of a text, as the same text gets them as a prompt."""
    key = await parts.key(request)
    wanted = validated(TokenizeRequest, await read_json(request), model)
    served = await _served(parts, key, wanted.model)
    ids = await served.vocabulary.encode_aside(wanted.prompt, wanted.add_special_tokens)
    names = await _aside(served.vocabulary.pieces, ids) if wanted.return_token_strs else None
    return _json({"count": len(ids), "max_model_len": served.spec.max_model_len, "tokens": ids, "token_strs": names})


@router.post("/m/{model}/v1/detokenize", include_in_schema=False)
@router.post("/m/{model}/detokenize", include_in_schema=False)
@router.post("/detokenize", include_in_schema=False)
@router.post("/v1/detokenize", responses={200: {"model": Detokenized}}, openapi_extra=body_schema(DetokenizeRequest))
async def detokenize(request: Request, parts: AppParts, model: PathModel) -> Response:
    """The text of ids, with special tokens as they are spelt and U+FFFD for bytes that are no UTF-8."""
    key = await parts.key(request)
    wanted = validated(DetokenizeRequest, await read_json(request), model)
    served = await _served(parts, key, wanted.model)
    faults = id_faults("tokens", wanted.tokens, served.spec, served.vocabulary)
    if faults:
        raise InvalidRequest(*faults)
    return _json({"prompt": await _aside(served.vocabulary.decode, wanted.tokens)})


@router.get("/m/{model}/v1/tokenizer_info", include_in_schema=False)
@router.get("/m/{model}/tokenizer_info", include_in_schema=False)
@router.get("/tokenizer_info", include_in_schema=False)
@router.get("/v1/tokenizer_info", responses={200: {"model": TokenizerInfo}}, openapi_extra=parameters(TokenizerInfoRequest))
async def tokenizer_info(request: Request, parts: AppParts, model: PathModel) -> Response:
    """What the model's tokenizer_config.json says, special tokens as strings."""
    key = await parts.key(request)
    wanted = validated(TokenizerInfoRequest, query_of(request), model)
    return _json(_info((await _served(parts, key, wanted.model)).vocabulary.config))


async def _served(parts: Parts, key: ApiKey, model: str | None) -> Served:
    """The model that is named; where none is, one that speaks for all."""
    return await _common(parts) if model is None else await parts.served(key, model)


async def _common(parts: Parts) -> Served:
    served = await parts.shelf.common()
    if served is None:
        ids = ", ".join(parts.fleet.catalogue.ids)
        message = f"'model' is required, as the models do not share one tokenizer: name one of {ids}, or begin the path with /m/{{model}}."
        raise InvalidRequest(Fault("model", "missing_parameter", message))
    return served


def _info(config: dict[str, Any]) -> dict[str, Any]:
    """As vLLM gives it: nothing that names a file."""
    shown = {name: _plain(value) for name, value in config.items() if name != TEMPLATE and not name.endswith("_file")}
    return {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None, "eos_token": None, **shown}


def _plain(value: Any) -> Any:
    """The value with its descriptions of tokens replaced by what they describe."""
    if isinstance(value, dict):
        return value["content"] if "content" in value else {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


async def _aside(work: Callable[[Sequence[int]], T], ids: Sequence[int]) -> T:
    """In a thread where there are so many ids that the event loop would stand still."""
    return work(ids) if len(ids) < MANY_IDS else await asyncio.to_thread(work, ids)


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
