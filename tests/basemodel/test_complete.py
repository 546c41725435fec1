"""Reading a streamed completion."""

from __future__ import annotations

import httpx
import pytest

from basemodel import api
from basemodel.commands.complete import events, logprob_rows
from basemodel.failure import Failure


def test_events_end_with_done() -> None:
    response = httpx.Response(200, text='data: {"choices": [1]}\n\n: comment\n\ndata: {"choices": [2]}\n\ndata: [DONE]\n\n')
    assert [event["choices"] for event in events(response)] == [[1], [2]]


def test_a_stream_that_breaks_off_is_a_failure() -> None:
    with pytest.raises(Failure, match="broke off"):
        list(events(httpx.Response(200, text='data: {"choices": []}\n\n')))


@pytest.mark.parametrize(
    ("body", "said"), [('{"error": {"message": "No such key."}}', "No such key. (HTTP 401)"), ("<html>", "not one of its own (HTTP 401)")]
)
def test_an_error_of_the_service_is_passed_on(body: str, said: str) -> None:
    with pytest.raises(Failure) as caught:
        api.check(httpx.Response(401, text=body))
    assert str(caught.value).endswith(said)


def test_logprobs_are_listed_likeliest_first() -> None:
    logprobs = {"tokens": [" a"], "token_logprobs": [-1.5], "top_logprobs": [{" a": -1.5, " b": -0.5}]}
    assert logprob_rows(logprobs) == [["' a'", "-1.500", "' b' -0.50  ' a' -1.50"]]
    assert logprob_rows(None) == []
