"""Runs a program that may do anything, as a reader's may, and leaves nothing of it behind.

run() starts this file as a process of its own, the keeper, which starts the program in a session of its own.  The keeper
is the subreaper of all that descends from it: no process can leave that family, whatever group or session it makes.

Laws
  1. When run() returns, the program and all that it started have ended; also when run()'s process is killed.
  2. More memory or processes than the limits, together, end what the program started; a program that gives no sign of
     life for too long ends as well.  Each is told in words.
  3. What is kept of the output is bounded.

The limits are watched, every few milliseconds: the kernel's own count processes by user (and not those of root) and
memory by process, address space included, of which a sanitizer takes terabytes.
"""

import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time

MEMORY_MAX = 1 << 30
PROCESSES_MAX = 100
FILE_MAX = 256 << 20  # of any one file
OUTPUT_MAX = 4 << 20
SPARE_PROCESSES = 2000  # which an ordinary user may have beside those there are, should the watch come too late
TICK_S = 0.04
PAGE = resource.getpagesize()
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

MEMORY = f"it took more than {MEMORY_MAX >> 30} GiB of memory, so it was killed"
PROCESSES = f"it started more than {PROCESSES_MAX} processes, so they were killed"


@dataclasses.dataclass
class Ended:
    status: int  # as subprocess has it: negative for a signal
    output: str
    stopped: str = ""  # why it was stopped: it took more ...; empty when it ended by itself
    left_count: int = 0  # processes that it left behind, which were killed


def run(command, environment, folder, watched, silence_s):
    """Runs `command`.  Blocks until nothing of it is left.

    @param watched     a file that the program writes to, as its sign of life
    @param silence_s   how long it may give none
    """
    with tempfile.TemporaryDirectory() as place:
        told = pathlib.Path(place, "told")
        arguments = [str(os.getpid()), str(told), str(watched), str(silence_s), *map(str, command)]
        keeper = subprocess.Popen([sys.executable, "-I", "-S", __file__, *arguments], env=environment, cwd=folder,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            output, _ = keeper.communicate()
        except BaseException:  # Ctrl-C, above all
            keeper.send_signal(signal.SIGTERM)
            keeper.wait()
            raise
        facts = json.loads(told.read_text()) if told.exists() else {"status": keeper.returncode}
    return Ended(output=output.decode(errors="replace"), **facts)


def prctl(option, value):
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def children(process):
    """Of a process, as the kernel lists them."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    except OSError:  # it has ended meanwhile
        pass
    return found


def children_by_search():
    """{process: its children} of all there are, for kernels that are built without those lists."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                found.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(name))
        except OSError:
            pass
    return found


def descendants(process):
    if os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        children_of = children
    else:
        all_children = children_by_search()

        def children_of(parent):
            return all_children.get(parent, [])

    found, parents = [], [process]
    while parents:
        found += (more := children_of(parents.pop()))
        parents += more
    return found


def is_alive(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def memory_of(process):
    try:
        with open(f"/proc/{process}/statm") as file:
            _, resident, shared, *_ = map(int, file.read().split())
        return (resident - shared) * PAGE
    except (OSError, ValueError):
        return 0


def send(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


def kill_all(process):
    """Kills all that descends from a process, which may be starting more; returns how many were alive."""
    killed = set()
    while True:
        living = [other for other in descendants(process) if is_alive(other)]
        killed.update(living)
        for number in (signal.SIGSTOP, signal.SIGKILL):  # all stand still before the first one ends, or others would follow
            for group in groups_of(living, process):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, number)  # at once: a group that forks cannot outrun it
            for other in living:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(other, number)
        if is_alone(process):
            return len(killed)


def is_alone(process):
    """Whether nothing descends from a process any more.

    A look at /proc can miss one: its parent was in the list, and has ended since.  Of ourselves, to whom all orphans of the
    family fall, the kernel knows better: who has no child has no descendant.
    """
    if process != os.getpid():
        return not any(map(is_alive, descendants(process)))
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def share_of(process):
    """Its memory, of what it shares with others a part."""
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def groups_of(processes, head):
    """Their groups, but for those that we and the head of the family are in."""
    groups = set()
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            groups.add(os.getpgid(process))
    return groups - {os.getpgid(0), os.getpgid(head)}


def tasks_of_user():
    """How many threads this user has."""
    count = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            pass
    return count


def limit(kind, value):
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def start(command):
    tasks_max = tasks_of_user() + SPARE_PROCESSES

    def prepare():
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        limit(resource.RLIMIT_CORE, 0)
        limit(resource.RLIMIT_FSIZE, FILE_MAX)
        limit(resource.RLIMIT_NPROC, tasks_max)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    return subprocess.Popen(command, preexec_fn=prepare, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


class Keeper:
    def __init__(self, command, watched, silence_s):
        self.program = start(command)
        self.watched, self.silence_s = watched, silence_s
        self.output, self.stopped = bytearray(), ""

    def read_output(self):
        """False when nothing can come any more."""
        bytes_read = os.read(self.program.stdout.fileno(), 65536)
        self.output += bytes_read[: OUTPUT_MAX - len(self.output)]
        return bool(bytes_read)

    def size_of_watched(self):
        return os.path.getsize(self.watched) if os.path.exists(self.watched) else -1

    def over(self):
        """Which limit the program is over."""
        family = [self.program.pid, *filter(is_alive, descendants(self.program.pid))]
        if len(family) - 1 > PROCESSES_MAX:
            return PROCESSES
        # What a process shares with the one that forked it counts once; to find out takes long, so only when in doubt.
        over = all(sum(map(of, family)) > MEMORY_MAX for of in (memory_of, share_of))
        return MEMORY if over else ""

    def watch(self):
        """Until the program has ended."""
        ended, output = os.pidfd_open(self.program.pid), self.program.stdout.fileno()
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(output, select.POLLIN)
        size, since = self.size_of_watched(), time.monotonic()
        while True:
            ready = dict(poll.poll(TICK_S * 1000))
            if output in ready and not self.read_output():
                poll.unregister(output)
            if ended in ready:
                return
            if size != (size := self.size_of_watched()):
                since = time.monotonic()
            over = self.over()
            if over:  # the tests' own process goes on, and says which test it was
                self.stopped = self.stopped or over
                kill_all(self.program.pid)
                if memory_of(self.program.pid) > MEMORY_MAX:
                    self.program.kill()
            if time.monotonic() - since > self.silence_s:
                silence = f"it did not end, and gave no sign of life for {self.silence_s:g} s, so it was killed"
                self.stopped = self.stopped or silence
                self.program.kill()

    def finish(self):
        """Ends and reaps what is left: the program's status, and how many processes there were."""
        status = self.program.wait()
        left_count = kill_all(os.getpid())
        os.set_blocking(self.program.stdout.fileno(), False)
        try:
            while self.read_output():
                pass
        except BlockingIOError:
            pass
        return status, left_count


def keep(parent, told, watched, silence_s, *command):
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def end_all(number, _frame):
        kill_all(os.getpid())
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end_all)
    if os.getppid() != int(parent):
        sys.exit(1)
    keeper = Keeper(command, watched, float(silence_s))
    keeper.watch()
    status, left_count = keeper.finish()
    sys.stdout.buffer.write(keeper.output)
    sys.stdout.buffer.flush()
    pathlib.Path(told).write_text(json.dumps({"status": status, "stopped": keeper.stopped, "left_count": left_count}))


if __name__ == "__main__":
    keep(*sys.argv[1:])
