# SPDX-License-Identifier: GPL-2.0-or-later
"""The same as in C: the kernel's interface, values of pages and registers, texts.

Environment: TOP, the tree; SAME, the program of same.c.
"""
import os
import random
import re
import subprocess
import tempfile
import unittest

import matenet
from matenet import InvalidValue, uapi
from matenet.values import Bits, Choice

TOP = os.environ["TOP"]
PAGES_EACH = 400  # random ones


class Same:
    """libmatenet, to be asked."""

    def __init__(self):
        self.process = subprocess.Popen([os.environ["SAME"]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = []
        while True:
            text = self.process.stdout.readline()
            if not text:
                raise AssertionError(f"no answer to {line}")
            if text == "\n":
                return answer
            answer.append(text[:-1])

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def number(value):
    """A value as C has it: a double."""
    return float(value)


def pages(cls, rng):
    """All zeros, all ones, one bit each, and random ones."""
    yield bytes(cls.LENGTH)
    yield b"\xff" * cls.LENGTH
    for bit in range(8 * cls.LENGTH):
        yield (1 << bit).to_bytes(cls.LENGTH, "big")
    for _ in range(PAGES_EACH):
        yield bytes(rng.randrange(256) for _ in range(cls.LENGTH))


class Library(unittest.TestCase):
    """Against libmatenet."""

    @classmethod
    def setUpClass(cls):
        cls.c = Same()
        cls.rng = random.Random(20261122)

    @classmethod
    def tearDownClass(cls):
        cls.c.close()

    def check_page(self, cls, raw):
        page = cls.decode(raw)
        lines = [line.split("\t") for line in self.c.ask(f"page {cls.PAGE} {raw.hex()}")]
        self.assertEqual([line[0] for line in lines], [f.id for f in cls.FIELDS])
        for name, valid, value, _, text in lines:
            q, what = page.quantity(name), f"{cls.PAGE} {name} of {raw.hex()}"
            self.assertEqual((q.valid, str(q)), (valid == "1", text), what)
            if q.valid:
                self.assertEqual(number(getattr(page, name)), float(value), what)

    def test_pages(self):
        for cls in matenet.PAGES:
            with self.subTest(cls.PAGE):
                for raw in pages(cls, self.rng):
                    self.check_page(cls, raw)

    def each_register(self):
        for r in matenet.REGISTERS:
            device = "mx" if r.device == "all" else r.device
            for doubled in (False, True) if r.device == "fx" else (False,):
                yield r, f"{device} {r.addr:04X} {int(doubled)}", doubled

    def test_register_values(self):
        for r, where, doubled in self.each_register():
            raws = {0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, *r.names}
            raws.update(self.rng.randrange(0x10000) for _ in range(20))
            for raw in sorted(raws):
                (line,) = self.c.ask(f"reg {where} {raw:04X}")
                valid, value, flag, text = line.split("\t")
                q, what = r.decode(raw, doubled), f"{r}: {raw:04X}"
                self.assertEqual((q.valid, str(q)), (valid == "1", text), what)
                self.assertEqual(-1 if q.flag is None else int(q.flag), int(flag), what)
                if q.valid and isinstance(q.value, (int, float)) and not isinstance(q.value, (Choice, Bits)):
                    self.assertEqual(number(q.value), float(value), what)

    TEXTS = ["", "0", "1", "-1", "28.8", "28.85", "28.8 V", "28.8V", "28.8 v", "28.8 A", ".5", "5.", "+5", "1e1",
             "80", "80.1", "100", "255", "256", "65535", "65536", "-0.1", "0x0120", "0X1f", "0x12345", "0x", "on",
             "On", "off", "auto", "search", "none", "on, vent_fan", "off,remote", "on, 3", "on, 9", "maybe, 3",
             "low_battery, 0x08", "high_voc", "none, none", "13:59", "13:59:58", "23:59:59", "24:00", "1:2:3",
             "12:60", "2026-11-22", "2026-2-3", "2026-02-30", "2028-02-29", "2100-02-29", "1999-12-31",
             "2127-12-31", "2128-01-01", "400 Ah", "0.001", "28.800", "28.8001", "nan", "1_0", "\u0663"]

    def test_texts(self):
        for r, where, doubled in self.each_register():
            if not r.writable:
                continue
            for text in self.TEXTS + list(r.names.values()) + [str(r.min), str(r.max)]:
                (line,) = self.c.ask(f"parse {where} {text}")
                try:
                    mine = f"{r.encode(text, doubled):04X}"
                except InvalidValue as e:
                    mine = "range" if "outside" in str(e) else "value"
                self.assertEqual(mine, line, f'{r}: "{text}"')

    def test_what_may_be_written_in_words(self):
        for r, where, doubled in self.each_register():
            self.assertEqual([r.allowed(doubled)], self.c.ask(f"allowed {where}"), str(r))


class Interface(unittest.TestCase):
    """Against <linux/matenet.h>."""

    STRUCTS = {"caps": uapi.CAPS, "config": uapi.CONFIG, "mode": uapi.MODE, "xfer": uapi.XFER,
               "batch": uapi.BATCH, "reply": uapi.REPLY, "frame": uapi.FRAME, "record": uapi.RECORD}
    TUPLES = {"caps": uapi.Caps, "config": uapi.Config, "mode": uapi.Mode, "xfer": uapi.Xfer,
              "frame": uapi.Frame}
    OTHER_NAMES = {"length": "len"}

    @classmethod
    def setUpClass(cls):
        with open(f"{TOP}/include/uapi/linux/matenet.h", encoding="ascii") as f:
            text = f.read()
        cls.names = re.findall(r"^#define MATENET_(\w+)\t", text, re.M)
        rows = [f'P("{n}", MATENET_{n});' for n in cls.names]
        for s, t in cls.STRUCTS.items():
            rows.append(f'P("{s}", sizeof(struct matenet_{s}));')
            for member in getattr(cls.TUPLES.get(s), "_fields", ()):
                member = cls.OTHER_NAMES.get(member, member)
                rows.append(f'P("{s}.{member}", offsetof(struct matenet_{s}, {member}));')
        with tempfile.TemporaryDirectory() as tmp:
            with open(f"{tmp}/t.c", "w", encoding="ascii") as f:
                f.write("#include <stddef.h>\n#include <stdio.h>\n#include <linux/matenet.h>\n"
                        '#define P(name, n) printf("%s %llu\\n", name, (unsigned long long)(n))\n'
                        "int main(void)\n{\n" + "\n".join(rows) + "\nreturn 0;\n}\n")
            subprocess.run(["cc", "-I", f"{TOP}/include/uapi", "-o", f"{tmp}/t", f"{tmp}/t.c"], check=True)
            out = subprocess.run([f"{tmp}/t"], check=True, capture_output=True, text=True).stdout
        cls.c = {line.split()[0]: int(line.split()[1]) for line in out.splitlines()}

    def test_numbers(self):
        self.assertGreater(len(self.names), 60)
        for name in self.names:
            if name != "IOC_MAGIC":
                self.assertEqual(getattr(uapi, name, None), self.c[name], f"MATENET_{name}")

    def test_sizes_and_offsets(self):
        for name, layout in self.STRUCTS.items():
            self.assertEqual(layout.size, self.c[name], f"struct matenet_{name}")
        for name, tuples in self.TUPLES.items():
            members = tuples._fields
            layout = self.STRUCTS[name]
            for i, member in enumerate(members):
                # One member set to all ones: where its first byte comes to lie.
                values = [b"" if self.is_text(name, i) else 0 for i in range(len(members))]
                values[i] = b"\xff" if self.is_text(name, i) else 0xFF
                there = layout.pack(*values).index(b"\xff")
                self.assertEqual(there, self.c[f"{name}.{self.OTHER_NAMES.get(member, member)}"],
                                 f"{name}.{member}")

    def is_text(self, name, i):
        sample = self.STRUCTS[name].unpack(bytes(self.STRUCTS[name].size))
        return isinstance(sample[i], bytes)

    def test_status_names(self):
        self.assertEqual(uapi.status_names(uapi.ST_OK | uapi.ST_TX_DONE | uapi.ST_JUNK),
                         ("OK", "TX_DONE", "JUNK"))


if __name__ == "__main__":
    unittest.main()
