# SPDX-License-Identifier: GPL-2.0-or-later
"""Each row of the tables of Documentation/pymate.rst: pyMATE's line, the command, and ours.

In the guest, see tests/site/pymate.t.  Where all give a value it is the same; what changes a
register is run three times, each time from another value.
"""
import re
import unittest
import warnings

import matenet
import matenet.pymate
from guest import FOLDER, held, shell, tell
from matenet import Change, Choice, Outcome, Quantity

ENDLESS = ("matetool monitor",)


def rows(path):
    """(line number, [cell..]) of the rows of list-tables with three cells under "pyMATE"."""
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    row, table = None, False
    for n, line in enumerate(lines, 1):
        cell = re.match(r"   (\* |  )- (.*)", line)
        if cell and cell[1] == "* ":
            if row and table:
                yield row
            row = (n, [cell[2]])
        elif cell:
            row[1].append(cell[2])
        elif row and not line.startswith("       "):
            if row and table:
                yield row
            row = None
        if row and row[1] == ["pyMATE", "matetool", "matenet"]:
            table, row = True, None
        elif line.startswith(".. list-table"):
            table = False


def code(cell):
    match = re.fullmatch(r"``(.*)``", cell)
    return match[1] if match else None


def run(line, names):
    """Value of an expression; None for a statement."""
    try:
        compiled = compile(line, "page", "eval")
    except SyntaxError:
        exec(compile(line, "page", "exec"), names)
        return None
    return eval(compiled, names)


class Tap:
    def capture(self, tx, rx):
        pass

    capture_tx = capture


class Page(unittest.TestCase):
    """The rows of the page, in its order."""

    @classmethod
    def setUpClass(cls):
        cls.ours = {"matenet": matenet, "bus": matenet.Bus(write=True)}
        cls.theirs = {name: getattr(matenet.pymate, name) for name in matenet.pymate.__all__}
        cls.theirs["tap"] = Tap()

    def check(self, theirs, command, ours):
        self.assertTrue(command and ours, "no command or no line of Python")
        if "write(" in ours and "reset" not in ours:
            self.check_change(theirs, command, ours)
            return
        mine = run(ours, self.ours)
        status, out, err = shell(command)
        self.assertIn(status, (0, 124) if command in ENDLESS else (0,), err)
        if isinstance(mine, Change):
            self.assertIs(mine.outcome, Outcome.UNVERIFIED if mine.after is None else Outcome.APPLIED)
            mine = None
        if isinstance(mine, list):
            self.assertTrue(mine)
            mine = None
        if mine is not None:
            shown = re.sub(r"\s", "", str(mine)).lower()
            self.assertIn(shown, re.sub(r"\s", "", out).lower(), f"{ours} is {mine}, {command} says {out}")
        if theirs:
            self.compare(run(theirs, self.theirs), mine, theirs, ours)

    def compare(self, value, mine, theirs, ours):
        if value is None or mine is None or isinstance(value, (list, tuple)):
            return
        if isinstance(mine, Quantity):
            mine = mine.raw if isinstance(value, int) else str(mine).replace(" ", "")
        elif isinstance(value, matenet.pymate.Value) and (value.units or "").startswith("kWp"):
            value = round(value * 1000)  # watts
        elif isinstance(value, str):
            value, mine = value.replace("FW:", ""), mine.replace(" ", "")
        elif isinstance(mine, Choice):
            mine = int(mine)
        self.assertEqual(value, mine, f"{theirs} is {value}, {ours} is {mine}")

    def check_change(self, theirs, command, ours):
        port, name, wanted = {"mx": 1, "fx": 2, "dc": 3}[ours[:2]], *re.search(
            r'\("(\w+)", (?:"(\w+)"|[\d.]+)', ours).groups()
        reg = matenet.register(ours[:2], name)
        raw = reg.encode(wanted if wanted else float(re.search(r", ([\d.]+)\)", ours)[1]))
        for what in (theirs, command, ours):
            other = next(n for n in (0, 1, 2, 270) if n != raw)
            tell(f"set {port} reg {name} = 0x{other:04x}")
            self.assertEqual(held(port, name), other)
            if what == command:
                status, out, err = shell(command)
                self.assertEqual(status, 0, out + err)
            else:
                done = run(what, self.theirs if what == theirs else self.ours)
                if what == ours:
                    self.assertTrue(done.applied, str(done))
            self.assertEqual(held(port, name), raw, what)


def test_of(line, cells):
    def test(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            self.check(*map(code, cells))
    test.__doc__ = f"pymate.rst:{line}: {cells[0]}".replace("``", "")
    return test


TABLE = list(rows(f"{FOLDER}/python/pymate.rst"))
for number, (line_number, row_cells) in enumerate(TABLE):
    setattr(Page, f"test_{number:03}", test_of(line_number, row_cells))


class Complete(unittest.TestCase):
    """The page has what pyMATE's README has."""

    def test_every_property(self):
        text = "\n".join(cells[0] for _, cells in TABLE)
        for cls, prefix in ((matenet.pymate.MateMXDevice, "mate_mx."), (matenet.pymate.MateFXDevice, "mate_fx.")):
            for name, thing in vars(cls).items():
                if isinstance(thing, property) and name not in ("is_230v", "battery_temp"):
                    self.assertIn(prefix + name, text)

    def test_every_attribute_of_status_and_log(self):
        text = "\n".join(cells[0] for _, cells in TABLE)
        for packet, prefix in ((matenet.pymate.MXStatusPacket, "status."), (matenet.pymate.MXLogPagePacket, "logpage.")):
            for name in packet.MAP:
                if name != "amp_hours_valid":
                    self.assertIn(prefix + name, text)

    def test_rows(self):
        self.assertGreater(len(TABLE), 100)
        self.assertEqual([n for n, cells in TABLE if len(cells) != 3], [])


if __name__ == "__main__":
    unittest.main()
