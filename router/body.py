"""Request bodies, read and parsed strictly: everything that JSON leaves open is refused here, with a 400.

This pass only rejects; what it lets through goes unchanged to the declared type (`wire.py`).
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from typing import Any, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request

from router.errors import ApiError, Fault, InvalidRequest, PayloadTooLarge, UnsupportedMediaType

LARGEST_BODY = 8 << 20
#: For all of a body, which may come a byte at a time.
BODY_SECONDS = 20.0
DEEPEST = 8
LONGEST_INTEGER = 20
#: Keys of one object; the largest that the API knows is a logit_bias of 300.
MOST_KEYS = 1024
#: Bytes from which parsing leaves the event loop to others.
LONG_BODY = 1 << 16
MANY_DIGITS = re.compile(rb"[0-9]{20}")
#: A `\uD800`-like escape; only then can a parsed string hold half of a surrogate pair.
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
MEDIA_TYPE = re.compile(r'application/json *(; *(charset="?utf-?8"? *)?)?', re.IGNORECASE)


Error = TypeVar("Error", bound=ApiError)


class Refused(ValueError):
    """Why a body is no JSON of ours; the text is for the caller."""


async def read_json(request: Request) -> dict[str, Any]:
    """The body's object. Raises UnsupportedMediaType, PayloadTooLarge, InvalidRequest, ClientDisconnect."""
    media_type = request.headers.get("content-type", "application/json" if _has_no_body(request.headers) else "")
    if not MEDIA_TYPE.fullmatch(media_type) or request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMediaType("The body must be sent as 'Content-Type: application/json', in UTF-8 and not compressed.")
    data = await _read(request)
    try:
        return parse(data) if len(data) < LONG_BODY else await asyncio.to_thread(parse, data)
    except Refused as error:
        raise InvalidRequest(Fault(None, "invalid_json", str(error))) from None


def _has_no_body(headers: Headers) -> bool:
    """Nothing has no type; `parse` says that it is empty."""
    return "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"


async def _read(request: Request) -> bytes:
    too_large = unread(PayloadTooLarge(f"The body must be at most {LARGEST_BODY} bytes."))
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > LARGEST_BODY):
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                data += chunk
                if len(data) > LARGEST_BODY:
                    raise too_large
    except TimeoutError:
        raise unread(InvalidRequest(Fault(None, "invalid_value", f"The body did not come within {BODY_SECONDS:.0f} s."))) from None
    return bytes(data)


def unread(error: Error) -> Error:
    """An answer to a request that has not come whole: the rest of it is heard by nobody."""
    error.headers["connection"] = "close"
    return error


def parse(data: bytes) -> dict[str, Any]:
    """Raises Refused."""
    if not data.strip():
        raise Refused("The body is empty; a JSON object is expected.")
    value = _decode(data)
    if not isinstance(value, dict):
        raise Refused("The body must be a JSON object.")
    strings = _walk(value)
    if SURROGATE.search(data) and not all(_encodable(text) for text in strings):
        raise Refused("The body has half of a surrogate pair (such as \\ud800), which is no Unicode text.")
    return value


def _decode(data: bytes) -> Any:
    try:
        decoder = _COUNTING if MANY_DIGITS.search(data) else _STRICT
        return decoder.decode(data.decode())
    except UnicodeDecodeError as error:
        raise Refused(f"The body is not UTF-8: byte {error.start} begins no valid character.") from None
    except json.JSONDecodeError as error:
        raise Refused(f"The body is not valid JSON, at line {error.lineno} column {error.colno}.") from None
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> Refused:
    return Refused(f"The body nests deeper than {DEEPEST} levels.")


def _walk(root: dict[str, Any]) -> list[str]:
    """Every string, keys too, level by level. Raises Refused below the deepest level allowed."""
    level: list[dict[str, Any] | list[Any]] = [root]
    strings: list[str] = []
    for _ in range(DEEPEST):
        below: list[dict[str, Any] | list[Any]] = []
        for one in level:
            strings += one if isinstance(one, dict) else ()
            values = one.values() if isinstance(one, dict) else one
            strings += [value for value in values if type(value) is str]
            below += [value for value in values if type(value) is dict or type(value) is list]
        level = below
    if level:
        raise _too_deep()
    return strings


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        raise Refused(f"The body has an object with {len(pairs)} keys; {MOST_KEYS} are the most.")
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise Refused(f"The body has the key {json.dumps(name[:64])} twice in one object.")
        result[name] = value
    return result


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise Refused(f"The body has an integer of {len(digits)} characters; {LONGEST_INTEGER} are the most.")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Refused(f"The body has the number {digits[:32]}, which is too large.")
    return value


def _constant(name: str) -> float:
    raise Refused(f"The body has {name}, which is not JSON.")


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
#: Asked for only where there may be an integer to refuse: it is ten times slower on lists of ids.
_COUNTING = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
