#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks have measured: tables, report.json, plots and tables for the documentation.

usage: report.py RESULTS REPORT.json [DIRECTORY]

RESULTS has a line of JSON for each measurement (see guest and run); other lines are not
looked at.  The report has at its top level the figures that have a target.
"""
import json
import sys

from instructions import BUDGET

MAX_GAP_WAYS = ("xfer", "submit", "batch")

# Figure, what it is, its unit, its target, whether more is better.
TARGETS = [
    ("gap_us_max", "gap byte 0 to byte 1, maximum", "us", 100, False),
    ("read_ratio", "READ, fraction of the limit", "", 0.99, True),
    ("status_ratio", "STATUS, fraction of the limit", "", 0.994, True),
    ("read_ratio_loaded", "READ beside two busy processes", "", None, True),
    ("status_ratio_loaded", "STATUS beside two busy processes", "", None, True),
    ("read_ratio_default_pause", "READ with the default pause", "", 0.92, True),
    ("completion_us_p99", "last stop bit to the ioctl's return, p99", "us", 80, False),
    ("vs_plain_userspace", "transactions a second against A", "x", 2.0, True),
    ("empty_port_ms", "empty port, defaults", "ms", 60, False),
    ("buses16_ratio", "16 buses, fraction of 16 times the limit", "", 0.95, True),
    ("buses16_cpu", "16 buses, processor share of the guest", "", 0.40, False),
    ("submit_start_us", "queue of SUBMITs, next command after the pause", "us", 50, False),
    ("decode_per_s", "status pages decoded a second and core", "/s", 20e6, True),
    ("decode_vs_python", "the same against the Python package", "x", 50, True),
    ("matetool_status_cpu_ms", "matetool status -j, processor time", "ms", 15, False),
    ("matetool_status_peak_kb", "matetool status -j, peak memory", "KB", 4096, False),
    ("lib_kb", "libmatenet.so, stripped", "KB", 128, False),
    ("path_read_instructions", "driver's own instructions a READ", "", BUDGET["xfer", "read"],
     False),
    ("path_status_instructions", "driver's own instructions a STATUS", "",
     BUDGET["xfer", "status"], False),
]
LOADED_LOSS = 0.005  # what two busy processes may cost


class Results:
    def __init__(self, path):
        self.all = []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("{"):
                    self.all.append(json.loads(line))

    def find(self, bench, **want):
        return [r for r in self.all if r["bench"] == bench
                and all(r.get(key) == value for key, value in want.items())]

    def one(self, bench, **want):
        found = self.find(bench, **want)
        if len(found) != 1:
            sys.exit(f"report: {len(found)} results for {bench} {want}, not one")
        return found[0]

    def wire(self, way, kind="read", trigger=1, busy=0):
        return self.one("wire", way=way, kind=kind, trigger=trigger, busy=busy)


def headline(results):
    ours = [r for r in results.find("wire", busy=0) if r["way"] in MAX_GAP_WAYS]
    xfers = [results.wire("xfer", kind) for kind in ("read", "status", "log")]
    sixteen = results.one("scale", buses=16, processes=1)
    pages = results.one("decode")
    python = results.one("python")
    matetool = results.one("run")
    decode = min(pages[p]["decode_per_s"] for p in ("mx_status", "fx_status"))
    return {
        "gap_us_max": max(r["gap_us"]["max"] for r in ours),
        "read_ratio": results.wire("xfer")["ratio"],
        "status_ratio": results.wire("xfer", "status")["ratio"],
        "read_ratio_loaded": results.wire("xfer", busy=2)["ratio"],
        "status_ratio_loaded": results.wire("xfer", "status", busy=2)["ratio"],
        "read_ratio_default_pause": results.wire("xfer-default")["ratio"],
        "completion_us_p99": max(r["done_us"]["p99"] for r in xfers),
        "vs_plain_userspace": round(results.wire("xfer")["per_s"] / results.wire("A")["per_s"], 3),
        "empty_port_ms": results.one("empty")["us"]["max"] / 1e3,
        "buses16_ratio": sixteen["ratio"],
        "buses16_cpu": sixteen["cpu"],
        "submit_start_us": results.wire("submit")["start_us"]["max"],
        "decode_per_s": decode,
        "decode_vs_python": round(pages["mx_status"]["decode_per_s"] / python["decode_per_s"], 1),
        "matetool_status_cpu_ms": matetool["cpu_ms"],
        "matetool_status_peak_kb": matetool["peak_kb"],
        "lib_kb": results.one("library")["kb"],
        "path_read_instructions": results.one("path", way="xfer", kind="read")["instructions"],
        "path_status_instructions":
            results.one("path", way="xfer", kind="status")["instructions"],
    }


def target_of(key, target, figures):
    return figures[key.removesuffix("_loaded")] - LOADED_LOSS if key.endswith("_loaded") else target


def missed(figures):
    out = []
    for key, _, _, target, more in TARGETS:
        target = target_of(key, target, figures)
        if (figures[key] < target) if more else (figures[key] > target):
            out.append(key)
    return out


def show(value):
    if value >= 1e6:
        return f"{value / 1e6:.1f} M"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"


# ---- tables --------------------------------------------------------------------

def spread(figures):
    return "-" if not figures else "{median:.0f}/{p99:.0f}/{max:.0f}".format(**figures)


def print_wire(results, busy):
    print(f"{'way':<15}{'kind':<8}{'trig':>4}{'n':>5}{'wrong':>6}{'ratio':>8}{'per s':>8}"
          f"{'wire ms':>9}{'gap us':>18}{'done us':>20}{'next us':>20}{'cpu':>7}{'sw':>6}{'irq':>7}")
    for r in results.find("wire", busy=busy):
        print(f"{r['way']:<15}{r['kind']:<8}{r['trigger']:>4}{r['n']:>5}{r['wrong']:>6}"
              f"{r['ratio']:>8.4f}{r['per_s']:>8.2f}"
              f"{r['wire_us']['median'] / 1e3:>9.3f}{spread(r['gap_us']):>18}"
              f"{spread(r['done_us']):>20}{spread(r['start_us']):>20}{r['cpu']:>7.3f}"
              f"{r['switches']:>6.1f}{r['interrupts']:>7.1f}")


def print_scale(results):
    print(f"{'buses':>5}{'processes':>10}{'ratio':>8}{'lowest':>8}{'done us':>18}"
          f"{'least':>7}{'most':>6}{'cpu':>7}{'sw':>6}{'irq':>7}")
    for r in results.find("scale"):
        print(f"{r['buses']:>5}{r['processes']:>10}{r['ratio']:>8.4f}{r['ratio_lowest']:>8.4f}"
              f"{spread(r['done_us']):>18}{r['least']:>7}{r['most']:>6}{r['cpu']:>7.3f}"
              f"{r['switches']:>6.1f}{r['interrupts']:>7.1f}")


def path_table(results):
    """Rows of text: function, then calls and instructions of each way and kind."""
    ways = results.find("path")
    functions = {}
    for r in ways:
        for f in r["functions"]:
            functions.setdefault(f["function"], {})[r["way"], r["kind"]] = f
    rows = []
    for name, by_way in functions.items():
        found = [by_way.get((r["way"], r["kind"])) for r in ways]
        rows.append([name] + [text for f in found for text in (
            [f"{f['calls']:g}", f"{f['instructions']:.0f}"] if f else ["-", "-"])])
    for text, key in (("all", "instructions"), ("budget", "budget")):
        rows.append([text] + [cell for r in ways for cell in ("", f"{r[key]:.0f}")])
    return [f"{r['way']} {r['kind']}" for r in ways], rows


def print_path(results):
    ways, rows = path_table(results)
    print(f"{'function':<27}" + "".join(f"{way:>16}" for way in ways))
    for row in rows:
        print(f"{row[0]:<27}" + "".join(f"{calls:>8}{n:>8}" for calls, n in
                                        zip(row[1::2], row[2::2])))


def print_targets(figures):
    for key, text, unit, target, more in TARGETS:
        target = target_of(key, target, figures)
        verdict = "MISSED" if key in missed(figures) else "ok"
        print(f"{verdict:<7}{text:<48}{show(figures[key]):>9} {unit:<3}"
              f"({'at least' if more else 'at most'} {show(target)})")


# ---- the documentation's figures -------------------------------------------------

FIGURES = "performance-figures.rst"


def rst_table(title, header, rows):
    out = [f".. list-table:: {title}", "    :header-rows: 1", ""]
    for row in [header] + rows:
        out += [f"    {'* ' if i == 0 else '  '}- {cell}" for i, cell in enumerate(row)]
    return "\n".join(out) + "\n"


def rst_wire(title, rows):
    return rst_table(title, ["way", "command", "trigger", "share of the limit", "a second",
                             "on the wire, ms", "gap, µs", "return, µs", "next command, µs", "processor",
                             "switches", "interrupts"],
                     [[r["way"], r["kind"].upper(), r["trigger"], f"{100 * r['ratio']:.2f} %",
                       f"{r['per_s']:.2f}",
                       f"{r['wire_us']['median'] / 1e3:.3f}", spread(r["gap_us"]), spread(r["done_us"]),
                       spread(r["start_us"]), f"{100 * r['cpu']:.1f} %", f"{r['switches']:.1f}",
                       f"{r['interrupts']:.1f}"] for r in rows])


def rst_targets(figures):
    rows = []
    for key, text, unit, target, more in TARGETS:
        target = target_of(key, target, figures)
        rows.append([f"``{key}``", text, f"{show(figures[key])} {unit}".strip(),
                     f"{'≥' if more else '≤'} {show(target)}",
                     "**missed**" if key in missed(figures) else "met"])
    return rst_table("Targets", ["figure", "what", "measured", "target", ""], rows)


def rst_scale(results):
    rows = [[r["buses"], r["processes"], f"{100 * r['ratio']:.2f} %",
             f"{100 * r['ratio_lowest']:.2f} %", spread(r['done_us']),
             f"{r['least']} to {r['most']}", f"{100 * r['cpu']:.1f} %"]
            for r in results.find("scale")]
    return rst_table("Buses at once, and processes on each", [
        "buses", "processes on each", "share of the limit", "slowest bus", "return, µs",
        "transactions of a process", "processor"], rows)


def rst_path(results):
    ways, rows = path_table(results)
    header = ["function"] + [text for way in ways for text in (f"{way}: calls", "instructions")]
    return rst_table("The driver's own instructions a transaction", header, [
        [f"``{row[0]}``" if row[0] not in ("all", "budget") else f"**{row[0]}**"] + row[1:]
        for row in rows])


def write_figures(results, figures, path):
    memory, empty = results.one("memory"), results.one("empty")
    pages, matetool = results.one("decode"), results.one("run")
    counts = results.one("instructions")
    wire = [r for r in results.find("wire", busy=0)]
    parts = [".. SPDX-License-Identifier: GPL-2.0\n.. Made by tests/bench/report.py.\n",
             f"The driver is that of commit {results.one('driver')['commit']}.\n",
             rst_targets(figures),
             rst_wire("Alone, each byte reported at once",
                      [r for r in wire if r["trigger"] == 1]),
             rst_wire("Alone, the receive trigger of 8 bytes that a 16550A begins with",
                      [r for r in wire if r["trigger"] != 1]),
             rst_wire("Beside two busy processes", results.find("wire", busy=2)),
             rst_scale(results),
             rst_path(results),
             rst_table("Single things", ["what", "how much"], [
                 ["kernel memory of a bus", f"{memory['bus_kb']:.0f} KB"],
                 ["kernel memory of an open file", f"{memory['file_kb']:.2f} KB"],
                 ["asking an empty port, defaults", f"{empty['us']['median'] / 1e3:.1f} ms"],
                 ["``matetool status -j``, three devices: processor time, wall, peak memory",
                  f"{matetool['cpu_ms']:.1f} ms, {matetool['wall_ms']:.0f} ms, "
                  f"{matetool['peak_kb']} KB"]] + [
                 [f"{name}, decoded and encoded: a second and core; instructions of one",
                  f"{show(pages[name]['decode_per_s'])}, {show(pages[name]['encode_per_s'])}; "
                  f"{counts[name]['decode']}, {counts[name]['encode']}"]
                 for name in ("mx_status", "fx_status", "dc_status", "mx_log")] + [
                 ["the Python package, MX status pages a second",
                  show(results.one("python")["decode_per_s"])]])]
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(parts))


# ---- plots -----------------------------------------------------------------------

BARS = """<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{height}" \
font-family="sans-serif" font-size="13">
<rect width="640" height="{height}" fill="white"/>
<text x="10" y="22" font-size="15" font-weight="bold">{title}</text>
{body}
</svg>
"""


def bars(title, rows, full, unit):
    """Horizontal bars; rows are (label, value, colour), full is the longest one's value."""
    body = []
    for i, (label, value, colour) in enumerate(rows):
        y = 40 + 26 * i
        width = 400 * min(value / full, 1)
        body.append(f'<text x="150" y="{y + 14}" text-anchor="end">{label}</text>'
                    f'<rect x="160" y="{y}" width="{width:.1f}" height="18" fill="{colour}"/>'
                    f'<text x="{166 + width:.1f}" y="{y + 14}">{value:.1f}{unit}</text>')
    return BARS.format(height=52 + 26 * len(rows), title=title, body="\n".join(body))


OURS, OTHERS = "#2a6f97", "#b0b0b0"


def plot_ratio(results, kind):
    rows = []
    for way in ("xfer", "submit", "batch", "C", "B", "A"):
        r = results.wire(way, kind)
        rows.append((way, 100 * r["ratio"], OURS if way in MAX_GAP_WAYS else OTHERS))
    return bars(f"{kind.upper()}: share of what the wire allows", rows, 100, " %")


def plot_busy(results):
    rows = []
    for way in ("xfer", "C", "C-ordinary", "B", "A"):
        r = results.wire(way, busy=2)
        rows.append((way, 100 * r["ratio"], OURS if way == "xfer" else OTHERS))
    return bars("READ beside two busy processes: share of what the wire allows", rows, 100, " %")


def plot_scale(results):
    rows = []
    for r in results.find("scale", processes=1):
        rows.append((f"{r['buses']} buses, wire", 100 * r["ratio"], OURS))
        rows.append(("processor", 100 * r["cpu"], OTHERS))
    return bars("Saturated buses: share of the limit, share of the processor", rows, 100, " %")


def write_plots(results, directory):
    plots = {
        "performance-read.svg": plot_ratio(results, "read"),
        "performance-status.svg": plot_ratio(results, "status"),
        "performance-busy.svg": plot_busy(results),
        "performance-scale.svg": plot_scale(results),
    }
    for name, svg in plots.items():
        with open(f"{directory}/{name}", "w", encoding="utf-8") as out:
            out.write(svg)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    results = Results(sys.argv[1])
    figures = headline(results)
    report = dict(figures, missed=missed(figures), results=results.all)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump(report, out, indent=1)
        out.write("\n")
    if len(sys.argv) == 4:
        write_plots(results, sys.argv[3])
        write_figures(results, figures, f"{sys.argv[3]}/{FIGURES}")
    print("Times in microseconds as median/p99/maximum\n")
    print_wire(results, 0)
    print("\nBeside two busy processes\n")
    print_wire(results, 2)
    print("\nBuses, and processes on each\n")
    print_scale(results)
    print("\nThe driver's own instructions a transaction: calls, instructions\n")
    print_path(results)
    print()
    print_targets(figures)


if __name__ == "__main__":
    main()
