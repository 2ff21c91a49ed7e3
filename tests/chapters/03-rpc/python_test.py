#!/usr/bin/env python3
"""The client and the server in Python, which know nothing but the page wire.md, with ours: python_test.py RPCCTL COUNTER PYTHON_FOLDER."""
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

import msgpack
import zmq

RPCCTL, COUNTER, FOLDER = sys.argv[1:4]
sys.path.insert(0, FOLDER)
import client  # noqa: E402

LIMIT_S = 30
UNIMPLEMENTED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, FAILED_PRECONDITION = 12, 3, 4, 9


def run(*arguments):
    """What a program does: its exit status, and what it prints."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT_S)
    return done.returncode, done.stdout, done.stderr


def python_client(*arguments):
    return run(sys.executable, f"{FOLDER}/client.py", *arguments)


class Page(unittest.TestCase):
    """wire.md."""

    def bytes_of(self, text):
        """Of lines like `  a2 43 56      "CV"`."""
        return bytes.fromhex("".join(line.strip().split("   ")[0] for line in text.splitlines()))

    def test_shows_the_bytes_that_are_sent(self):
        with open(f"{FOLDER}/../wire.md", encoding="utf-8") as file:
            blocks = [block for block in re.findall(r"```text\n(.*?)```", file.read(), re.DOTALL) if block.startswith("99   ")]
        shown = [tuple(self.bytes_of(half) for half in block.split("\n\n")) for block in blocks]

        request = ["CV", 1, 1, 1001, "Counter.Add", 5_000_000, 1, None, {}]
        reply = ["CV", 1, 2, 1001, 1, 0, "", "", True]
        self.assertEqual(shown, [(msgpack.packb(request), msgpack.packb(["visits", 1])), (msgpack.packb(reply), msgpack.packb([42]))])


class Sizes(unittest.TestCase):
    def test_are_forty_lines_each(self):
        for name in ["client.py", "server.py"]:
            with open(f"{FOLDER}/{name}", encoding="utf-8") as file:
                code = [line for line in file if line.strip() and not re.match(r'\s*"""|#!', line)]
            self.assertLessEqual(len(code), 40, name)


class PythonClient(unittest.TestCase):
    """With a server of ours, which adds to a counter."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.address = f"ipc://{cls.folder}/counter.socket"
        cls.server = subprocess.Popen([COUNTER, "serve", f"{cls.folder}/counter"], stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.server.wait()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.socket = client.connect(self.address)

    def tearDown(self):
        self.socket.close()

    def value(self):
        return client.call(self.socket, "Counter.Add", [0], LIMIT_S)[5][0]

    def test_calls(self):
        before = self.value()

        self.assertEqual(python_client(self.address, "Counter.Add", "[3]"), (0, f"[{before + 3}]\n", ""))

    def test_is_told_what_went_wrong_and_that_it_had_no_effect(self):
        for method, request, code in [("Counter.Divide", [1], UNIMPLEMENTED), ("no name", [1], INVALID_ARGUMENT),
                                      ("Counter.Add", ["x"], INVALID_ARGUMENT), ("Counter.Add", 3, INVALID_ARGUMENT)]:
            with self.subTest(method=method, request=request):
                _, is_code, message, _, maybe_executed, _ = client.call(self.socket, method, request, LIMIT_S)

                self.assertEqual((is_code, maybe_executed), (code, False), message)
        self.assertEqual(python_client(self.address, "Counter.Divide", "[]")[0], 1)

    def test_has_one_effect_of_a_call_that_is_once(self):
        before = self.value()

        self.assertEqual(client.call_once(self.socket, "Counter.Add", [5], LIMIT_S)[5], [before + 5])
        self.assertEqual(self.value(), before + 5)

    def test_gets_the_same_answer_to_the_same_request(self):
        self.assertEqual(client.call(self.socket, "Session.Open", [4711], LIMIT_S)[1], 0)
        self.assertEqual(client.call(self.socket, "Session.Open", [4711], LIMIT_S)[1], 0)

        first = client.call(self.socket, "Counter.Add", [1], LIMIT_S, [4711, 1, 1])
        again = client.call(self.socket, "Counter.Add", [1], LIMIT_S, [4711, 1, 1])
        client.call(self.socket, "Counter.Add", [1], LIMIT_S, [4711, 2, 2])
        over = client.call(self.socket, "Counter.Add", [1], LIMIT_S, [4711, 1, 1])

        self.assertEqual(again, first)
        self.assertEqual((over[1], over[4]), (FAILED_PRECONDITION, False))

    def test_keeps_its_deadline_when_nobody_is_there(self):
        status, out, err = python_client(f"ipc://{self.folder}/nobody", "Counter.Add", "[1]", "0.2")

        self.assertEqual((status, out, err), (1, "", "4: no connection in time; try again later (not executed)\n"))


class PythonServer(unittest.TestCase):
    """With rpcctl, which is a client of ours."""

    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([sys.executable, f"{FOLDER}/server.py", "tcp://127.0.0.1:*"], stdout=subprocess.PIPE, text=True)
        assert select.select([cls.server.stdout], [], [], LIMIT_S)[0], "the server says nothing"
        cls.address = cls.server.stdout.readline().split()[-1]

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.server.wait()
        cls.server.stdout.close()

    def call(self, *arguments):
        return run(RPCCTL, "call", self.address, *arguments)

    def test_is_called(self):
        self.assertEqual(self.call("Counter.Add", '["visits", 2]'), (0, '[2]\n', ""))
        self.assertEqual(self.call("Counter.Add", '["visits", -5]'), (0, '[-3]\n', ""))

    def test_lists_its_methods_and_is_well(self):
        self.assertIn("Counter.Add\n", run(RPCCTL, "list", self.address)[1])
        self.assertEqual(run(RPCCTL, "health", self.address)[1], "serving\n")

    def test_says_what_went_wrong_and_that_it_had_no_effect(self):
        for arguments, says in [(["Counter.Divide"], "unimplemented"), (["Counter.Add", "[1, 2]"], "invalid_argument"),
                                (["Counter.Add", '["a", 1]', "--repeat", "once"], "unimplemented")]:
            with self.subTest(arguments):
                status, _, err = self.call(*arguments)

                self.assertEqual(status, 1)
                self.assertIn(says, err)
                self.assertIn("it was not executed", err)

    def test_survives_what_it_cannot_read(self):
        socket = client.connect(self.address)
        self.assertTrue(socket.poll(LIMIT_S * 1000, zmq.POLLOUT))
        for frames in [[b""], [b"GET / HTTP/1.1"], [b"a", b"b", b"c"], [b"\xdd\xff\xff\xff\xff", b""], [b"\x91" * 8192, b""],
                       [msgpack.packb(["CV", 1, 1, 5, "Counter.Add", 10**6]), b"\xdd\xff\xff\xff\xff"]]:
            socket.send_multipart(frames)
        answer = client.call(socket, "Counter.Add", ["other", 1], LIMIT_S)
        socket.close()

        self.assertEqual(answer[5], [1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
