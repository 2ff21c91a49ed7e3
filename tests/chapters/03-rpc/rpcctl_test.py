#!/usr/bin/env python3
"""rpcctl, with a server of ours: rpcctl_test.py RPCCTL COUNTER."""
import json
import os
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

RPCCTL, COUNTER = sys.argv[1:3]
LIMIT_S = 30


class Rpcctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.server = subprocess.Popen([COUNTER, "serve", f"{cls.folder}/counter"], stdout=subprocess.DEVNULL)
        cls.address = f"ipc://{cls.folder}/counter.socket"

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.server.wait()
        shutil.rmtree(cls.folder)

    def ctl(self, *arguments):
        done = subprocess.run([RPCCTL, *arguments], capture_output=True, text=True, timeout=LIMIT_S)
        return done.returncode, done.stdout, done.stderr

    def call(self, *arguments):
        return self.ctl("call", self.address, *arguments)

    def test_lists_methods(self):
        status, out, _ = self.ctl("list", self.address)

        self.assertEqual(status, 0)
        self.assertIn("Counter.Add\n", out)
        self.assertIn("Health.Check\n", out)

    def test_calls_with_json(self):
        _, before, _ = self.call("Counter.Add", "[0]")

        status, out, _ = self.call("Counter.Add", "[3]", "--repeat", "once", "--metadata", "traceparent=00-1-2-01")

        self.assertEqual(status, 0)
        self.assertEqual(json.loads(out), [json.loads(before)[0] + 3])

    def test_says_what_went_wrong_and_whether_it_had_an_effect(self):
        for arguments, says in [
                (["Counter.Divide"], "unimplemented: there is no method Counter.Divide"),
                (["Counter.Add", '["x"]'], "invalid_argument"),
                (["Counter.Add", "3"], "not a JSON array: 3"),
                (["Counter.Add", "[1]", "--metadata", "x"], "--metadata x has no ="),
                (["no name"], "is no name of a method")]:
            with self.subTest(arguments):
                status, out, err = self.call(*arguments)

                self.assertEqual((status, out), (1, ""))
                self.assertIn(says, err)
                self.assertNotIn("may have been executed", err)

    def test_says_that_nobody_is_there(self):
        status, _, err = self.ctl("call", f"ipc://{self.folder}/nobody", "A", "--timeout", "0.1")

        self.assertEqual(status, 1)
        self.assertIn("nobody is at ipc://", err)
        self.assertIn("it was not executed", err)

    def test_refuses_what_is_no_address(self):
        status, _, err = self.ctl("list", "tcp://127.0.0.1:99999")

        self.assertEqual(status, 1)
        self.assertIn("invalid_argument: connect tcp://127.0.0.1:99999", err)

    def test_watches_health(self):
        watch = subprocess.Popen([RPCCTL, "health", self.address, "--watch"], stdout=subprocess.PIPE, text=True)
        try:
            self.assertTrue(select.select([watch.stdout], [], [], LIMIT_S)[0])
            self.assertEqual(watch.stdout.readline(), "serving\n")
            self.assertEqual(self.ctl("health", self.address)[:2], (0, "serving\n"))
        finally:
            watch.kill()
            watch.wait()
            watch.stdout.close()

    def test_measures_latency_and_shows_metrics(self):
        self.assertRegex(self.ctl("latency", self.address, "--count", "20")[1], r"20 calls: p50 \d+ us")
        self.assertIn('conclave_server_call_seconds_count{method="Health.Check",code="ok"}', self.ctl("metrics", self.address)[1])

    def test_makes_keys_and_never_over_others(self):
        file = f"{self.folder}/ada.key"

        self.assertEqual(self.ctl("keygen", file)[0], 0)
        status, _, err = self.ctl("keygen", file)

        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        self.assertEqual(status, 1)
        self.assertIn("already_exists", err)
        status, _, err = self.ctl("list", self.address, "--key", file)
        self.assertNotEqual(status, 0)
        self.assertIn("--server-key", err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
