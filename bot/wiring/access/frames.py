"""Whole WebSocket frames for the SDK's own client, however long they are and in however many pieces they come.

The client reads a frame by calling itself once for every 1,024 bytes, so that an envelope of a megabyte (one long
message, edited) ends in a RecursionError in the middle of it. It then takes the rest for frames, logs what people
wrote, and is deaf until it has connected anew. A pause within a frame does the same. It can't send more than 65,535
bytes.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Any

from slack_sdk.errors import SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin import client as builtin
from slack_sdk.socket_mode.builtin.connection import Connection

LONGEST = 16 * 1024 * 1024  # bytes; Slack's longest envelopes have about two megabytes
_PIECE = 64 * 1024
_FINAL, _MASKED, _LENGTH = 0x80, 0x80, 0x7F
_TEXT, _FIRST_CONTROL = 0x1, 0x8


class WholeFrames:
    """A socket whose `recv` gives one whole frame, and whose `send` sends all of it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._come = bytearray()
        self._message = bytearray()  # what has come of one that is sent in several frames
        self._first = 0
        self._begun = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    def send(self, data: bytes) -> int:
        """All of it; the client takes no notice of how much was sent."""
        self._line.sendall(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        """The next frame, not masked; b"" where the other side has hung up. What came before a timeout is kept.

        `size` is what the client asks for, which is less than a frame. Raises OSError for a frame that is too long.
        """
        while True:
            found = self._take()
            if found is not None:
                first, payload = found
                whole = self._joined(first, payload)
                if whole is not None:
                    return whole
                continue
            piece = self._line.recv(max(size, _PIECE))
            if not piece:
                return b""
            self._come += piece

    def _take(self) -> tuple[int, bytes] | None:
        """The first byte and the payload of a frame that has come as a whole."""
        come = self._come
        if come and not self._begun:
            self._begun = True
            come[:] = come.removeprefix(b"\n")  # the library leaves the last of the handshake to be read
        if len(come) < 2:
            return None
        begin, length = 2, come[1] & _LENGTH
        if length > 125:
            begin = 4 if length == 126 else 10
            if len(come) < begin:
                return None
            length = int.from_bytes(come[2:begin], "big")
        if length > LONGEST or len(self._message) > LONGEST:
            raise OSError(f"a frame of {length} bytes is longer than Slack's")
        if len(come) < begin + length:
            return None
        first, payload = come[0], bytes(come[begin : begin + length])
        del come[: begin + length]
        return first, payload

    def _joined(self, first: int, payload: bytes) -> bytes | None:
        """The frame as one, None while more of it is to come. Control frames may come between."""
        kind = first & 0x0F
        if kind >= _FIRST_CONTROL:
            return _framed(first, payload)
        self._first = kind or self._first
        self._message += payload
        if not first & _FINAL:
            return None
        whole = _framed(_FINAL | self._first, bytes(self._message))
        self._message.clear()
        return whole


class WholeConnection(Connection):
    """The SDK's connection, through whole frames in both directions."""

    def connect(self) -> None:
        super().connect()
        if self.sock is not None:  # nobody reads from it yet
            self.sock = WholeFrames(self.sock)  # type: ignore[assignment]  # all of a socket that the library uses

    def send(self, payload: str) -> None:
        """Raises SlackClientNotConnectedError, upon which the client tries once more."""
        line = self.sock
        if line is None:
            raise SlackClientNotConnectedError("not connected")
        try:
            with self.sock_send_lock:
                line.send(_framed(_FINAL | _TEXT, payload.encode(), os.urandom(4)))
        except OSError as error:
            raise SlackClientNotConnectedError(f"the connection is no longer active: {error}") from error


def use_whole_frames() -> None:
    """Clients connect through whole frames from now on. The library looks its class up by name, and takes no other."""
    builtin.Connection = WholeConnection  # type: ignore[attr-defined]  # it is imported there


def _framed(first: int, payload: bytes, mask: bytes = b"") -> bytes:
    """The frame; masked, as whatever a client sends has to be, where there is a mask."""
    flag, length = _MASKED if mask else 0, len(payload)
    if length <= 125:
        head = struct.pack("!BB", first, flag | length)
    elif length <= 0xFFFF:
        head = struct.pack("!BBH", first, flag | 126, length)
    else:
        head = struct.pack("!BBQ", first, flag | 127, length)
    return head + mask + (_masked(payload, mask) if mask else payload)


def _masked(payload: bytes, mask: bytes) -> bytes:
    """Each byte with the mask's; as two long numbers, which takes no loop."""
    over = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(over, "big")).to_bytes(len(payload), "big")
