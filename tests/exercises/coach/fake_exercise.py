#!/usr/bin/env python3
"""Stands for tools/exercise in the coach's tests: says what the files in the folder `said/` say.

said/check-01-2 is the answer to `check 01-2`; its first line is `exit N`, and may go on with `hang` (never ends, and
ignores SIGTERM), `crash` (ends by SIGSEGV) or `flood` (prints without end).  Each call appends a line to `asked`.
"""
import os
import pathlib
import signal
import sys
import time

words = [word for word in sys.argv[1:] if word != "--coach"]
with open("asked", "a") as log:
    log.write(" ".join(words) + (" give up" if os.environ.get("GIVE_UP") == "1" else "") + "\n")
head, _, text = pathlib.Path("said", "-".join(words)).read_text().partition("\n")
print(text, end="", flush=True)
what = head.split()[2:]
if "hang" in what:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1000)
if "crash" in what:
    os.kill(os.getpid(), signal.SIGSEGV)
while "flood" in what:
    print("flood " * 1000, flush=True)
sys.exit(int(head.split()[1]))
