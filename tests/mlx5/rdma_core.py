#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Runs rdma-core's own tests, those of the package python3-pyverbs, and speaks TAP.

The file rdma_core.list beside it names those that do not run here, each with its
reason. It has to be right: a test that skips itself without being listed fails, and
so does one that is listed and runs all the same, and a line that matches no test.

    rdma_core.py [PATTERN]    only the tests whose names match

On rxe it is tests/rdma-core/modes.py that runs them, with a list of its own.
"""

import collections
import faulthandler
import fnmatch
import os
import random
import sys
import unittest

# Far more than any of them takes: it ends one that would hang, with a traceback.
PATIENCE = 200

Rule = collections.namedtuple("Rule", "kind pattern reason")


def read_list(path):
    """Lines "skip PATTERN: why" for what skips itself, "omit PATTERN: why" for what
    is not to be run at all."""
    rules = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            head, sep, reason = line.partition(": ")
            kind, _, pattern = head.partition(" ")
            if kind not in ("skip", "omit") or not sep or not reason or not pattern:
                sys.exit("%s:%d: neither 'skip NAME: why' nor 'omit NAME: why'" % (path, number))
            rules.append(Rule(kind, pattern, reason))
    return rules


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


class Outcome(unittest.TestResult):
    """Of one test: why it was skipped, how it failed."""

    def __init__(self):
        super().__init__()
        self.buffer = True
        self.skipped_why = None
        self.failed_how = None

    def addSkip(self, test, reason):
        self.skipped_why = reason

    def addError(self, test, err):
        self.failed_how = self.failed_how or self._exc_info_to_string(err, test)

    def addFailure(self, test, err):
        self.addError(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addError(test, err)


class Tap:
    def __init__(self):
        self.number = 0
        self.failures = 0
        print("TAP version 13", flush=True)

    def result(self, name, why, details=""):
        self.number += 1
        if why is None:
            print("ok %d %s" % (self.number, name), flush=True)
            return
        self.failures += 1
        print("not ok %d %s # %s" % (self.number, name, why.replace("\n", " ")))
        for line in details.splitlines():
            print("# " + line)
        sys.stdout.flush()

    def finish(self):
        print("1..%d" % self.number, flush=True)
        return 1 if self.failures else 0


def run(test, name, rule, tap, prefix):
    """Its outcome, as a word and what the test said of it."""
    outcome = Outcome()
    # Many draw their arguments, some of which the device does not have: the same ones
    # in each run.
    random.seed(name)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    unittest.TestSuite([test]).run(outcome)
    faulthandler.cancel_dump_traceback_later()
    if outcome.failed_how:
        last = outcome.failed_how.strip().splitlines()[-1]
        tap.result(prefix + name, last, outcome.failed_how)
        return "fails", last
    if outcome.skipped_why and rule:
        print("# skipped %s%s: %s (%s)" % (prefix, name, rule.reason, outcome.skipped_why), flush=True)
    elif outcome.skipped_why:
        tap.result(prefix + name, "it skipped itself, and is not listed: %s" % outcome.skipped_why)
    elif rule:
        tap.result(prefix + name, "it runs, yet is listed as skipped: %s" % rule.reason)
    else:
        tap.result(prefix + name, None)
    return ("skips itself", outcome.skipped_why) if outcome.skipped_why else ("passes", "")


def load(arguments):
    """rdma-core's tests, which are told those arguments, as its run_tests.py does it."""
    sys.argv[1:] = arguments
    faulthandler.enable()
    from args_parser import parser
    parser.parse_args()
    import tests
    return list(flatten(unittest.defaultTestLoader.loadTestsFromModule(tests)))


def run_all(suite, rules, tap, wanted="*", prefix=""):
    """The outcome of each that is not omitted, by its name; results are named PREFIX NAME."""
    outcomes = {}
    used = set()
    for test in suite:
        name = test.id().removeprefix("tests.")
        rule = next((r for r in rules if fnmatch.fnmatchcase(name, r.pattern)), None)
        used.add(rule)
        if not fnmatch.fnmatchcase(name, wanted):
            continue
        if rule and rule.kind == "omit":
            print("# omitted %s%s: %s" % (prefix, name, rule.reason), flush=True)
        else:
            outcomes[name] = run(test, name, rule, tap, prefix)
    for rule in rules:
        if rule not in used:
            tap.result("%sthe list's %s" % (prefix, rule.pattern), "no such test, or an earlier line has it")
    return outcomes


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    rules = read_list(os.path.join(here, "rdma_core.list"))
    wanted = sys.argv[1] if len(sys.argv) > 1 else "*"
    tap = Tap()
    run_all(load([]), rules, tap, wanted)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
