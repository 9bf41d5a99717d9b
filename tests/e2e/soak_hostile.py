"""Clients that a server has to bear, one after the other until the file STOP is there: they ask and
never read, send garbage, break off in the middle, connect and leave. soak_hostile.py RPC HTTP TOKEN STOP
with HOST:PORT of the two; prints what it has done as JSON."""

import json
import os
import random
import socket
import struct
import sys
import time

CONNECT_S = 5
RECEIVE_BUFFER_BYTES = 4096


def connect(address, read_little=False):
    host, port = address.rsplit(":", 1)
    connection = socket.socket()
    if read_little:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    connection.settimeout(CONNECT_S)
    connection.connect((host, int(port)))
    return connection


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def request(number, token):
    """A frame of nng's REQ: length, request id, envelope."""
    header = field(1, b"authorization") + field(2, b"Bearer " + token)
    page = varint(1 << 3) + varint(100)  # ListPostsRequest.page_size
    envelope = field(1, b"lectern.v1.PostService/ListPosts") + field(2, page) + field(4, header)
    body = struct.pack(">I", 0x80000000 | number) + envelope
    return struct.pack(">Q", len(body)) + body


def greet(address, read_little=False):
    connection = connect(address, read_little)
    connection.sendall(b"\0SP\0\0\x30\0\0")
    return connection


def never_read(address, token):
    """Several, whose calls are answered until the server gives them up or for a while."""
    connections = [greet(address, True) for _ in range(8)]
    end = time.monotonic() + 3
    number = 0
    for connection in connections:
        connection.setblocking(False)
    while time.monotonic() < end:
        for connection in connections:
            number += 1
            try:
                connection.sendall(request(number, token))
            except OSError:
                pass
        time.sleep(0.02)
    for connection in connections:
        connection.close()


def garbage(address):
    connection = connect(address)
    connection.sendall(random.randbytes(random.randrange(1, 3000)))
    connection.close()


def garbage_behind_greeting(address):
    connection = greet(address)
    body = struct.pack(">I", 0x80000001) + random.randbytes(random.randrange(0, 3000))
    connection.sendall(struct.pack(">Q", len(body)) + body)
    connection.close()


def break_off(address, token):
    connection = greet(address)
    frame = request(1, token)
    connection.sendall(frame[: random.randrange(1, len(frame))])
    connection.close()


def announce_much(address):
    connection = greet(address)
    connection.sendall(struct.pack(">Q", random.choice([9 << 20, 1 << 40, (1 << 64) - 1])) + b"x")
    connection.close()


def break_off_http(address):
    connection = connect(address)
    connection.sendall(b"POST /lectern.v1.PostService/ListPosts HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{")
    connection.close()


def main():
    rpc, http, token, stop = sys.argv[1], sys.argv[2], sys.argv[3].encode(), sys.argv[4]
    kinds = {
        "never_read": lambda: never_read(rpc, token),
        "garbage": lambda: garbage(rpc),
        "garbage_http": lambda: garbage(http),
        "garbage_behind_greeting": lambda: garbage_behind_greeting(rpc),
        "break_off": lambda: break_off(rpc, token),
        "break_off_http": lambda: break_off_http(http),
        "announce_much": lambda: announce_much(rpc),
        "come_and_go": lambda: connect(rpc).close(),
    }
    done = dict.fromkeys(kinds, 0)
    done["refused"] = 0
    while not os.path.exists(stop):
        for name, act in kinds.items():
            for _ in range(1 if name == "never_read" else 5):
                try:
                    act()
                    done[name] += 1
                except OSError:
                    done["refused"] += 1
    print(json.dumps(done))


main()
