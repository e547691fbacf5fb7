#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the campaigns of faults have found: tables, and the documentation's tables and plot.

usage: report.py RESULTS [DIRECTORY]

RESULTS is the directory that "run" has filled: a file for each part of the plan, with a line
of JSON for each campaign and remarks on what needs an explanation; parts that were also run in
another profile are in directories by its name, and "driver" says which one they are of.
"""
import functools
import itertools
import json
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "bench"))

from report import OTHERS, OURS, bars, rst_table  # noqa: E402  # the benchmarks' own

BITS_READ = (8 + 5) * 11
BITS_STATUS = (8 + 16) * 11


class Part:
    """A file of results: the campaigns, and the wrong values that were explained."""

    def __init__(self, directory, name, profile=""):
        self.campaigns, self.wrong, self.changing, self.days = [], [], [], []
        path = os.path.join(directory, profile, name)
        if not os.path.exists(path):
            return
        title, case, told = "", None, []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                line = line.rstrip("\n")
                if line.startswith("{"):
                    record = json.loads(line)
                    (self.days if "day" in record else self.campaigns).append(record)
                    for case in told:
                        case["campaign"] = record.get("campaign", "day")
                        case["mode"] = record.get("mode", "mark")
                    told, case = [], None
                elif line.startswith("#   "):
                    if case is not None:
                        case["lines"].append(line[4:])
                elif re.match(r"# (WRONG|CHANGES) ", line):
                    case = {"title": title, "where": f" ({profile})" if profile else "",
                            "head": line[2:], "lines": []}
                    told.append(case)
                    (self.wrong if "WRONG" in line else self.changing).append(case)
                else:
                    case = None
                    if re.match(r"# \d", line):
                        title = line[2:]

    def total(self, key, **want):
        return sum(c[key] for c in self.campaigns
                   if all(c.get(k) == v for k, v in want.items()))


def rate_name(ppb):
    if not ppb:
        return "none"
    exponent = len(str(ppb)) - 10
    return f"{str(ppb)[0]}e{exponent}"


def goodput(part):
    """Right values a second of bus time, as a share of what there are without noise."""
    rows = []
    for mix in ("read", "status"):
        campaigns = [c for c in part.campaigns if c["mix"] == mix]
        clean = [c for c in campaigns if not c["ppb"]]
        if len(clean) != 1:
            sys.exit(f"report: rates: {len(clean)} campaigns of {mix} without noise, not one")
        full = clean[0]["right"] / clean[0]["seconds"]
        for c in sorted(campaigns, key=lambda c: c["ppb"]):
            rows.append({"mix": mix, "ppb": c["ppb"], "n": c["n"], "right": c["right"],
                         "error": c["error"], "wrong": c["wrong"],
                         "per_s": c["right"] / c["seconds"],
                         "share": c["right"] / c["seconds"] / full})
    return rows


def untouched(ppb, bits):
    """Chance that no bit of a transaction is turned over."""
    return (1 - ppb / 1e9) ** bits


# ---- what the sum alone lets through: two bits that cancel out in it ----------------

SAMPLES = 100  # questions to take the mean of
MOST_DRIFT = 0.01  # of memory, from one quarter of the day to the one after the next
ANSWERS = {0: (0, 3), 1: (1, 3), 2: (2, 3), 3: (3, 3), 4: (3, 14), 22: (22, 15)}


def with_sum(data):
    total = sum(data)
    return bytes(data) + bytes([total >> 8 & 0xff, total & 0xff])


def reply_to(command):
    """As tests/uart/answer.c makes it."""
    if command[0] > 10 or command[1] not in ANSWERS:
        return None
    first, n = ANSWERS[command[1]]
    seed = command[0] + 3 * command[2] + 5 * command[3] + 7 * command[4] + 11 * command[5]
    return with_sum([first] + [(seed + 13 * i) & 0xff for i in range(1, n)])


def unseen(frame):
    """The frame with each pair of bits turned over that its sum does not show."""
    for a, b in itertools.combinations(range(8 * len(frame)), 2):
        bent = bytearray(frame)
        bent[a // 8] ^= 1 << a % 8
        bent[b // 8] ^= 1 << b % 8
        if with_sum(bent[:-2]) == bent:
            yield bytes(bent)


@functools.lru_cache
def unseen_pairs(mix):
    """Mean number of pairs that make a wrong value, and a command that changes something."""
    chance = random.Random(1)
    wrong = changing = 0
    for _ in range(SAMPLES):
        what = ([2, chance.randrange(256), chance.randrange(256)] if mix == "read"
                else [4, 0, chance.randrange(1, 16)])
        command = with_sum([chance.randrange(11)] + what + [0, 0])
        right = reply_to(command)
        for bent in unseen(command):
            other = reply_to(bent)
            if other and len(other) == len(right) and other[1:-2] != right[1:-2]:
                wrong += 1
            changing += bool(other) and bent[1] in (0, 1, 3)
        wrong += sum(bent[1:-2] != right[1:-2] for bent in unseen(right))
    return wrong / SAMPLES, changing / SAMPLES


def expected(campaigns, index):
    """Of all their transactions, had noise no other effect than to turn two bits over."""
    total = 0
    for c in campaigns:
        bits = BITS_READ if c["mix"] == "read" else BITS_STATUS
        if index:
            bits = 8 * 11
        p = c["ppb"] / 1e9
        total += c["n"] * unseen_pairs(c["mix"])[index] * p ** 2 * (1 - p) ** (bits - 2)
    return total


def goodput_rows(rows):
    out = []
    for r in rows:
        bits = BITS_READ if r["mix"] == "read" else BITS_STATUS
        out.append([r["mix"].upper(), rate_name(r["ppb"]), r["n"], r["right"], r["error"],
                    r["wrong"], f"{100 * untouched(r['ppb'], bits):.1f} %", f"{r['per_s']:.2f}",
                    f"{100 * r['share']:.1f} %"])
    return ["command", "bit error rate", "transactions", "right", "failed", "wrong",
            "untouched by chance", "right values a second", "share of a clean wire"], out


def wrong_rows(parts):
    out = []
    for name, part in parts:
        for mix in ("read", "status"):
            for mode in ("mark", "gap"):
                want = {"mix": mix, "mode": mode}
                n = part.total("n", **want)
                if not n:
                    continue
                given = n - part.total("error", **want)
                some = [c for c in part.campaigns if c["mix"] == mix and c["mode"] == mode]
                wrong = part.total("wrong", **want)
                out.append([name, mix.upper(), mode, n, given, wrong,
                            f"{expected(some, 0):.1f}", part.total("by_command", **want), part.total("by_reply", **want),
                            part.total("seen_marks", **want), part.total("seen_byte0", **want),
                            part.total("again", **want), part.total("again_same", **want),
                            part.total("changing", **want), f"{expected(some, 1):.1f}",
                            part.total("unlike", **want), part.total("faults", **want)])
    return ["bit error rate", "command", "framing", "transactions", "values", "wrong",
            "expected of the sum", "by the command", "by the reply", "ninth bits tell", "byte 0 tells", "read again",
            "the same again", "became a command that changes", "expected", "status not as foretold",
            "faults of the driver"], out


def kind_rows(part):
    kinds = []
    for c in part.campaigns:
        if c["campaign"] not in kinds:
            kinds.append(c["campaign"])
    out = []
    for kind in kinds:
        t = {key: part.total(key, campaign=kind)
             for key in ("n", "right", "error", "wrong", "faults", "unlike", "foretold")}
        out.append([kind, t["n"], t["right"], t["error"], t["wrong"], t["foretold"], t["unlike"],
                    t["faults"]])
    return ["kind", "transactions", "right", "failed", "wrong", "status follows from the wire",
            "does not", "faults of the driver"], out


def day_rows(part):
    out = []
    for d in part.days:
        if d["day"] not in (1, 2, 6, 12, 18, 24) and d is not part.days[-1]:
            continue
        out.append([d["day"], d["n"], d["right"], d["error"], d["wrong"], d["missed"],
                    d["tx_bytes"], d["rx_bytes"], d["rx_stray"], d["wrong_counters"], d["unlike"],
                    d["slab_kb"], d["vmalloc_kb"], d["free_kb"], d["self_kb"]])
    return ["hour", "transactions", "right", "failed", "wrong", "without a value in three",
            "bytes sent", "bytes in replies", "stray bytes", "counters that differ",
            "statuses that differ", "slab, KB", "vmalloc, KB", "free, KB", "the program, KB"], out


def memory(part):
    """Mean of the second and of the last quarter, in KB, of all hours of days; no drift."""
    quarter = len(part.days) // 4
    if not quarter:
        return ""
    said = []
    for key, name in (("slab_kb", "slab"), ("vmalloc_kb", "vmalloc"), ("self_kb", "the program")):
        before, after = (sum(d[key] for d in hours) / quarter
                         for hours in (part.days[quarter:2 * quarter], part.days[-quarter:]))
        said.append(f"{name} {before:.0f} and {after:.0f} KB")
        if after > before * (1 + MOST_DRIFT):
            sys.exit(f"report: day: {name} grows: {before:.0f} KB, later {after:.0f} KB")
    return f"Memory in the second and in the last quarter of the day: {', '.join(said)}."


def print_table(title, table):
    header, rows = table
    if not rows:
        return
    print(f"\n{title}\n")
    cells = [[str(c) for c in row] for row in [header] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        print("  ".join(c.rjust(w) for c, w in zip(row, widths)))


def rst_cases(title, cases):
    out = [title, "-" * len(title), ""]
    for case in cases:
        n, ppb, mix, _, _, seed = case["title"].split()
        head = case["head"].split(maxsplit=1)[1]
        what = {"day": "the schedule of a MATE", "noise": mix.upper()}.get(
            case["campaign"], case["campaign"])
        out += [f"{rate_name(int(ppb))}, {what}, {case['mode']} framing, seed {seed} of {n}{case['where']},"
                f" {head}::", ""]
        out += [f"    {line}" for line in case["lines"]] + [""]
    return "\n".join(out)


def plot(rows):
    """Pairs of bars: READ and STATUS for each rate."""
    by_rate = {}
    for r in rows:
        by_rate.setdefault(r["ppb"], {})[r["mix"]] = 100 * r["share"]
    out = []
    for ppb, share in sorted(by_rate.items()):
        if ppb:
            out.append((f"{rate_name(ppb)}, READ", share["read"], OURS))
            out.append(("STATUS", share["status"], OTHERS))
    return bars("Right values a second against the bit error rate", out, 100, " %")


def which_driver(results):
    with open(os.path.join(results, "driver"), encoding="utf-8") as f:
        return f.read().strip()


def write_documentation(directory, driver, tables, remark, cases, rows):
    parts = [".. SPDX-License-Identifier: GPL-2.0\n.. Made by tests/campaign/report.py.\n",
             f"The driver is that of commit {driver}.\n"]
    parts += [rst_table(title, *table) for title, table in tables if table[1]]
    parts += [remark + "\n"] if remark else []
    parts += [rst_cases(title, some) for title, some in cases if some]
    with open(os.path.join(directory, "faults-figures.rst"), "w", encoding="utf-8") as out:
        out.write("\n".join(parts))
    with open(os.path.join(directory, "faults-goodput.svg"), "w", encoding="utf-8") as out:
        out.write(plot(rows))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    parts = {name: Part(sys.argv[1], name) for name in ("rates", "1e-3", "1e-2", "kinds", "day")}
    rows = goodput(parts["rates"])
    loud = [(name, parts[name]) for name in ("1e-3", "1e-2")]
    real = [(name, Part(sys.argv[1], name, "timing")) for name in ("1e-3", "1e-2")]
    tables = [
        ("Goodput", goodput_rows(rows)),
        ("Wrong values", wrong_rows(loud)),
        ("Wrong values, Debian's kernel and its 8250", wrong_rows(real)),
        ("Kinds of faults, all modes", kind_rows(parts["kinds"])),
        ("A day", day_rows(parts["day"])),
    ]
    for title, table in tables:
        print_table(title, table)
    print(memory(parts["day"]))
    if len(sys.argv) == 3:
        told = [part for _, part in loud + real] + [parts[name] for name in ("rates", "day", "kinds")]
        # Of "foreign" all are meant to be wrong, to see that the judge sees it.
        wrong = [case for part in told for case in part.wrong if case["campaign"] != "foreign"]
        changing = [case for part in told for case in part.changing]
        write_documentation(sys.argv[2], which_driver(sys.argv[1]), tables, memory(parts["day"]), [
            ("Each wrong value", wrong),
            ("Each command that became one that changes something", changing)], rows)


if __name__ == "__main__":
    main()
