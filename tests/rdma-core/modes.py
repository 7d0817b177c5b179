#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Runs rdma-core's own tests on rxe without fastwake.ko, and with it in each mode, and
speaks TAP. What a test does without the module it has to do with it: pass, or skip
itself for the same reason. The file rxe.list beside it names those that skip themselves
and those that are not run, see rdma_core.py.

    modes.py [PATTERN]    only the tests whose names match
"""

import os
import pickle
import re
import subprocess
import sys
import time

import rdma_core

DEVICE = "rxe0"
GIDS = "/sys/class/infiniband/%s/ports/1/gids" % DEVICE
GID = "0000:0000:0000:0000:0000:ffff:7f00:0001"     # of 127.0.0.1
FASTWAKE = "/sys/kernel/fastwake"
MODULE = "/lib/modules/fastwake.ko"
MODES = ("off", "interrupt", "poll")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read().strip()


def gid_index():
    """None until there is one: it comes from a work item. An empty slot cannot be read."""
    for index in sorted(os.listdir(GIDS), key=int):
        try:
            if read(os.path.join(GIDS, index)) == GID:
                return index
        except OSError:
            pass
    return None


def add_device():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["rdma", "link", "add", DEVICE, "type", "rxe", "netdev", "lo"], check=True)
    for _ in range(100):
        index = gid_index()
        if index is not None:
            return index
        time.sleep(0.1)
    sys.exit("%s has no GID of 127.0.0.1" % DEVICE)


def polled():
    """How many events the polls of all CPUs have delivered."""
    return sum(int(read(os.path.join(FASTWAKE, cpu, "events")))
               for cpu in os.listdir(FASTWAKE) if re.fullmatch(r"cpu\d+", cpu))


def run_apart(suite, rules, tap, wanted, prefix):
    """As rdma_core.run_all(), in a process of its own: some tests leave theirs changed.
    Its outcomes, or none if it did not get to its end."""
    ours, theirs = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(ours)
            outcomes = rdma_core.run_all(suite, rules, tap, wanted, prefix)
            with open(theirs, "wb") as f:
                pickle.dump((tap.number, tap.failures, outcomes), f)
            sys.stdout.flush()
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with open(ours, "rb") as f:
        data = f.read()
    _, status = os.waitpid(pid, 0)
    if status != 0:
        tap.result(prefix + "all of it", "it ended with status %#x" % status)
        return {}
    tap.number, tap.failures, outcomes = pickle.loads(data)
    return outcomes


def compare(without, outcomes, tap, prefix):
    what = prefix + "the same as without the module"
    differ = ["%s %s (%s), without the module it %s (%s)" % (
                  name, *outcomes.get(name, ("is missing", "")), *without.get(name, ("is missing", "")))
              for name in sorted(without.keys() | outcomes.keys())
              if without.get(name) != outcomes.get(name)]
    if not without:
        tap.result(what, "there is nothing to compare with")
    elif differ:
        tap.result(what, "%d of %d tests differ" % (len(differ), len(without)), "\n".join(differ))
    else:
        tap.result(what, None)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    rules = rdma_core.read_list(os.path.join(here, "rxe.list"))
    wanted = sys.argv[1] if len(sys.argv) > 1 else "*"
    if os.path.exists(FASTWAKE):
        sys.exit("fastwake.ko is there already")
    suite = rdma_core.load(["--dev", DEVICE, "--gid", add_device()])
    tap = rdma_core.Tap()
    without = run_apart(suite, rules, tap, wanted, "without: ")
    subprocess.run(["insmod", MODULE, "mode=" + MODES[0]], check=True)
    for mode in MODES:
        with open(os.path.join(FASTWAKE, "mode"), "w", encoding="utf-8") as f:
            f.write(mode)
        prefix = mode + ": "
        before = polled()
        outcomes = run_apart(suite, rules, tap, wanted, prefix)
        compare(without, outcomes, tap, prefix)
        count = polled() - before
        print("# %s%d events polled" % (prefix, count))
        if mode == "off":
            tap.result(prefix + "no event is polled", "%d are" % count if count else None)
        elif mode == "poll":
            tap.result(prefix + "events are polled", None if count else "none is")
    subprocess.run(["rmmod", "fastwake"], check=True)
    subprocess.run(["rdma", "link", "del", DEVICE], check=True)
    passed = sum(outcome == "passes" for outcome, _ in without.values())
    print("# sum: %d tests, %d of them pass, in each of %d modes" % (len(without), passed, len(MODES)))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
