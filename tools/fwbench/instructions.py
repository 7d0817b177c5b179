# SPDX-License-Identifier: GPL-2.0
"""Every instruction that a guest executes, for stages and event.

Boots a kernel in the emulator, and has QEMU log each instruction from the moment on at
which the guest's job says so. With several CPUs these take turns.
"""

import array
import bisect
import os
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BOOT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "tests", "vm", "boot")
MAX_LINES = 20000000
TRACE = re.compile(rb"^Trace ([0-9]+): [^[]*\[[0-9a-f]+/([0-9a-f]+)/", re.MULTILINE)
CHUNK = 1 << 22


class GuestError(Exception):
    """A guest that did not do what it should."""


class Monitor:
    """QEMU's monitor for people."""
    PROMPT = b"(qemu) "

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.read()

    def read(self):
        data = b""
        while not data.endswith(self.PROMPT):
            more = self.sock.recv(4096)
            if not more:
                break
            data += more
        return data.decode(errors="replace")

    def do(self, command):
        self.sock.sendall(command.encode() + b"\n")
        return self.read()


class Symbols:
    """The functions of a kernel."""

    def __init__(self, path):
        self.table = []
        with open(path, encoding="ascii") as f:
            for line in f:
                address, kind, name = line.split()
                if kind in "tT":
                    self.table.append((int(address, 16), name))
        self.table.sort()
        self.addresses = [a for a, _ in self.table]

    def add(self, found):
        """Further (address, name), as of modules."""
        self.table = sorted(self.table + found)
        self.addresses = [a for a, _ in self.table]

    def address(self, name):
        for a, n in self.table:
            if n == name:
                return a
        sys.exit("this kernel has no %s" % name)

    def after(self, address):
        """Where the next function begins."""
        return self.addresses[bisect.bisect_right(self.addresses, address)]

    def starts(self, address):
        """The function that begins there, or None."""
        i = bisect.bisect_left(self.addresses, address)
        return self.table[i][1] if i < len(self.addresses) and self.addresses[i] == address else None

    def name(self, address):
        if address < 1 << 63:
            return None
        if address > self.addresses[-1] + 4096:
            return "[module]"
        i = bisect.bisect_right(self.addresses, address) - 1
        return self.table[i][1] if i >= 0 else "?"


class Log:
    """Instructions: their addresses, and on which CPU they were."""

    def __init__(self):
        self.addresses = array.array("Q")
        self.cpus = array.array("B")

    def add(self, text):
        for cpu, address in TRACE.findall(text):
            self.cpus.append(int(cpu))
            self.addresses.append(int(address, 16))


def follow(path, qemu):
    """What is written to a file, in whole lines, while QEMU runs."""
    rest = b""
    with open(path, "rb", buffering=0) as f:
        while True:
            data = f.read(CHUNK)
            if not data:
                if qemu.poll() is not None:
                    raise GuestError("QEMU ended before its time")
                time.sleep(0.02)
                continue
            whole, newline, rest = (rest + data).rpartition(b"\n")
            yield whole + newline


def record(who, cmd, job, out, marker, markers, smp=1):
    """Boots with @job, whose PASS WHO/ready begins the log. Returns the Log of all
    instructions up to so many at @marker, which is an address, or a function that says
    it then."""
    os.makedirs(out, exist_ok=True)
    log = os.path.join(out, "exec.log")
    # A path for a socket has to be short.
    monitor = os.path.relpath(os.path.join(out, "mon"))
    with open(os.path.join(out, "job"), "w", encoding="ascii") as f:
        f.write(job)
    if os.path.exists(log):
        os.remove(log)
    cmd = [BOOT, *cmd, "--job", os.path.join(out, "job"), "--out", out, "--smp", str(smp), "--icount",
           "--timeout", "600", "--monitor", monitor]
    found = Log()
    with subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as qemu:
        said = []
        for line in qemu.stdout:
            said.append(line)
            if who + "/ready" in line:
                break
        else:
            sys.stdout.writelines(said)
            raise GuestError("the guest failed, see %s" % os.path.join(out, "console.log"))
        m = Monitor(monitor)
        m.do("stop")
        if callable(marker):
            marker = marker()
        # The name it has had since QEMU 8.1, and the one before.
        if "unknown command" in m.do("one-insn-per-tb on"):
            m.do("singlestep on")
        m.do("logfile %s" % os.path.abspath(log))
        m.do("log exec,nochain")
        m.do("cont")
        for text in follow(log, qemu):
            begin = len(found.addresses)
            found.add(text)
            markers -= found.addresses[begin:].count(marker)
            if markers <= 0 or len(found.addresses) >= MAX_LINES:
                break
        m.do("log none")
        m.sock.sendall(b"quit\n")
        qemu.stdout.read()
    os.remove(log)
    return found
