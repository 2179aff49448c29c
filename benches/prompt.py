"""Programs at a terminal: how long until they ask, and how long until Tab has completed."""

import os
import pty
import re
import select
import signal
import struct
import termios
import time
from fcntl import ioctl

from measure import Skip

LIMIT = 20.0
# Reading a file of 10,000 domains takes libvirt six seconds on a quiet machine, and many on a busy one.
OPENING = 180.0
# What a prompt ends with: virsh's `virsh # `, virhai's `…> `, each perhaps followed by escape codes.
PROMPT = rb"[#>] (\r|\x1b\[[0-9;?]*[a-zA-Z])*$"


class Terminal:
    """A program that runs at a terminal of 80 columns."""

    def __init__(self, command):
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(command[0], command)
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.master)
        try:
            os.kill(self.child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.child, 0)

    def send(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, pattern, limit=LIMIT):
        """Reads until the pattern is in what came since the call."""
        seen, end = b"", time.monotonic() + limit
        while not re.search(pattern, seen):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            try:
                part = os.read(self.master, 65536) if ready else b""
            except OSError:  # how Linux says that the other side is gone
                part = b""
            if not part:
                raise Skip(f"{pattern.decode()!r} did not come on the screen")
            seen += part
        return seen

    def warm_up(self, typed, pattern):
        """Presses Tab until the names are there: the first one asks the host, which is not what is measured."""
        self.send(typed)
        for _ in range(100):
            self.send("\t")
            try:
                self.wait_for(pattern, 1)
                break
            except Skip:
                pass
        self.send("\x15")  # forgets the line
        time.sleep(0.5)
        os.read(self.master, 65536)


def first_prompt(command):
    """Seconds from the start of a program to its first prompt."""
    start = time.perf_counter()
    with Terminal(command) as terminal:
        terminal.wait_for(PROMPT)
        return time.perf_counter() - start


def tab_times(command, domains, count):
    """Seconds from Tab to the names that are offered, for the names of different guests."""
    times = []
    with Terminal(command) as terminal:
        terminal.wait_for(PROMPT)
        terminal.send("domains().len()\r")  # opens the connection
        terminal.wait_for(rb"(?s)\b%d\b.*" % domains + PROMPT, OPENING)
        terminal.warm_up('domain("vm0000', b"vm00001")
        for number in range(count):
            name = f"vm{number * 97 % domains:05}"
            terminal.send(f'domain("{name[:-1]}')
            time.sleep(0.05)
            os.set_blocking(terminal.master, False)
            try:
                os.read(terminal.master, 65536)
            except BlockingIOError:
                pass
            os.set_blocking(terminal.master, True)
            start = time.perf_counter()
            terminal.send("\t")
            # Ten names begin so: this one is in the list, and was never typed.
            terminal.wait_for(name.encode())
            times.append(time.perf_counter() - start)
            terminal.send("\x15")  # forgets the line
            time.sleep(0.02)
    return times


def forget_output(terminal):
    """Reads what is there and forgets it."""
    os.set_blocking(terminal.master, False)
    try:
        while os.read(terminal.master, 65536):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(terminal.master, True)


def hung_tab_times(command, daemon, count):
    """Seconds from Tab to the next key on the screen, while the daemon with this process id stands still."""
    times = []
    with Terminal(command) as terminal:
        terminal.wait_for(PROMPT)
        terminal.send("domains().len() + 70\r")  # opens the connection
        terminal.wait_for(rb"(?s)\n7\d\b.*" + PROMPT)
        os.kill(daemon, signal.SIGSTOP)
        try:
            # Names that were never asked for, of every kind that there is, and once more.
            for number in range(count):
                finder = ("domain", "network", "pool", "secret", "nwfilter")[number % 5]
                terminal.send(f'{finder}("n')
                time.sleep(0.05)
                forget_output(terminal)
                start = time.perf_counter()
                terminal.send("\tQ")
                terminal.wait_for(b"Q")
                times.append(time.perf_counter() - start)
                terminal.send("\x15")
                time.sleep(0.02)
        finally:
            os.kill(daemon, signal.SIGCONT)
    return times


def key_times(command, lines, count):
    """Seconds from a key to the end of the drawing that shows it, at the end of an input of many lines."""
    times = []
    body = "".join(f"    let row_{number} = domain(\"web{number}\").memory / mib({number});\n" for number in range(lines - 2))
    with Terminal(command) as terminal:
        terminal.wait_for(PROMPT)
        terminal.send("\x1b[200~if false {\n" + body + "    let last = \x1b[201~")
        terminal.wait_for(b"last(\\x1b\\[[0-9;]*m)* =")
        time.sleep(0.5)
        for number in range(count):
            forget_output(terminal)
            start = time.perf_counter()
            terminal.send("abcdefghij "[number % 11])
            terminal.wait_for(rb"\x1b\[\?2026l")  # what is drawn is shown as a whole
            times.append(time.perf_counter() - start)
            time.sleep(0.02)
    return times


def processor_time(pid):
    """Seconds that all threads of a process have run."""
    threads = os.listdir(f"/proc/{pid}/task")
    times = []
    for thread in threads:
        with open(f"/proc/{pid}/task/{thread}/schedstat") as stat:
            times.append(int(stat.read().split()[0]) / 1e9)
    return sum(times)


def resident(pid):
    """KiB of memory that a process has."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def refreshes(command, interval, count):
    """Processor time of one refresh of the live view, drawing included, and the memory before and after `count` of them."""
    with Terminal([*command, "top", "-i", f"{interval}s"]) as terminal:
        terminal.wait_for(rb"NAME", OPENING)
        drain(terminal, interval * 1.5)
        before, memory = processor_time(terminal.child), resident(terminal.child)
        drain(terminal, interval * count)
        return (processor_time(terminal.child) - before) / count, memory, resident(terminal.child)


def drain(terminal, seconds):
    """Reads what comes for so long."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal.master], [], [], left)[0]:
            os.read(terminal.master, 65536)
