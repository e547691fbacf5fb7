# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests in the guest have beside a bus: the simulator's tester, the record of the wire."""
import json
import socket

FOLDER = "/tmp"  # shared with the guest's shell
PAIR = "/sys/kernel/debug/uart9/pair0"


def load(name):
    with open(f"{FOLDER}/{name}.json", encoding="utf-8") as f:
        return json.load(f)


def shell(command):
    """A command in the guest's own world: status, output, errors."""
    with open(f"{FOLDER}/commands", "w", encoding="utf-8") as f:
        f.write(command + "\n")
    with open(f"{FOLDER}/status", encoding="utf-8") as f:
        status = int(f.read())
    texts = []
    for name in ("out", "err"):
        with open(f"{FOLDER}/{name}", encoding="utf-8") as f:
            texts.append(f.read())
    return status, *texts


def tell(line):
    """A command for the simulator behind the wire."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(f"{FOLDER}/control")
        s.sendall(line.encode() + b"\n")
        answer = s.makefile().readline().rstrip("\n")
    if answer.startswith("error"):
        raise AssertionError(f"{line}: {answer}")
    return answer


def held(port, register):
    """What the device holds, asked behind the wire."""
    return int(tell(f"get {port} reg {register}"), 16)


def wire_clear():
    with open(f"{PAIR}/record", "w", encoding="ascii") as f:
        f.write("\n")


def frames():
    """What this end has sent since wire_clear(), without checksums."""
    found = []
    with open(f"{PAIR}/record", encoding="ascii") as f:
        for line in f:
            port, _, _, word = line.split()[:4]
            if port == "0":
                if word[0] == "1":
                    found.append(b"")
                found[-1] += bytes([int(word[1:], 16)])
    return [frame[:-2] for frame in found]


def written():
    """Those that change something: (port, command, address, parameter)."""
    return [(f[0], f[1], f[2] << 8 | f[3], f[4] << 8 | f[5]) for f in frames() if f[1] in (0, 1, 3)]
