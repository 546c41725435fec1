"""Gateways that call a host of their machine straight, with an engine of three lines in place of vLLM."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from deployments import caller
from deployments import channels as module
from deployments.channels import Channel, Channels, Outcome, door_path
from deployments.inbox import Inbox
from deployments.messages import Direct, Ended, Failed, FailureKind
from router.engine import EngineDied, Job, Sampling
from tests.deployments.conversation import Conversation

REPLICA = "abc123xy"


@pytest.fixture
async def folder(conversation: Conversation, tmp_path: Path) -> Path:
    await conversation.host.open(str(door_path(tmp_path, REPLICA)))
    return tmp_path


@pytest.fixture
async def gateways(folder: Path) -> AsyncIterator[Callable[[], Channels]]:
    begun: list[Channels] = []

    def begin() -> Channels:
        begun.append(Channels(folder))
        return begun[-1]

    yield begin
    for one in begun:
        one.close()
    await asyncio.sleep(0)


async def channel(gateway: Channels) -> Channel:
    found = await gateway.to(REPLICA)
    assert found is not None
    return found


class Asked:
    """A job that was sent over a channel."""

    def __init__(self, over: Channel, tokens: int = 3, name: str = "job") -> None:
        self.inbox, self.told = Inbox(), list[Outcome]()
        self.call = over.start(Job(name, (0, 5), Sampling(max_tokens=tokens)), self.inbox, self.told.append)

    async def outcome(self) -> Outcome:
        await until(lambda: bool(self.told))
        [outcome] = self.told
        return outcome


def hang_up(over: Channel) -> None:
    assert over._transport is not None
    over._transport.close()


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not check():
            await asyncio.sleep(0.01)


async def first(inbox: Inbox) -> None:
    await asyncio.wait_for(inbox.get(), 5)


async def test_a_job_streams_its_tokens_and_its_end_is_told_once(conversation: Conversation, gateways: Callable[[], Channels]) -> None:
    asked = Asked(await channel(gateways()))
    assert await asked.outcome() == Ended(asked.call, 0)
    assert [token for delta in await conversation.deltas(asked.inbox) for token in delta.token_ids] == conversation.script.ids[:3]


async def test_calls_of_two_gateways_and_of_the_replica_may_have_the_same_number(
    conversation: Conversation, gateways: Callable[[], Channels]
) -> None:
    asked = [Asked(await channel(gateways()), name=name) for name in ("one", "two")]
    assert [one.call for one in asked] == [1, 1]
    conversation.start(1, Sampling(max_tokens=2))
    assert {(await one.outcome()).call for one in asked} == {1}
    answers = [await conversation.answer() for _ in range(3)]
    assert Ended(1) in [Ended(one.call) for one in answers if isinstance(one, Ended)]


async def test_an_abort_ends_the_engines_work_and_nothing_is_told(conversation: Conversation, gateways: Callable[[], Channels]) -> None:
    conversation.script.hangs = True
    over = await channel(gateways())
    asked = Asked(over, 1000)
    await first(asked.inbox)
    over.abort(asked.call)
    await until(lambda: conversation.script.running == 0)
    assert asked.told == []
    assert not over.busy


async def test_a_gateway_that_hangs_up_ends_its_own_jobs_alone(conversation: Conversation, gateways: Callable[[], Channels]) -> None:
    conversation.script.hangs = True
    mine, others = await channel(gateways()), await channel(gateways())
    for asked in (Asked(mine, 1000), Asked(others, 1000)):
        await first(asked.inbox)
    mine.close()
    await until(lambda: conversation.script.running == 1)
    assert len(conversation.host.jobs) == 1


async def test_when_the_host_goes_every_call_is_told(conversation: Conversation, gateways: Callable[[], Channels]) -> None:
    conversation.script.hangs = True
    over = await channel(gateways())
    asked = [Asked(over, 1000) for _ in range(3)]
    await first(asked[0].inbox)
    hang_up(over)  # as its kernel would
    for one in asked:
        assert await one.outcome() == Failed(one.call, FailureKind.ENGINE_DIED, "the model host is gone")
    assert not over.alive


async def test_a_gateway_that_stops_reading_loses_its_jobs_and_no_other_does(
    conversation: Conversation, gateways: Callable[[], Channels], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "MOST_WAITING", 20_000)
    conversation.script.ids = [7] * 100_000
    over = await channel(gateways())
    assert over._transport is not None
    over._transport.pause_reading()
    deaf = Asked(over, 100_000)
    other = Asked(await channel(gateways()), 2_000, "other")
    assert isinstance(await other.outcome(), Ended)
    await until(lambda: conversation.script.running == 0)
    over._transport.resume_reading()
    outcome = await deaf.outcome()
    assert isinstance(outcome, Failed)
    assert outcome.kind == FailureKind.GATEWAY_LOST
    assert isinstance(await Asked(over, name="again").outcome(), Ended)


async def test_a_dying_engine_fails_the_job_and_ends_the_host(conversation: Conversation, gateways: Callable[[], Channels]) -> None:
    conversation.script.dies = True
    asked = Asked(await channel(gateways()), 1000)
    assert await asked.outcome() == Failed(asked.call, FailureKind.ENGINE_DIED, "scripted")
    with pytest.raises(EngineDied):
        await asyncio.wait_for(conversation.work, 5)


async def test_the_replica_hears_when_it_is_busy_without_its_doing(conversation: Conversation, gateways: Callable[[], Channels]) -> None:
    conversation.script.hangs = True
    over = await channel(gateways())
    asked = [Asked(over, 1000) for _ in range(2)]
    assert await conversation.answer() == Direct(True)
    for one in asked:
        await first(one.inbox)
        over.abort(one.call)
    assert await conversation.answer() == Direct(False)


@pytest.mark.parametrize("sent", [b"\0\0\0\5hello", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"])
async def test_who_says_what_no_gateway_says_is_hung_up_on_alone(
    conversation: Conversation, gateways: Callable[[], Channels], folder: Path, sent: bytes
) -> None:
    over = await channel(gateways())
    reader, writer = await asyncio.open_unix_connection(door_path(folder, REPLICA))
    writer.write(sent)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert isinstance(await Asked(over).outcome(), Ended)


async def test_many_who_want_the_first_channel_share_it(gateways: Callable[[], Channels]) -> None:
    gateway = gateways()
    found = await asyncio.gather(*(gateway.to(REPLICA) for _ in range(20)))
    assert len(set(found)) == 1


async def test_a_replica_of_another_machine_has_none_and_is_not_looked_for_each_time(
    gateways: Callable[[], Channels], folder: Path, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)
    gateway = gateways()
    assert await gateway.to("elsewhere") is None
    (folder / door_path(folder, "elsewhere").name).symlink_to(door_path(folder, REPLICA))
    assert await gateway.to("elsewhere") is None
    await asyncio.sleep(0.1)
    assert await gateway.to("elsewhere") is not None


async def test_a_door_with_nobody_behind_it_is_no_channel(tmp_path: Path) -> None:
    door_path(tmp_path, REPLICA).touch()
    began = time.monotonic()
    assert await Channels(tmp_path).to(REPLICA) is None
    assert time.monotonic() - began < module.CONNECT_SECONDS


async def test_a_replica_that_serve_takes_away_keeps_its_channel_until_its_jobs_end(
    conversation: Conversation, gateways: Callable[[], Channels]
) -> None:
    conversation.script.hangs = True
    gateway = gateways()
    over = await channel(gateway)
    asked = Asked(over, 1000)
    await first(asked.inbox)
    gateway.keep([])
    await asyncio.sleep(0.05)
    assert over.alive
    over.abort(asked.call)
    gateway.keep([])
    await until(lambda: not over.alive)


async def test_a_host_that_comes_back_is_found_again(
    conversation: Conversation, gateways: Callable[[], Channels], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateways()
    over = await channel(gateway)
    hang_up(over)
    await until(lambda: not over.alive)
    assert await channel(gateway) is not over


async def test_a_message_may_be_as_long_as_a_prompt(conversation: Conversation, gateways: Callable[[], Channels]) -> None:
    over = await channel(gateways())
    told: list[Outcome] = []
    over.start(Job("long", tuple(range(100_000)), Sampling(max_tokens=1)), Inbox(), told.append)
    await until(lambda: bool(told))
    assert isinstance(told[0], Ended)
