# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices without a bus: they drive and answer the generators of matenet.protocol."""
from matenet import uapi
from matenet.errors import from_status
from matenet.protocol import Command

OK = uapi.ST_OK | uapi.ST_TX_DONE
SILENT = uapi.ST_TX_DONE | uapi.ST_TIMEOUT
BROKEN = uapi.ST_TX_DONE | uapi.ST_CHECKSUM
REFUSED = uapi.ST_TX_DONE | uapi.ST_REFUSED
UNSENT = uapi.ST_TX_ERROR


class Fake:
    """Registers and pages by port.

    registers: {(port, addr): value}; pages: {(port, page): bytes}
    faults: status for the Nth command (from 0); a fault with done=N happens all the same
    """

    def __init__(self, registers=None, pages=None):
        self.registers, self.pages = dict(registers or {}), dict(pages or {})
        self.sent = []
        self.faults = {}
        self.done = set()
        self.inc_command = 1
        self.on_write = None

    def answer(self, c):
        key = (c.port, c.addr)
        if c.command == uapi.CMD_STATUS:
            return self.pages[key]
        if c.command == uapi.CMD_WRITE:
            if self.on_write:
                return self.on_write(key, c.param).to_bytes(2, "big")
            self.registers[key] = c.param
        elif c.command in (uapi.CMD_INC, uapi.CMD_DEC):
            step = 1 if c.command == self.inc_command else -1
            self.registers[key] = (self.registers[key] + step) & 0xFFFF
        return self.registers[key].to_bytes(2, "big")

    def command(self, c):
        assert isinstance(c, Command)
        c.encode()
        n = len(self.sent)
        self.sent.append((c.port, c.command, c.addr, c.param))
        status = self.faults.get(n, OK)
        known = (c.port, c.addr) in (self.pages if c.command == uapi.CMD_STATUS else self.registers)
        if not known and status == OK:
            status = SILENT
        data = self.answer(c) if status == OK or n in self.done else b""
        if status != OK:
            raise from_status(f"fake: {c}", status, 1, b"")
        return data

    def run(self, op):
        try:
            c = next(op)
            while True:
                try:
                    data = self.command(c)
                except Exception as e:
                    c = op.throw(e)
                else:
                    c = op.send(data)
        except StopIteration as stop:
            return stop.value
