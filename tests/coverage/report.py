#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which lines and branches the tests have visited, from gcov's data, file by file.

A branch is an outcome of a condition, as gcov counts them, but for those that come
out of a macro that is none of ours (ARTEFACT).  Of the kernel code every unvisited
branch has to be in a list, with the reason; and nothing else may be in it.  Where a
condition is not reached itself, the one that keeps the way to it is what counts.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]

# Macros of the kernel with conditions of their own, which no test of ours can see both ways.
ARTEFACT = re.compile(
    r"\b(lockdep_\w+|trace_\w+|WARN\w*|BUILD_BUG\w*|NL_SET_ERR_MSG\w*|wait_event\w*"
    r"|dev_(info|err|warn)\w*|pr_(info|err|warn)\w*|mutex_init|init_\w+|INIT_WORK|spin_lock_init"
    r"|module_(init|exit)|DEFINE_\w+|hweight\d+|put_user)\(")
# Those that look first at what is constant, size or bit; the last condition is ours.
SIZED = re.compile(r"\b(copy_(from|to)_user|test_bit)\(")

GROUPS = [
    ("kernel", "kernel/"),
    ("library", "userspace/lib/"),
    ("matetool", "userspace/matetool/"),
    ("matesim", "userspace/matesim/"),
]
NEVER = "(never called)"
BY_CHANCE = "by chance:"  # a reason that may also not be needed


class Build:
    """One source as it was compiled for one purpose, all runs added up."""

    def __init__(self):
        self.lines = collections.Counter()
        self.seen = set()
        self.arcs = {}
        self.functions = collections.Counter()
        self.starts = {}

    def add(self, record):
        for f in record["functions"]:
            self.functions[f["name"]] += f["execution_count"]
            self.starts[f["name"]] = f["start_line"]
        for line in record["lines"]:
            number, name = line["line_number"], line.get("function_name", "")
            self.seen.add(number)
            self.lines[number] += line["count"]
            counts = [b["count"] for b in line["branches"] if not b["throw"]]
            if not counts:
                continue
            key = (number, name, len(counts))
            before = self.arcs.get(key, [0] * len(counts))
            self.arcs[key] = [a + b for a, b in zip(before, counts)]

    def arcs_of(self, number, sized):
        """All counts of a line; of one that is never come by, though the line is, none."""
        counts = [c[-2:] if sized else c for key, c in self.arcs.items() if key[0] == number]
        return [c for arcs in counts if any(arcs) or not self.lines[number] for c in arcs]

    def function_at(self, number):
        """The function in whose text the line is, wherever it was inlined."""
        before = [(start, name) for name, start in self.starts.items() if start <= number]
        return max(before)[1] if before else ""


class Source:
    """One source, in all its builds: visited in one of them is visited."""

    def __init__(self, compiled):
        self.text = pathlib.Path(compiled).read_text().splitlines()
        self.builds = collections.defaultdict(Build)

    def line_numbers(self):
        return sorted(set().union(*(b.seen for b in self.builds.values())))

    def count(self, number):
        return max(b.lines[number] for b in self.builds.values())

    def words(self, number):
        return self.text[number - 1].strip()

    def branches(self, number):
        """Visited and all, in the build that has visited most of them."""
        if ARTEFACT.search(self.words(number)):
            return 0, 0
        sized = SIZED.search(self.words(number))
        pairs = [(sum(1 for c in arcs if c), len(arcs))
                 for arcs in (b.arcs_of(number, sized) for b in self.builds.values()) if arcs]
        return max(pairs, key=lambda p: (p[0] / p[1], p[1]), default=(0, 0))

    def totals(self):
        numbers = self.line_numbers()
        pairs = [self.branches(n) for n in numbers]
        return (sum(1 for n in numbers if self.count(n)), len(numbers),
                sum(p[0] for p in pairs), sum(p[1] for p in pairs))

    def unvisited(self):
        """(function, words of the line, its number): where to look, not what follows from it."""
        main = max(self.builds.values(), key=lambda b: len(b.seen))
        for name, start in sorted(main.starts.items(), key=lambda item: item[1]):
            if not any(b.functions[name] for b in self.builds.values()):
                yield name, NEVER, start
        for number in self.line_numbers():
            visited, there_are = self.branches(number)
            if self.count(number) and visited < there_are:
                yield main.function_at(number), self.words(number), number


def gcov(gcno, gcda):
    """What gcov says of one object and one run of it."""
    with tempfile.TemporaryDirectory() as work:
        for suffix, path in ((".gcno", gcno), (".gcda", gcda)):
            os.symlink(path, os.path.join(work, "x" + suffix))
        done = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout",
                               "x.gcda"], cwd=work, capture_output=True, check=False, text=True)
    if done.returncode:
        sys.exit(f"{gcda}: gcov: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def runs(out):
    """(object's path below O, .gcno, .gcda) of all runs, in guests and on this machine."""
    for gcda in sorted(out.glob("log/*/gcov/**/*.gcda")):
        below = str(gcda).split("/gcov/", 1)[1]
        made = pathlib.Path("/" + below)
        yield str(made.relative_to(out)), made.with_suffix(".gcno"), gcda
    for part in ("user", "tests/unit"):
        for gcda in sorted((out / part).rglob("*.gcda")):
            yield str(gcda.relative_to(out)), gcda.with_suffix(".gcno"), gcda


def source_of(path):
    """Its path in the repository, or None: modules are built from copies."""
    match = re.search(r"/kmod/[^/]+/(kernel/.*)", path)
    if match:
        return match[1]
    return os.path.relpath(path, TOP) if path.startswith(str(TOP) + "/") else None


def collect(out):
    sources = {}
    for below, gcno, gcda in runs(out):
        build = below.split("/")[0]
        for answer in gcov(gcno, gcda):
            for record in answer["files"]:
                compiled = os.path.normpath(os.path.join(answer["current_working_directory"],
                                                         record["file"]))
                path = source_of(compiled)
                if not path or not path.endswith(".c"):
                    continue
                if not any(path.startswith(start) for _, start in GROUPS):
                    continue
                source = sources.get(path) or sources.setdefault(path, Source(compiled))
                source.builds[build].add(record)
    return sources


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "-"


def table(sources):
    rows = [("file", "lines", "visited", "%", "branches", "visited", "%")]
    for name, start in GROUPS:
        total = [0, 0, 0, 0]
        for path in sorted(p for p in sources if p.startswith(start)):
            t = sources[path].totals()
            total = [a + b for a, b in zip(total, t)]
            rows.append((path, t[1], t[0], percent(t[0], t[1]), t[3], t[2], percent(t[2], t[3])))
        rows.append((f"all of {name}", total[1], total[0], percent(total[0], total[1]),
                     total[3], total[2], percent(total[2], total[3])))
    return [[str(cell) for cell in row] for row in rows]


def print_text(rows):
    width = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(row[0].ljust(width[0]), *(c.rjust(w) for c, w in zip(row[1:], width[1:])))


def which_driver():
    return subprocess.run([TOP / "tests/which-driver"], capture_output=True, text=True,
                          check=True).stdout.strip()


def print_rst(rows, listed):
    width = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rule = "  ".join("=" * w for w in width)
    print(".. SPDX-License-Identifier: GPL-2.0\n.. Made by make coverage FIGURES=; do not edit.\n")
    for i, row in enumerate(rows):
        if i < 2:
            print(rule)
        print("  ".join(c.ljust(w) for c, w in zip(row, width)).rstrip())
    print(rule)
    print(f"\nThe driver is that of commit {which_driver()}; the list of what may stay unvisited has"
          f" {listed} entries.")


def read_list(path):
    """(file, function, words) -> reason"""
    known = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 4 or not all(f.strip() for f in fields):
            sys.exit(f"{path}:{number}: not FILE, FUNCTION, LINE and REASON with a tab in between")
        known[tuple(fields[:3])] = fields[3]
    return known


def entry_of(known, key):
    """The one in the list that a line is meant by: its words, or *some of them*."""
    if key in known:
        return key
    for entry in known:
        words = entry[2]
        if entry[:2] == key[:2] and words[0] == words[-1] == "*" and words[1:-1] in key[2]:
            return entry
    return None


def is_there(sources, key):
    """Whether the file of an entry still has its words."""
    name, _, words = key
    return name in sources and any(words.strip("*") in line for line in sources[name].text)


def judge(sources, path):
    """Complaints: what is unvisited and not in the list, or in the list and visited."""
    known = read_list(path)
    found = set()
    complaints = []
    for name in sorted(s for s in sources if s.startswith("kernel/")):
        source = sources[name]
        if "kmod" not in source.builds:
            continue
        for function, words, number in source.unvisited():
            entry = entry_of(known, (name, function, words))
            found.add(entry)
            if not entry:
                complaints.append(f"{name}:{number}: {function}: unvisited and not in the list: "
                                  f"{words}")
    for key, reason in known.items():
        if key not in found and not (reason.startswith(BY_CHANCE) and is_there(sources, key)):
            complaints.append(f"{path}: in the list, but visited or gone: {' | '.join(key)}")
    return complaints, len(known)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=pathlib.Path, help="O of the build for coverage")
    parser.add_argument("--list", type=pathlib.Path, help="unvisited kernel code and why",
                        default=pathlib.Path(__file__).with_name("kernel.unvisited"))
    parser.add_argument("--rst", type=pathlib.Path, help="write the table there, too")
    options = parser.parse_args()

    sources = collect(options.out.resolve())
    if not any("kmod" in s.builds for s in sources.values()):
        sys.exit(f"{options.out}: no data of the module")
    rows = table(sources)
    print_text(rows)
    complaints, listed = judge(sources, options.list)
    if options.rst:
        with open(options.rst, "w", encoding="utf-8") as to:
            sys.stdout = to
            print_rst(rows, listed)
            sys.stdout = sys.__stdout__
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
