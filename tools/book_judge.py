"""The judge of the mutants: each wrong answer must die in the test that is named for it, in the way it says.

A mutant survives when its test passes, when no such test ran, and when it dies in another way than it promises: a crash
or a hang, where an assertion should speak, teaches nobody.
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import shutil
import sys
import time

import book_fingerprints
from book_exercises import DEATHS, Exercise, Mutant, Verdict, Wrong, run_tests

PROGRESS_S = 5
HANG_S = 20  # a second of a processor's time may take several while others build


@dataclasses.dataclass
class Judgement:
    exercise: Exercise
    mutant: Mutant
    reason: str  # why it survives; empty when it died as promised
    seeds: int  # how many the test tried until it failed; 0: it has none
    seconds: float
    mark: object  # its fingerprint; None when it has none


def killed_by(mutant, verdict):
    """Why this verdict of the mutant's test is no death as promised; empty when it is one."""
    if verdict.outcome == DEATHS[mutant.dies]:
        return ""
    if verdict.outcome == "passed":
        return f"{mutant.test} passed"
    return f"{verdict.outcome}, where {mutant.dies} was promised: {verdict.message}"


def judge_alone(mutant, program, answers):
    """Runs the test that must kill the mutant: why it survives, the test's verdict or None, and the seconds."""
    run = run_tests(program, f"--gtest_filter={mutant.test}", answers=answers, timeout_s=HANG_S)
    if not run.verdicts:
        reason = f"there is no test {mutant.test}" if run.status == 0 else f"the test program ended with status {run.status}"
        return reason, None, run.seconds
    if len(run.verdicts) > 1 or run.verdicts[0].test != mutant.test:
        return "other tests ran: " + ", ".join(verdict.test for verdict in run.verdicts), None, run.seconds
    return killed_by(mutant, run.verdicts[0]), run.verdicts[0], run.seconds


def judge(exercise, mutant, program, answers):
    """Runs one mutant.  Where it has a fingerprint, its tests run as a reader's do: up to the first that fails."""
    seconds, first = 0.0, None
    if book_fingerprints.has_any(exercise.kind):
        run = run_tests(program, "--first", answers=answers, timeout_s=HANG_S)
        seconds = run.seconds
        first = next((verdict for verdict in run.verdicts if verdict.outcome not in ("passed", "skipped")), None)
    if first and first.test == mutant.test:
        reason, killer = killed_by(mutant, first), first
    else:
        reason, killer, more = judge_alone(mutant, program, answers)
        seconds += more
    return Judgement(exercise, mutant, reason, (killer or Verdict("", "", "")).seeds, seconds,
                     book_fingerprints.of(mutant.name, first) if first else None)


def judge_all(chosen):
    """Judges [(exercise, mutant, program, answers)], in parallel, with a line of progress."""
    rows, shown = [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for row in pool.map(lambda job: judge(*job), chosen):
            rows.append(row)
            said = f"judged {len(rows)} of {len(chosen)}  {row.mutant.folder}/{row.mutant.name}"
            if sys.stderr.isatty():
                print(f"\r\033[K{clip(said, shutil.get_terminal_size().columns - 1)}", end="", file=sys.stderr, flush=True)
            elif time.monotonic() - shown >= PROGRESS_S:
                print(said, file=sys.stderr, flush=True)
                shown = time.monotonic()
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return rows


def clip(text, width):
    return text if len(text) <= width else text[: width - 1] + "…"


def print_table(rows):
    width = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 160
    names = max(len(row.mutant.name) for row in rows)
    tests = max(len(row.mutant.test) for row in rows)
    room = max(24, width - names - tests - 21)
    print(f"{'mutant':{names}}  {'misconception':{room}}  {'killed by':{tests}}  seeds  seconds")
    folder = ""
    for row in rows:
        mutant = row.mutant
        if mutant.folder != folder:
            folder = mutant.folder
            print(folder)
        killer = "SURVIVES" if row.reason else mutant.test
        print(f"{mutant.name:{names}}  {clip(mutant.misconception, room):{room}}  {killer:{tests}}  {row.seeds or '-':>5}  {row.seconds:7.2f}")
    for row in rows:
        if row.reason:
            print(f"\n{row.mutant.folder}/{row.mutant.name} survives: {row.reason}\n"
                  f"  mutant  {row.mutant.path}\n  test    {row.mutant.test}")
    alive = sum(1 for row in rows if row.reason)
    print(f"\n{len(rows)} mutants, {len(rows) - alive} killed, {alive} alive")


def write_markdown(rows, file):
    """The table for the site.  The wrong programs of break-it exercises stay out: they are what the reader looks for."""
    lines = ["# Wrong answers, and the test that catches each", "",
             "`make mutants` plants each of these mistakes and runs the tests. Each must be found by the test that is named for",
             "it. *Seeds* is how many random orders that test tried until it failed; a dash: it needs none."]
    folder = ""
    for row in rows:
        if row.exercise.kind == "break-it":
            continue
        if row.exercise.folder != folder:
            folder = row.exercise.folder
            title = f"Chapter {folder}" if row.exercise.kind == "chapter" else f"Exercise {folder}"
            lines += ["", f"## {title}", "", "| wrong answer | misconception | killed by | seeds | seconds |",
                      "| --- | --- | --- | ---: | ---: |"]
        killer = "**survives**" if row.reason else f"`{row.mutant.test}`"
        cells = [row.mutant.name, row.mutant.misconception, killer, str(row.seeds or "-"), f"{row.seconds:.2f}"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")


def fingerprints_of(rows):
    """{folder: {name: fingerprint}} of the judged mutants that have one."""
    found = {}
    for row in rows:
        if book_fingerprints.has_any(row.exercise.kind):
            found.setdefault(row.exercise.folder, {})
            if row.mark:
                found[row.exercise.folder][row.mutant.name] = row.mark
    return found


def names_of(exercises, folder):
    exercise = next(exercise for exercise in exercises if exercise.folder == folder)
    return {pathlib.Path(entry["mutant"]).stem for entry in exercise.mutants}


def stale_fingerprints(rows):
    """What the files of fingerprints say otherwise than these judgements, as lines to print."""
    for folder, judged in fingerprints_of(rows).items():
        path = book_fingerprints.path_of(folder)
        known = book_fingerprints.read(folder)
        renew = f"\n  renew it: make mutants EX={folder} FINGERPRINTS=1"
        names = names_of([row.exercise for row in rows], folder)
        for name in sorted(known.keys() - names):
            yield f"{path}: {name} is no mutant any more{renew}"
        for name, mark in sorted(judged.items()):
            if name not in known:
                yield f"{path}: {name} has no fingerprint{renew}"
            elif known[name] != mark:
                yield f"{path}: the fingerprint of {name} is stale\n  it says  {known[name]}\n  it is    {mark}{renew}"


def write_fingerprints(rows):
    """Takes these judgements into the files; what was not judged stays.  Returns the paths."""
    written = []
    for folder, judged in fingerprints_of(rows).items():
        names = names_of([row.exercise for row in rows], folder)
        try:
            known = book_fingerprints.read(folder)
        except Wrong:  # it is written anew
            known = {}
        rows_here = {row.mutant.name for row in rows if row.exercise.folder == folder}
        kept = {name: mark for name, mark in known.items() if name in names - rows_here}
        book_fingerprints.write(folder, kept | judged)
        written.append(book_fingerprints.path_of(folder))
    return written
