# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong.

Every exception is a MatenetError and has a short stable word for programs, code: the same
as libmatenet's mate_errname() and matetool's JSON give.  Its text names the thing and the
value.
"""
import errno
from typing import Optional

from . import uapi


class MatenetError(Exception):
    """Anything that this package raises on purpose."""

    code = "error"


# ---- use of the package ----------------------------------------------------------


class InvalidValue(MatenetError, ValueError):
    """A value that cannot be meant: out of range, no multiple of the scale, no such name."""

    code = "invalid"


class UnknownName(MatenetError, LookupError):
    """The tables have no register, field or name like that."""

    code = "unknown_name"


class NotAccessible(MatenetError):
    """The register cannot be read, written or stepped."""

    code = "access"


class WrongDevice(MatenetError):
    """Another type of device than the caller said, or one that has no such thing."""

    code = "device"


# ---- the bus ---------------------------------------------------------------------


class BusError(MatenetError, OSError):
    """The bus cannot be used; errno says what the system said."""

    code = "system"

    def __init__(self, number: Optional[int], text: str) -> None:
        super().__init__(number, text)
        self.text = text

    def __str__(self) -> str:
        return self.text


class NoBus(BusError):
    """There is no such bus."""

    code = "no_bus"


class SeveralBuses(BusError):
    """None was named, and there are several."""

    code = "several"


class NotABus(BusError):
    """The path is no MateNET bus."""

    code = "not_a_bus"


class NotPermitted(BusError, PermissionError):
    """Not allowed for this user, or on this descriptor, or on this bus."""

    code = "permission"


class BusGone(BusError):
    """The bus was detached or unplugged."""

    code = "gone"


class BusBusy(BusError):
    """Somebody has the bus for himself, or too much is queued."""

    code = "busy"


class BadRequest(BusError):
    """The driver does not take this request."""

    code = "invalid"


_ERRNO = {
    errno.ENOENT: NoBus, errno.ENXIO: BusGone, errno.ENODEV: BusGone, errno.ENOTTY: NotABus,
    errno.EACCES: NotPermitted, errno.EPERM: NotPermitted, errno.EROFS: NotPermitted,
    errno.EBUSY: BusBusy, errno.EAGAIN: BusBusy, errno.EINVAL: BadRequest,
}

# What the system's words do not say.
_HINTS = {
    errno.EPERM: "not allowed: commands that change something take a bus opened with write=True, "
                 "settings and monitor mode take CAP_NET_ADMIN",
    errno.EROFS: "the bus is locked against commands that change something; "
                 "its administrator unlocks it, see Bus.configure(writable=True)",
    errno.ENODEV: "the bus is gone: detached or unplugged",
    errno.EBUSY: "somebody has the bus for himself",
    errno.EAGAIN: "too many transactions are queued",
    errno.EOPNOTSUPP: "the bus is not in the controller role",
}


def from_errno(what: str, error: OSError) -> BusError:
    """The BusError for a failed system call."""
    number = error.errno or 0
    text = _HINTS.get(number) or error.strerror or str(error)
    return _ERRNO.get(number, BusError)(number, f"{what}: {text}")


# ---- the wire --------------------------------------------------------------------


class WireError(MatenetError):
    """A transaction ran, but not as it should.

    status: MATENET_ST_* bits, see matenet.uapi; attempts: how often it was sent;
    reply: what came back of it.  If the bit TX_DONE is set the command may have had its effect.
    """

    code = "wire"

    def __init__(self, text: str, status: int = 0, attempts: int = 0, reply: bytes = b"") -> None:
        super().__init__(text)
        self.status, self.attempts, self.reply = status, attempts, reply

    @property
    def sent(self) -> bool:
        """The whole command was on the wire."""
        return bool(self.status & uapi.ST_TX_DONE)


class NoReply(WireError):
    """Not one byte came back."""

    code = "no_reply"


class Refused(WireError):
    """The device answered with an error: byte 0 of its reply has bit 7 set."""

    code = "refused"


class TransmitError(WireError):
    """The UART did not send the command."""

    code = "transmit"


class Aborted(WireError):
    """Given up before the reply was in: cancelled, or the bus went away."""

    code = "aborted"


class Damaged(WireError):
    """A reply that is not right; code says why, for example "checksum"."""

    def __init__(self, text: str, status: int = 0, attempts: int = 0, reply: bytes = b"",
                 code: str = "damaged") -> None:
        super().__init__(text, status, attempts, reply)
        self.code = code


# The cause before its consequences: an overrun also makes a reply short.
_STATUS = (
    (uapi.ST_ABORTED, Aborted, "aborted", "aborted"),
    (uapi.ST_TX_ERROR, TransmitError, "transmit", "the command could not be sent"),
    (uapi.ST_REFUSED, Refused, "refused", "the device refused the command"),
    (uapi.ST_OVERRUN, Damaged, "overrun", "receive overrun, bytes lost"),
    (uapi.ST_BREAK, Damaged, "break", "break on the line"),
    (uapi.ST_FRAMING, Damaged, "framing", "framing error in the reply"),
    (uapi.ST_TIMEOUT, NoReply, "no_reply", "no reply"),
    (uapi.ST_SHORT, Damaged, "short", "reply too short"),
    (uapi.ST_LONG, Damaged, "long", "reply too long"),
    (uapi.ST_CHECKSUM, Damaged, "checksum", "reply with a bad checksum"),
    (uapi.ST_MARK, Damaged, "mark", "reply with wrong ninth bits"),
    (0, Aborted, "aborted", "aborted"),
)


def from_status(what: str, status: int, attempts: int, reply: bytes) -> WireError:
    """The WireError for the status of a transaction that is not OK."""
    for bit, kind, code, text in _STATUS:
        if status & bit or not bit:
            break
    if kind is Damaged:
        return Damaged(f"{what}: {text}", status, attempts, reply, code)
    return kind(f"{what}: {text}", status, attempts, reply)
