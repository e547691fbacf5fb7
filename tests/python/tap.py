#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tests of modules and print TAP, without its version.  usage: tap.py MODULE..."""
import sys
import unittest


class Result(unittest.TestResult):
    """One line a test, numbered; diagnostics as comments."""

    def __init__(self):
        super().__init__()
        self.n = 0
        self.bad = False

    def line(self, ok, test, why="", details=""):
        self.n += 1
        name = (test.shortDescription() or test.id()).replace("#", "")
        print(f"{ok} {self.n} - {name}{why}")
        for text in details.splitlines():
            print(f"# {text}")
        sys.stdout.flush()

    def addSuccess(self, test):
        self.line("ok", test)

    def addSkip(self, test, reason):
        self.line("ok", test, f" # SKIP {reason}")

    def addFailure(self, test, err):
        self.bad = True
        self.line("not ok", test, details=self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addFailure(subtest, err)


def main():
    result = Result()
    unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:]).run(result)
    print(f"1..{result.n}")
    return result.bad or not result.n


if __name__ == "__main__":
    sys.exit(main())
