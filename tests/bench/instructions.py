#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of the driver's own code, function by function, a transaction.

usage: instructions.py		a line of JSON for each way and kind
       instructions.py --gate	TAP: whether each keeps to its budget

Boots the guest of profile timing with QEMU's trace of the blocks of code that are executed
in modules (tests/vm/vm -x).  Nothing is added to the guest: it does what it does without
being watched, to the instruction.  A block is a run of instructions up to a jump or call;
QEMU tells its instructions when it sees it first, and then each time it is executed.  What
the functions call in the rest of the kernel is not counted.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
GUEST = "/usr/libexec/matenet-tests/bench/guest"
MARK_PAGE = 0x6D6174650000  # as tests/vm/vm has it
TRANSACTIONS = 64
HOST_SECONDS = "600"

# What is measured, and how many instructions a transaction may cost: what it did when this
# was written and a tenth, for other compilers.
BUDGET = {
    ("xfer", "read"): 3800,
    ("xfer", "status"): 6700,
    ("xfer", "log"): 6900,
    ("submit", "read"): 3800,
}

EXECUTED = re.compile(r"Trace \d+: (0x[0-9a-f]+) \[[0-9a-f]+/([0-9a-f]+)/")
NOT_EXECUTED = "Stopped execution of TB chain"
FIRST_SEEN = re.compile(r"(0x[0-9a-f]+):  (?:[0-9a-f]{2} )+ +[a-z]")
PARTS = re.compile(r"\.(cold|isra|constprop|part)\b.*")  # of one function, by the compiler


def executions(trace):
    """For each section between marks: {address of a block: [times, instructions]}"""
    sections, now = [], None
    unseen, lengths = {}, {}  # blocks by address; by QEMU's name of their translation
    block = last = None  # the one being shown; the last one executed, and its length
    for line in trace:
        if found := EXECUTED.match(line):
            name, address = found[1], int(found[2], 16)
            if address in unseen:
                lengths[name] = unseen.pop(address)
            last = None
            if address & ~0xFFF == MARK_PAGE:
                now = collections.defaultdict(lambda: [0, 0]) if address & 1 else None
                if now is not None:
                    sections.append(now)
            elif now is not None:
                last = now[address], lengths[name]
                last[0][0] += 1
                last[0][1] += last[1]
        elif line.startswith(NOT_EXECUTED) and last:  # an interrupt came first
            last[0][0] -= 1
            last[0][1] -= last[1]
            last = None
        elif line.startswith("IN:"):
            block = None
        elif found := FIRST_SEEN.match(line):
            if block is None:
                block = int(found[1], 16)
                unseen[block] = 0
            unseen[block] += 1
    return sections


def functions_of(path):
    """Of /proc/kallsyms: addresses in order, and names."""
    found = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            address, kind, name = line.split()[:3]
            if kind in "tT":
                found.append((int(address, 16), PARTS.sub("", name), "." not in name))
    return sorted(found)


def by_function(section, functions, end, n):
    """Of the module whose functions they are, a transaction, the dearest first."""
    total = {}
    for address, (times, instructions) in section.items():
        if not functions[0][0] <= address < end:
            continue  # another module's
        start, name, entry = max(f for f in functions if f[0] <= address)
        row = total.setdefault(name, {"function": name, "calls": 0, "instructions": 0})
        row["instructions"] += instructions
        if address == start and entry:
            row["calls"] += times
    rows = sorted(total.values(), key=lambda row: -row["instructions"])
    for row in rows:
        row["calls"] = round(row["calls"] / n, 2)
        row["instructions"] = round(row["instructions"] / n, 1)
    return rows


def measure():
    runs = [f"{way}/{kind}/{TRANSACTIONS}" for way, kind in BUDGET]
    with tempfile.TemporaryDirectory() as out:
        trace = f"{out}/trace"
        guest = subprocess.run([f"{HERE}/../vm/vm", "-p", "timing", "-t", HOST_SECONDS, "-o", out,
                                "-x", trace, GUEST, "instructions"] + runs,
                               check=False, stdout=sys.stderr)
        if guest.returncode:
            sys.exit(f"instructions: the guest failed, exit status {guest.returncode}")
        with open(trace, encoding="utf-8") as lines:
            sections = executions(lines)
        functions = functions_of(f"{out}/symbols")
    if len(sections) != len(BUDGET):
        sys.exit(f"instructions: {len(sections)} marked runs, not {len(BUDGET)}")
    end = functions[-1][0] + 0x1000
    for (way, kind), section in zip(BUDGET, sections):
        rows = by_function(section, functions, end, TRANSACTIONS)
        yield {"bench": "path", "way": way, "kind": kind, "n": TRANSACTIONS,
               "instructions": round(sum(row["instructions"] for row in rows), 1),
               "budget": BUDGET[way, kind], "functions": rows}


def gate():
    print("TAP version 13")
    failures = 0
    for i, result in enumerate(measure(), 1):
        good = 0 < result["instructions"] <= result["budget"]
        failures += not good
        print(f"{'ok' if good else 'not ok'} {i} - {result['kind']} by {result['way']}: "
              f"{result['instructions']} instructions of {result['budget']}")
        if not good:
            for row in result["functions"]:
                print(f"# {row['instructions']:>8} {row['calls']:>6} {row['function']}")
    print(f"1..{len(BUDGET)}")
    return failures > 0


def main():
    if sys.argv[1:] == ["--gate"]:
        return gate()
    if sys.argv[1:]:
        sys.exit(__doc__)
    for result in measure():
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
