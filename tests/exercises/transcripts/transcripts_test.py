#!/usr/bin/env python3
"""What a reader is told of an answer, kept: transcripts_test.py PROGRAM FILE

Runs an exercise's program as `make check` does, and compares what it says with the file.  CONCLAVE_REWRITE=1 writes the
file anew, and a person reads the difference.
"""
import difflib
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
from book_build import from_root  # noqa: E402
from book_exercises import run_tests  # noqa: E402

TEST_S = 4  # as tools/exercise has it

program, file = sys.argv[1], pathlib.Path(sys.argv[2])
run = run_tests(program, "--first", timeout_s=TEST_S)
said = re.sub(r"build/\w+/", "build/dev/", from_root(run.output.strip())) + "\n"
if os.environ.get("CONCLAVE_REWRITE") == "1":
    file.write_text(said)
kept = file.read_text() if file.exists() else ""
if said != kept:
    sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), said.splitlines(True), f"kept: {file.name}", "said now"))
    sys.exit(f"{file.name}: a reader would be told something else; when the new text is right, CONCLAVE_REWRITE=1 keeps it")
