"""What comes and goes over Socket Mode in frames that the SDK's own client can't read or write."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from slack_sdk.socket_mode.builtin.internals import _receive_messages

from bot.wiring.access.frames import LONGEST, WholeConnection, WholeFrames
from bot.wiring.access.socket_mode import SocketMode, Turn
from slack_playground.app import Playground
from slack_playground.person import Person
from tests.fixtures.door import bolt_app
from tests.fixtures.slack import close_quickly

TEXT, MORE, PING, FINAL = 0x1, 0x0, 0x9, 0x80


def frame(first: int, payload: bytes) -> bytes:
    return struct.pack("!BBQ", first, 127, len(payload)) + payload


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, WholeFrames]]:
    """Slack's end, and ours."""
    theirs, ours = socket.socketpair()
    ours.settimeout(0.01)
    with theirs, ours:
        yield theirs, WholeFrames(ours)


def received(ours: WholeFrames) -> list[tuple[int, bytes]]:
    """What the library makes of what has come."""
    messages = _receive_messages(ours, threading.Lock(), logging.getLogger("test"))  # type: ignore[arg-type]
    return [(header.opcode, data) for header, data in messages if header is not None]


def test_a_frame_of_two_megabytes_in_small_pieces_with_pauses_is_one_message(
    line: tuple[socket.socket, WholeFrames],
) -> None:
    theirs, ours = line
    payload = b"x" * 2_000_000
    sent = frame(FINAL | TEXT, payload) + frame(FINAL | TEXT, b"next")
    sender = threading.Thread(target=theirs.sendall, args=(sent[9:],))
    for byte in sent[:9]:
        theirs.send(bytes([byte]))
        with pytest.raises(TimeoutError):
            received(ours)
    sender.start()
    got: list[tuple[int, bytes]] = []
    while len(got) < 2:
        try:
            got += received(ours)
        except TimeoutError:  # as the client, which looks again
            continue
    sender.join()
    assert got == [(TEXT, payload), (TEXT, b"next")]


def test_a_message_in_several_frames_is_one_and_a_ping_may_come_between(
    line: tuple[socket.socket, WholeFrames],
) -> None:
    """The library leaves the handshake's last line end unread."""
    theirs, ours = line
    theirs.sendall(
        b"\n" + frame(TEXT, b"one ") + frame(FINAL | PING, b"hm?") + frame(MORE, b"two ") + frame(FINAL, b"three")
    )
    assert received(ours) + received(ours) == [(PING, b"hm?"), (TEXT, b"one two three")]


def test_a_frame_that_says_it_never_ends_ends_the_connection(line: tuple[socket.socket, WholeFrames]) -> None:
    theirs, ours = line
    theirs.sendall(struct.pack("!BBQ", FINAL | TEXT, 127, LONGEST + 1))
    with pytest.raises(OSError, match="longer than Slack's"):
        received(ours)


def test_an_answer_of_200_kilobytes_is_sent_masked_and_whole(line: tuple[socket.socket, WholeFrames]) -> None:
    theirs, ours = line
    connection = WholeConnection("ws://127.0.0.1", logging.getLogger("test"))
    ours.settimeout(None)
    connection.sock = ours  # type: ignore[assignment]  # as it is once connected
    words = "é" * 100_000
    sender = threading.Thread(target=connection.send, args=(words,))
    sender.start()
    with theirs.makefile("rb") as read:
        first, flag, length = struct.unpack("!BBQ", read.read(10))
        mask, payload = read.read(4), read.read(length)
    sender.join()
    assert (first, flag) == (FINAL | TEXT, 0x80 | 127)
    assert bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)).decode() == words


def test_a_long_message_that_is_edited_does_not_make_us_deaf(playground: Playground, responder: Person) -> None:
    """Slack writes each of these letters with 12 characters, in text and blocks, before and after."""
    app = bolt_app(playground)
    heard: list[str] = []
    app.event("message")(lambda event: heard.append(event.get("subtype", "posted")))
    app.command("/incident")(lambda ack: ack("here"))
    connection = SocketMode(app, "xapp-playground", ping_interval=5)
    connection.connect()  # type: ignore[no-untyped-call]  # the library leaves it bare
    try:
        ts = responder.say("C0INCIDENTS", "\U0001d400" * 39_000)
        responder.edit("C0INCIDENTS", ts, "\U0001d401" * 39_000)
        responder.command("C0INCIDENTS", "/incident help")  # raises where nobody answers
        responder.wait_for_ephemeral("C0INCIDENTS", "here")
        responder.wait_for(lambda: "message_changed" in heard, what=f"the edit among {heard}")
    finally:
        close_quickly(connection.client, playground)


def test_what_waits_has_an_end_and_what_is_refused_is_left_for_slack_to_send_again() -> None:
    go, again = threading.Event(), threading.Event()
    turn = Turn(1, "reactions", 2)
    taken: list[bool] = []

    def second() -> None:
        taken.append(turn.submit(again.set))  # the first has left its place

    try:
        assert turn.submit(lambda: go.wait(60)) and turn.submit(second), "one is worked on, one waits"
        assert not turn.submit(again.set) and not turn.submit(again.set)
        go.set()
        assert again.wait(60) and taken == [True]
    finally:
        go.set()
        turn.end()


def test_a_flood_of_reactions_keeps_neither_commands_nor_reports_waiting(
    playground: Playground, responder: Person
) -> None:
    app = bolt_app(playground)
    flooded, reported = threading.Event(), threading.Event()

    def slowly(next: Callable[[], None]) -> None:
        """As long as it takes: the flood does not end before the report was heard."""
        assert reported.wait(60)
        next()

    app.event("reaction_added", middleware=[slowly])(lambda: flooded.set())
    app.event("message")(lambda event: reported.set() if "down" in event["text"] else None)
    app.command("/incident")(lambda ack: ack("here"))
    connection = SocketMode(app, "xapp-playground", ping_interval=5)
    connection.connect()  # type: ignore[no-untyped-call]  # the library leaves it bare
    try:
        ts = responder.say("C0INCIDENTS", "the pool is full")
        for name in (
            "pushpin",
            "eyes",
            "tada",
            "heart",
            "fire",
            "rocket",
            "clap",
            "wave",
            "bell",
            "key",
            "lock",
            "zap",
        ):
            responder.react("C0INCIDENTS", ts, name)
        responder.command("C0INCIDENTS", "/incident help")  # raises where nobody answers
        responder.say("C0INCIDENTS", "checkout is down")
        assert flooded.wait(60)
    finally:
        reported.set()
        connection.close_between()
