#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the documentation's table of kinds of UART from what kinds.t has measured.

usage: table.py RESULTS           print the page
       table.py RESULTS --check PAGE  compare its verdicts with those of a page
"""
import json
import re
import sys

ROLES = ("controller", "device", "monitor")
LIMITS = {
    "setting": "with ``parity=evenodd`` set",
    "evenodd": "pauses in what it sends",
    "time": "only time tells when all is sent",
    "length": "frames by length, checksum and time",
    "unknown": "ninth bits unknown",
    "learns": "the first frames lost",
    "late": "told late",
}
ERRORS = {95: "EOPNOTSUPP"}


def read(path):
    """Results by kind, in their order, and the clocks."""
    kinds, clocks = {}, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if "clock" in record:
                clocks.append(record)
            else:
                kinds.setdefault(record["kind"], {})[record["role"]] = record
    return kinds, clocks


def verdict(result):
    if result["verdict"] == "refused":
        return f"refused ({ERRORS.get(result['error'], result['error'])})"
    if result["verdict"] == "fails":
        return "**fails**"
    limits = [LIMITS[name] for name in result["limits"].split()]
    return "works" + (": " + ", ".join(limits) if limits else "")


def ms(us):
    return f"{us / 1000:.2f}".rstrip("0").rstrip(".")


def table(title, header, rows, widths):
    lines = [f".. list-table:: {title}", f"    :widths: {widths}", "    :header-rows: 1", ""]
    for row in [header] + rows:
        for i, cell in enumerate(row):
            lines.append(f"    {'*' if not i else ' '} - {cell}".rstrip())
    return "\n".join(lines) + "\n"


def share(result, best):
    """How much longer an exchange takes than with the best, in percent of the speed."""
    if result["verdict"] != "works":
        return "-"
    return f"{100 * best['elapsed_us'] / result['elapsed_us']:.0f} %"


def what_works(kinds):
    return table("What works", ["kind", "stands for"] + list(ROLES), [
        [name, results["controller"]["stands"]] + [verdict(results[r]) for r in ROLES]
        for name, results in kinds.items()], "4 6 6 6 6")


def how_well(kinds):
    best = next(iter(kinds.values()))
    rows = []
    for name, results in kinds.items():
        c, d, m = (results[r] for r in ROLES)
        works = c["verdict"] == "works"
        rows.append([
            name, c["does"], f"{c['right']} of {c['asked']}" if c["asked"] else "-",
            share(c, best["controller"]),
            f"{ms(c['gap_us'])} / {ms(c['gap_max_us'])}" if works else "-",
            f"{d['right']} of {d['asked']}" if d["asked"] else "-",
            f"{m['right']} of {m['asked']}" if m["asked"] else "-",
            ms(max(m["late_us"], 0)) if m["verdict"] == "works" else "-"])
    return table("How well", [
        "kind", "what is different", "controller: right", "speed", "gap, ms", "device: right",
        "monitor: right", "late, ms"], rows, "4 6 3 2 3 3 3 2")


def clock(clocks):
    return table("How wrong the clock of a controller may be", [
        "FIFO", "too fast", "too slow"], [
            [f"{c['clock']} byte{'s' if c['clock'] > 1 else ''}", f"{c['fast']} %", f"{c['slow']} %"]
            for c in clocks], "2 2 2")


def page(kinds, clocks):
    return "\n".join([".. SPDX-License-Identifier: GPL-2.0",
                      ".. Made by tests/kinds/table.py: make kinds.", "",
                      what_works(kinds), how_well(kinds), clock(clocks)])


def verdicts(text):
    """The first table of a page."""
    found = re.search(r"^\.\. list-table:: What works\n.*?(?=^\.\. list-table|\Z)", text, re.M | re.S)
    return found.group(0).strip() if found else ""


def check(text, path):
    with open(path, encoding="utf-8") as old:
        was = verdicts(old.read()).splitlines()
    now = verdicts(text).splitlines()
    for line in set(was) ^ set(now):
        print(f"# {'measured' if line in now else 'page'}: {line.strip()}")
    return bool(was) and was == now


def main():
    if len(sys.argv) not in (2, 4) or (len(sys.argv) == 4 and sys.argv[2] != "--check"):
        sys.exit(__doc__)
    text = page(*read(sys.argv[1]))
    if len(sys.argv) == 2:
        sys.stdout.write(text)
        return
    ok = check(text, sys.argv[3])
    print("TAP version 13")
    print(f"{'ok' if ok else 'not ok'} 1 - the verdicts of the page are those measured (make kinds)")
    print("1..1")
    sys.exit(not ok)


if __name__ == "__main__":
    main()
