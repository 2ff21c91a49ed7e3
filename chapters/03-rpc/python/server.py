#!/usr/bin/env python3
"""A server of counters, without sessions: server.py ADDRESS.  Written from wire.md."""
import sys, msgpack, zmq

counters, dropped = {}, 0

def add(name, delta):
    value = counters.get(name, 0) + delta
    if (type(name), type(delta)) != (str, int) or not -2**63 <= value < 2**63:
        raise ValueError("the request is [string, integer], and the sum has 64 bits")
    counters[name] = value
    return [value]

METHODS = {"Counter.Add": add, "Health.Check": lambda service: ["not_serving" if service else "serving"],
           "Meta.Methods": lambda: [list(METHODS)], "Meta.Metrics": lambda: [f"dropped_total {dropped}\n"]}

def execute(body, version, kind, method=None, remaining_us=0, attempt=1, once=None, *later):
    """The elements of a reply from `code` on, and its body."""
    refusal = ((12, "no such version, kind or method, and no sessions")
               if (version, kind, once) != (1, 1, None) or method not in METHODS else
               (4, "too late") if remaining_us <= 0 else None)
    return ([*refusal, "", False], b"") if refusal else ([0, "", "", True], msgpack.packb(
        METHODS[method](*([] + msgpack.unpackb(body, max_array_len=1000)))))

def answer(header, body=None):
    """The header and the body to answer with, or None; an exception: the message cannot be read."""
    tag, version, kind, call, *rest = msgpack.unpackb(header[:8 << 10])  # a longer one cannot be read
    is_header = tag == "CV" and {type(version), type(kind), type(call)} == {int} and 0 < call < 2**64
    if not is_header or (version == 1 and kind in (2, 5, 6)):
        raise ValueError("not for a server")
    if version == 1 and kind in (3, 4):  # a cancel finds nothing to end: no handler here waits
        return [msgpack.packb(["CV", 1, 5, call, True]), b""] if kind == 4 else None
    try:
        elements, result = execute(body, version, kind, *rest)
    except Exception as error:  # before any effect: the body, or an element, is not as it should be
        elements, result = [3, f"{type(error).__name__}: {error}"[:200], "", False], b""
    attempt = rest[2] if kind == 1 and len(rest) > 2 and type(rest[2]) is int else 1
    return [msgpack.packb(["CV", 1, 2, call, attempt] + elements), result]

socket = zmq.Context().socket(zmq.ROUTER)
socket.router_mandatory, socket.linger, socket.maxmsgsize = 1, 0, 4 << 20
socket.bind(sys.argv[1])
print("listens at", socket.last_endpoint.decode().rstrip("\0"), flush=True)
while True:
    sender, *frames = socket.recv_multipart()
    try:
        if back := answer(*frames):
            socket.send_multipart([sender, *back], zmq.NOBLOCK)
    except Exception:  # it cannot be read, or the sender has gone, or does not read
        dropped += 1
