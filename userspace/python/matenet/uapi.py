# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel's interface: numbers and structures of <linux/matenet.h>.

Structures are in the order of the header, without their reserved fields; a test compares
sizes, offsets and numbers with the header.  Times are nanoseconds of CLOCK_MONOTONIC.
"""
import struct
from typing import NamedTuple, Tuple

MAX_DATA = 32
MAX_BATCH = 64
MAX_FRAME = 40
MAX_RECORDS = 256

CMD_DEC = 0
CMD_INC = 1
CMD_READ = 2
CMD_WRITE = 3
CMD_STATUS = 4
CMD_LOG = 22

ROLE_MONITOR = 0
ROLE_CONTROLLER = 1
ROLE_DEVICE = 2

FRAMING_AUTO = 0
FRAMING_MARK = 1
FRAMING_GAP = 2

PARITY_AUTO = 0
PARITY_STICK = 1
PARITY_EVENODD = 2

CAP_TX = 1 << 0
CAP_CMSPAR = 1 << 1
CAP_RX_MARK = 1 << 2
CAP_TX_EMPTY = 1 << 3

CFG_STRICT = 1 << 0
CFG_WRITABLE = 1 << 1

MODE_USER = 0
MODE_NONE = 1
MODE_EXCLUSIVE = 2
MODE_MONITOR = 3

XFER_NO_REPLY = 1 << 0
XFER_RAW = 1 << 1
XFER_STOP = 1 << 2

ST_OK = 1 << 0
ST_TX_DONE = 1 << 1
ST_TX_ERROR = 1 << 2
ST_TIMEOUT = 1 << 3
ST_CHECKSUM = 1 << 4
ST_SHORT = 1 << 5
ST_LONG = 1 << 6
ST_MARK = 1 << 7
ST_FRAMING = 1 << 8
ST_BREAK = 1 << 9
ST_OVERRUN = 1 << 10
ST_JUNK = 1 << 11
ST_REFUSED = 1 << 12
ST_ABORTED = 1 << 13
ST_SKIPPED = 1 << 14

FRAME_TX = 1 << 0
FRAME_JOINED = 1 << 1

REC_XFER = 1
REC_COMMAND = 2
REC_FRAME = 3
REC_STATE = 4
REC_LOST = 1 << 0


def status_names(status: int) -> Tuple[str, ...]:
    """Names of the MATENET_ST_* bits that are set: ("OK", "TX_DONE")."""
    return tuple(name[3:] for name, bit in globals().items()
                 if name.startswith("ST_") and status & bit)


class Caps(NamedTuple):
    """struct matenet_caps: what the bus and the driver can do."""

    driver: str
    tty: str
    capabilities: int
    bus: int
    max_data: int
    max_queue: int
    framing: int
    parity: int


class Config(NamedTuple):
    """struct matenet_config: settings of a bus, shared by all its users."""

    baud: int
    role: int
    framing: int
    parity: int
    flags: int
    reply_timeout_us: int
    gap_us: int
    turnaround_us: int
    tx_guard_us: int
    late_us: int
    join: int


class Mode(NamedTuple):
    """struct matenet_mode: what one open file wants of the bus."""

    mode: int = MODE_USER
    flags: int = 0
    port_mask: int = 0


class Xfer(NamedTuple):
    """struct matenet_xfer: one transaction, a command and its reply.

    tx and rx are 32 bytes, of which tx_len and rx_len count; without checksums.
    """

    user_data: int = 0
    tx_ts: int = 0
    rx_ts: int = 0
    sequence: int = 0
    flags: int = 0
    status: int = 0
    timeout_us: int = 0
    tx_len: int = 0
    rx_len: int = 0
    retries: int = 0
    attempts: int = 0
    tx: bytes = b""
    rx: bytes = b""

    @property
    def command(self) -> bytes:
        """What was sent, without checksum."""
        return self.tx[:self.tx_len]

    @property
    def reply(self) -> bytes:
        """What came back, with its byte 0, without checksum."""
        return self.rx[:self.rx_len]


class Frame(NamedTuple):
    """struct matenet_frame: one frame as seen on the wire, checksum included."""

    mark: int
    sequence: int
    flags: int
    status: int
    length: int
    data: bytes


CAPS = struct.Struct("=16s 32s 6I 40x")
CONFIG = struct.Struct("=11I 20x")
MODE = struct.Struct("=2I Q 16x")
XFER = struct.Struct("=3Q 4I 4B 4x 16x 32s 32s")
BATCH = struct.Struct("=Q 3I 12x")
REPLY = struct.Struct("=2I B 3x 12x 32s")
FRAME = struct.Struct("=Q 3I B 3x 40s 16x")
RECORD = struct.Struct("=Q 3I 12x 160s")


def _ioc(direction: int, number: int, size: int) -> int:
    """Two bits direction, 14 bits size, 8 bits 0xBC, 8 bits number."""
    return direction << 30 | size << 16 | 0xBC << 8 | number


_W, _R = 1, 2

IOC_G_CAPS = _ioc(_R, 0x00, CAPS.size)
IOC_G_CONFIG = _ioc(_R, 0x01, CONFIG.size)
IOC_S_CONFIG = _ioc(_R | _W, 0x02, CONFIG.size)
IOC_G_MODE = _ioc(_R, 0x03, MODE.size)
IOC_S_MODE = _ioc(_W, 0x04, MODE.size)
IOC_XFER = _ioc(_R | _W, 0x10, XFER.size)
IOC_SUBMIT = _ioc(_R | _W, 0x11, XFER.size)
IOC_BATCH = _ioc(_R | _W, 0x12, BATCH.size)
IOC_CANCEL = _ioc(_W, 0x13, 4)
IOC_REPLY = _ioc(_W, 0x20, REPLY.size)
