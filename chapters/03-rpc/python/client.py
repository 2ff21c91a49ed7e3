#!/usr/bin/env python3
"""Calls a method: client.py ADDRESS METHOD 'JSON-ARRAY' [SECONDS].  Written from wire.md."""
import contextlib, itertools, json, secrets, sys, time
import msgpack, zmq

numbers = itertools.count(secrets.randbits(63) + 1)  # of the calls; never 0, and others after each start

def connect(address):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.immediate, socket.linger, socket.maxmsgsize = 1, 0, 4 << 20
    socket.connect(address)
    return socket

def receive(socket, number, attempt, until):
    """The reply to a call, or None; passes over others, errors of earlier attempts, and what cannot be read."""
    while (left := until - time.monotonic()) > 0 and socket.poll(left * 1000):
        with contextlib.suppress(Exception):
            header, body = socket.recv_multipart()
            header = msgpack.unpackb(header)
            values = (header[4:] + [1, 0, "", "", True][len(header) - 4:])[:5]  # what is missing at its end
            if header[:4] == ["CV", 1, 2, number] and (values[1] == 0 or values[0] == attempt):
                return values + [None if values[1] else msgpack.unpackb(body, strict_map_key=False)]

def call(socket, method, request, seconds, once=None, again=float("inf")):
    """Returns [attempt, code, message, what_to_do, maybe_executed, reply]; sends once more each `again` seconds."""
    number, deadline, attempt = next(numbers), time.monotonic() + seconds, 0
    while (left := deadline - time.monotonic()) > 0 and socket.poll(left * 1000, zmq.POLLOUT):
        attempt, now = attempt + 1, time.monotonic()
        header = ["CV", 1, 1, number, method, max(0, int((deadline - now) * 1e6)), attempt, once, {}]
        with contextlib.suppress(zmq.Again):  # the server has gone since poll
            socket.send_multipart([msgpack.packb(header), msgpack.packb(request)], zmq.NOBLOCK)
        if reply := receive(socket, number, attempt, min(deadline, now + again)):
            return reply
    if attempt and socket.poll(0, zmq.POLLOUT):
        socket.send_multipart([msgpack.packb(["CV", 1, 3, number]), b""], zmq.NOBLOCK)  # takes it back
    return [attempt, 4, f"no {'answer' if attempt else 'connection'} in time", "try again later", attempt > 0, None]

def call_once(socket, method, request, seconds):
    """A call that takes effect once, however often it is sent; here, the only one of its session."""
    session, deadline = secrets.randbits(64), time.monotonic() + seconds
    if (reply := call(socket, "Session.Open", [session], seconds, again=0.5))[1] != 0:
        return reply[:4] + [False, None]
    reply = call(socket, method, request, deadline - time.monotonic(), [session, 1, 1], again=0.5)
    is_forgotten = (reply[0], reply[1], reply[4]) == (1, 9, False)  # the session, by the server
    return call_once(socket, method, request, deadline - time.monotonic()) if is_forgotten else reply

if __name__ == "__main__":
    address, method, request, seconds = (sys.argv[1:] + ["5"])[:4]
    _, code, message, what_to_do, maybe, reply = call(connect(address), method, json.loads(request), float(seconds))
    effect = "perhaps" if maybe else "not"
    sys.exit(print(json.dumps(reply, default=repr)) if code == 0 else f"{code}: {message}; {what_to_do} ({effect} executed)")
