// SPDX-License-Identifier: GPL-2.0-or-later
// MateNET from Go: a register and a status page, then a log page that comes when it comes.
// usage: mate-go [NODE [PORT]], where PORT is that of an MX or FLEXmax charge controller
package main

import (
	"fmt"
	"math/bits"
	"os"
	"syscall"
	"unsafe"
)

type xfer struct { // struct matenet_xfer of linux/matenet.h
	userData, txTs, rxTs               uint64
	sequence, flags, status, timeoutUs uint32
	txLen, rxLen, retries, attempts    uint8
	_                                  [20]uint8
	tx, rx                             [32]uint8
}

type record struct { // struct matenet_record; it ends in a union, here a matenet_xfer
	ts                         uint64
	kind, flags, lost, _, _, _ uint32
	xfer                       xfer
	_                          [32]uint8
}

// _IOWR(0xBC, n, size): 2 bits direction, 14 bits size, 8 bits 0xBC, 8 bits n
const iowr = 3<<30 | unsafe.Sizeof(xfer{})<<16 | 0xBC<<8
const iocXfer, iocSubmit, recXfer = iowr | 0x10, iowr | 0x11, 1

var names = []string{"OK", "TX_DONE", "TX_ERROR", "TIMEOUT", "CHECKSUM", "SHORT", "LONG", "MARK",
	"FRAMING", "BREAK", "OVERRUN", "JUNK", "REFUSED", "ABORTED", "SKIPPED"} // bits of xfer.status

func must(what string, err error) {
	if err != nil && err != syscall.Errno(0) { // an Errno is never nil
		fmt.Fprintf(os.Stderr, "mate-go: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func ioctl(fd int, what string, number uintptr, port, cmd, addr uint8) (x xfer) {
	x.tx, x.txLen, x.retries = [32]uint8{port, cmd, 0, addr}, 6, 1 // all else must be 0
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), number, uintptr(unsafe.Pointer(&x)))
	must(what, e)
	return x
}

func reply(what string, x xfer) []uint8 { // the ioctl did its work; what came of it is in status
	if x.status&1 == 0 {
		must(what, fmt.Errorf("%s", names[bits.Len32(x.status)-1]))
	}
	return x.rx[1:x.rxLen] // byte 0 repeats the command
}

func main() {
	args, port, rec := [3]string{"", "/dev/matenet0", "1"}, uint8(0), record{}
	copy(args[:], os.Args)
	fmt.Sscan(args[2], &port)
	fd, err := syscall.Open(args[1], syscall.O_RDONLY, 0) // enough to read
	must(args[1], err)
	p := reply("READ", ioctl(fd, "READ", iocXfer, port, 2, 0))
	fmt.Printf("READ: device type 0x%02x%02x\n", p[0], p[1])
	p = reply("STATUS", ioctl(fd, "STATUS", iocXfer, port, 4, 1))
	fmt.Printf("STATUS: battery %.1f V, PV %.1f V, %d A, charge mode %d\n",
		float32(int(p[9])<<8|int(p[10]))/10, float32(int(p[11])<<8|int(p[12]))/10, p[1]+128, p[6])
	x := ioctl(fd, "SUBMIT", iocSubmit, port, 22, 0)             // today's; returns at once
	for rec.kind != recXfer || rec.xfer.sequence != x.sequence { // waits; other records may come, too
		_, err = syscall.Read(fd, (*[unsafe.Sizeof(rec)]uint8)(unsafe.Pointer(&rec))[:])
		must("record", err)
	}
	p = reply("LOG", rec.xfer)
	fmt.Printf("LOG: today %.1f kWh, %d Ah\n",
		float32(int(p[2])>>4|int(p[3])<<4)/10, int(p[8])|int(p[9]&63)<<8)
}
