"""Goroutines in gdb, in a program that runs and in a core file:

  (gdb) source tools/gdb/goroutines.py
  (gdb) info goroutines        number, name, state, where it waits, where it was started
  (gdb) goroutine 3 bt         through which calls goroutine 3 came to where it is parked

With several threads inside run(), `goroutine` means those of the first that has such a number.  The values of
parameters are left out: those that a parked goroutine keeps in registers lie where gdb does not look.
"""
import gdb
from gdb.unwinder import Unwinder, register_unwinder

POINTER = 8
DEQUE_NODE_BYTES = 512  # libstdc++'s


def text_of(string):
    """A std::string."""
    return string["_M_dataplus"]["_M_p"].string(length=int(string["_M_string_length"]))


def place_of(location):
    """A std::source_location, as the reports write it."""
    said = location["_M_impl"]
    if int(said) == 0:
        return "?"
    file = said["_M_file_name"].string()
    for root in ("/chapters/", "/exercises/", "/solutions/", "/docs/", "/tests/"):
        if root in file:
            file = root.strip("/") + "/" + file.split(root, 1)[1]
            break
    return "%s:%d" % (file, int(said["_M_line"]))


def elements(deque):
    """The elements of a std::deque."""
    start, finish = deque["_M_impl"]["_M_start"], deque["_M_impl"]["_M_finish"]
    per_node = max(1, DEQUE_NODE_BYTES // start["_M_cur"].dereference().type.sizeof)
    node, here = start["_M_node"], start["_M_cur"]
    while here != finish["_M_cur"]:
        yield here.dereference()
        here += 1
        if here == node.dereference() + per_node:
            node += 1
            here = node.dereference()


def processors():
    """Those of all threads that are inside run()."""
    seats = gdb.lookup_static_symbol("conclave::detail::(anonymous namespace)::seats")
    if seats is None:
        raise gdb.GdbError("This program has no goroutines of Conclave, or no debug information (compile with -g).")
    seats = seats.value()["_M_elems"]
    first, last = seats.type.strip_typedefs().range()
    found = [seats[i]["processor"] for i in range(first, last + 1)]
    found = [processor.dereference() for processor in found if int(processor) != 0]
    if not found:
        raise gdb.GdbError("No thread is inside run() now.")
    return found


def goroutines(processor):
    """Those that are alive, lowest number first."""
    alive = [goroutine for goroutine in elements(processor["records_"]) if int(goroutine["id"]) != 0]
    return sorted(alive, key=lambda goroutine: int(goroutine["id"]))


LOST = "parked; its stack is not in this file"  # gdb's generate-core-file stops at the guard pages of Linux 6.13


def state_of(processor, goroutine):
    if int(goroutine["wait"]) != 0:
        call = goroutine["wait"]["call"]
        return call.string() if int(call) != 0 else LOST
    worker = int(goroutine["worker"])
    return "running" if worker != 0 and worker == int(processor["active_"]) else "runnable"


class InfoGoroutines(gdb.Command):
    """All goroutines: number, name, state, where it waits, where it was started."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for processor in processors():
            for goroutine in goroutines(processor):
                name = text_of(goroutine["name"])
                wait = goroutine["wait"]
                print("%4d  %s[%s]%s, started at %s" % (
                    int(goroutine["id"]), name + " " if name else "", state_of(processor, goroutine),
                    " at " + place_of(wait["place"]) if int(wait) != 0 else "", place_of(goroutine["started_at"])))


class FrameId:
    """What gdb tells frames apart by."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class ParkedGoroutine(Unwinder):
    """Puts the calls of a parked goroutine above the innermost frame of the thread."""

    def __init__(self):
        super().__init__("parked goroutine")
        self.frame = None  # the address of the frame in which it parked

    def __call__(self, pending):
        if self.frame is None or pending.level() != 0:
            return None
        pc, sp, fp = ("rip", "rsp", "rbp") if "x86" in pending.architecture().name() else ("pc", "sp", "x29")
        word = gdb.lookup_type("unsigned long")
        address = gdb.Value(self.frame).cast(word)
        saved = address.cast(word.pointer())
        caller = pending.create_unwind_info(FrameId(address, pending.read_register(pc)))
        caller.add_saved_register(pc, saved[1])
        caller.add_saved_register(fp, saved[0])
        caller.add_saved_register(sp, gdb.Value(self.frame + 2 * POINTER).cast(word))
        return caller


PARKED = ParkedGoroutine()
register_unwinder(None, PARKED, replace=True)


class GoroutineCommand(gdb.Command):
    """goroutine N bt: through which calls goroutine N came to where it is parked."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split()
        if len(words) != 2 or not words[0].isdigit() or words[1] not in ("bt", "backtrace"):
            raise gdb.GdbError("Say which, and what to do: goroutine 3 bt")
        number = int(words[0])
        for processor in processors():
            for goroutine in goroutines(processor):
                if int(goroutine["id"]) == number:
                    return self.backtrace(processor, goroutine)
        raise gdb.GdbError("There is no goroutine %d; `info goroutines` lists them." % number)

    def backtrace(self, processor, goroutine):
        number, state = int(goroutine["id"]), state_of(processor, goroutine)
        if state == "running":
            raise gdb.GdbError("Goroutine %d runs: its calls are those of its thread (bt)." % number)
        if state == LOST:
            raise gdb.GdbError("Goroutine %d is %s; a core file that the kernel wrote has it." % (number, state))
        if int(goroutine["worker"]) == 0:
            raise gdb.GdbError("Goroutine %d has not run yet: it has no calls." % number)
        selected = gdb.selected_frame()
        PARKED.frame = int(goroutine["frame"])
        gdb.invalidate_cached_frames()
        try:
            lines = gdb.execute("backtrace -frame-arguments none", to_string=True).splitlines()
        finally:
            PARKED.frame = None
            gdb.invalidate_cached_frames()
        del selected
        print("goroutine %d [%s]" % (number, state))
        for line in lines:
            if line.startswith("#0 "):
                continue  # where the thread is, not the goroutine
            print(line)
            if "conclave::detail::Processor::execute" in line:
                break  # what lies below is the scheduler's


InfoGoroutines()
GoroutineCommand()
