#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""MateNET from Python: a register and a status page, then a log page that comes when it comes.

usage: mate.py [NODE [PORT]], where PORT is that of an MX or FLEXmax charge controller
"""
import fcntl, os, select, struct, sys

# struct matenet_xfer of linux/matenet.h: user_data, tx_ts, rx_ts; sequence, flags, status,
# timeout_us; tx_len, rx_len, retries, attempts; reserved8 and reserved; tx; rx
XFER = struct.Struct("=3Q 4I 4B 20x 32s 32s")
# struct matenet_record: ts; type, flags, lost; reserved; a union, here a matenet_xfer
RECORD = struct.Struct("=Q 3I 12x 128s 32x")
REC_XFER = 1


def iowr(number, size):
    """_IOWR(0xBC, number, size): two bits direction, 14 bits size, 8 bits 0xBC, 8 bits number."""
    return 3 << 30 | size << 16 | 0xBC << 8 | number


IOC_XFER, IOC_SUBMIT = iowr(0x10, XFER.size), iowr(0x11, XFER.size)
READ, STATUS, LOG = 2, 4, 22
BITS = ("OK TX_DONE TX_ERROR TIMEOUT CHECKSUM SHORT LONG MARK FRAMING BREAK OVERRUN JUNK REFUSED "
        "ABORTED SKIPPED").split()  # of matenet_xfer.status, from bit 0 on


def command(port, cmd, addr, param=0):
    tx = struct.pack(">BBHH", port, cmd, addr, param)
    retries = 1  # reading twice does no harm
    return bytearray(XFER.pack(0, 0, 0, 0, 0, 0, 0, len(tx), 0, retries, 0, tx, b""))


def reply(what, xfer):
    """An ioctl that succeeds has run to its end; whether there is a reply is in status."""
    status, rx_len, rx = [XFER.unpack(xfer)[i] for i in (5, 8, 12)]
    names = [name for i, name in enumerate(BITS) if status & 1 << i]
    if "OK" not in names:
        raise OSError(0, " ".join(names), what)
    return rx[1:rx_len]  # byte 0 repeats the command


def ioctl(bus, what, number, xfer):
    try:
        fcntl.ioctl(bus, number, xfer)  # writes the result into xfer
    except OSError as error:
        raise OSError(error.errno, error.strerror, what) from error


def ask(bus, what, *words):
    xfer = command(*words)
    ioctl(bus, what, IOC_XFER, xfer)
    return reply(what, xfer)


def main(node="/dev/matenet0", port=1):
    port, bus = int(port), os.open(node, os.O_RDONLY)  # enough to read
    print(f"READ: device type 0x{ask(bus, 'READ', port, READ, 0).hex()}")
    amps, mode, volts, pv = struct.unpack(">xB4xBxxHH", ask(bus, "STATUS", port, STATUS, 1))
    print(f"STATUS: battery {volts / 10:.1f} V, PV {pv / 10:.1f} V, {(amps + 128) & 255} A, "
          f"charge mode {mode}")

    xfer = command(port, LOG, 0)  # today's
    ioctl(bus, "SUBMIT", IOC_SUBMIT, xfer)  # returns at once, with the sequence number
    while True:
        if not select.select([bus], [], [], 5)[0]:
            raise OSError(0, "it did not come", "record")
        _, kind, _, _, done = RECORD.unpack(os.read(bus, RECORD.size))
        if kind == REC_XFER and XFER.unpack(done)[3] == XFER.unpack(xfer)[3]:  # others may come
            break
    p = reply("LOG", done)
    print(f"LOG: today {(p[2] >> 4 | p[3] << 4) / 10:.1f} kWh, {p[8] | (p[9] & 63) << 8} Ah")


try:
    main(*sys.argv[1:])
except OSError as error:
    sys.exit(f"mate.py: {error.filename or 'record'}: {error.strerror}")
