# SPDX-License-Identifier: GPL-2.0
"""Every instruction that a guest executes, for stages and event.

Boots a kernel on one CPU of the emulator, and has QEMU log each instruction from
the moment on at which the guest's job says so.
"""

import array
import bisect
import os
import re
import subprocess
import sys
import socket

HERE = os.path.dirname(os.path.abspath(__file__))
BOOT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "tests", "vm", "boot")
MAX_LINES = 20000000
TRACE = re.compile(r"\[[0-9a-f]+/([0-9a-f]+)/")


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


def record(who, cmd, job, out, marker, markers):
    """Boots with @job, whose PASS WHO/ready begins the log. Returns the addresses of
    all instructions up to so many at @marker."""
    os.makedirs(out, exist_ok=True)
    log = os.path.join(out, "exec.log")
    # A path for a socket has to be short.
    monitor = os.path.relpath(os.path.join(out, "mon"))
    with open(os.path.join(out, "job"), "w", encoding="ascii") as f:
        f.write(job)
    if os.path.exists(log):
        os.remove(log)
    cmd = [BOOT, *cmd, "--job", os.path.join(out, "job"), "--out", out, "--smp", "1", "--icount",
           "--timeout", "300", "--monitor", monitor]
    with subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as qemu:
        said = []
        for line in qemu.stdout:
            said.append(line)
            if who + "/ready" in line:
                break
        else:
            sys.stdout.writelines(said)
            sys.exit("%s: the guest failed, see %s" % (who, os.path.join(out, "console.log")))
        m = Monitor(monitor)
        m.do("stop")
        # The name it has had since QEMU 8.1, and the one before.
        if "unknown command" in m.do("one-insn-per-tb on"):
            m.do("singlestep on")
        m.do("logfile %s" % os.path.abspath(log))
        m.do("log exec,nochain")
        m.do("cont")
        addresses = array.array("Q")
        with open(log, encoding="ascii", errors="replace") as f:
            while markers and len(addresses) < MAX_LINES:
                line = f.readline()
                if not line:
                    if qemu.poll() is not None:
                        sys.exit("%s: QEMU ended before its time" % who)
                    continue
                found = TRACE.search(line)
                if found:
                    addresses.append(int(found.group(1), 16))
                    markers -= addresses[-1] == marker
        m.do("log none")
        m.sock.sendall(b"quit\n")
        qemu.stdout.read()
    os.remove(log)
    return addresses
