#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Check registers.tsv and pages.tsv and generate from them what emit*.py can.

usage: gen.py [--registers FILE] [--pages FILE] [--out DIR]

Without --out the data are only checked.  Every fault is printed as
file:line: what is wrong; the exit status is 1 if there was one.  Each emit*.py beside this
file has outputs(registers, pages), which gives texts by file name.
"""
import argparse
import glob
import importlib
import os
import sys

from model import DataError, read_pages, read_registers

HERE = os.path.dirname(os.path.abspath(__file__))


def write_if_changed(path, text):
    """Leave an equal file alone, so that make rebuilds nothing for it."""
    try:
        with open(path, encoding="utf-8") as f:
            if f.read() == text:
                os.utime(path)
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def outputs(regs, pages):
    """Texts of all emitters by file name."""
    for path in sorted(glob.glob(os.path.join(HERE, "emit*.py"))):
        emitter = importlib.import_module(os.path.basename(path)[:-len(".py")])
        yield from emitter.outputs(regs, pages).items()


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--registers", default=os.path.join(HERE, "registers.tsv"))
    ap.add_argument("--pages", default=os.path.join(HERE, "pages.tsv"))
    ap.add_argument("--out", metavar="DIR")
    args = ap.parse_args()
    try:
        regs = read_registers(args.registers)
        pages = read_pages(args.pages, regs)
    except DataError as e:
        for line in e.faults:
            print(line, file=sys.stderr)
        return 1
    if args.out:
        os.makedirs(args.out, exist_ok=True)
        for name, text in outputs(regs, pages):
            write_if_changed(os.path.join(args.out, name), text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
