// SPDX-License-Identifier: GPL-2.0-or-later
// MateNET from Rust: a register and a status page, then a log page that comes when it comes.
// usage: mate-rust [NODE [PORT]], where PORT is that of an MX or FLEXmax charge controller
use std::{env, fs::File, io::Error, io::Read, mem, os::unix::io::AsRawFd, process::exit, slice};

#[repr(C)]
struct Xfer { // struct matenet_xfer of linux/matenet.h
    user_data: u64, tx_ts: u64, rx_ts: u64,
    sequence: u32, flags: u32, status: u32, timeout_us: u32,
    tx_len: u8, rx_len: u8, retries: u8, attempts: u8, reserved: [u8; 20],
    tx: [u8; 32], rx: [u8; 32],
}

#[repr(C)]
struct Record { // struct matenet_record; it ends in a union, here a matenet_xfer
    ts: u64, kind: u32, flags: u32, lost: u32, reserved: [u32; 3],
    xfer: Xfer, rest: [u8; 32],
}

#[repr(C)] struct PollFd { fd: i32, events: i16, revents: i16 }

extern "C" { // of the C library, to which std is linked
    fn ioctl(fd: i32, request: usize, ...) -> i32;
    fn poll(fds: *mut PollFd, count: usize, timeout_ms: i32) -> i32;
}

// _IOWR(0xBC, n, size): 2 bits direction, 14 bits size, 8 bits 0xBC, 8 bits n
const IOWR: usize = 3 << 30 | mem::size_of::<Xfer>() << 16 | 0xBC << 8;
const IOC_XFER: usize = IOWR | 0x10; const IOC_SUBMIT: usize = IOWR | 0x11;
const BITS: [&str; 15] = ["OK", "TX_DONE", "TX_ERROR", "TIMEOUT", "CHECKSUM", "SHORT", "LONG",
    "MARK", "FRAMING", "BREAK", "OVERRUN", "JUNK", "REFUSED", "ABORTED", "SKIPPED"]; // of status

fn die(what: &str, why: String) -> ! {
    exit({ eprintln!("mate-rust: {what}: {why}"); 1 })
}

fn command(bus: &File, what: &str, request: usize, port: u8, cmd: u8, addr: u8) -> Xfer {
    let mut x: Xfer = unsafe { mem::zeroed() }; // what is not used must be 0
    x.tx[..4].copy_from_slice(&[port, cmd, 0, addr]); // and two bytes of parameter, 0 too
    (x.tx_len, x.retries) = (6, 1); // reading twice does no harm
    if unsafe { ioctl(bus.as_raw_fd(), request, &mut x as *mut Xfer) } < 0 {
        die(what, Error::last_os_error().to_string());
    }
    x
}

fn reply<'a>(what: &str, x: &'a Xfer) -> &'a [u8] { // the ioctl did its work; status tells the rest
    if x.status & 1 == 0 {
        let set = (0..BITS.len()).filter(|i| x.status >> i & 1 == 1).map(|i| BITS[i]);
        die(what, set.collect::<Vec<_>>().join(" "));
    }
    &x.rx[1..x.rx_len as usize] // byte 0 repeats the command
}

fn word(p: &[u8], at: usize) -> u32 { u32::from(p[at]) << 8 | u32::from(p[at + 1]) }

fn main() {
    let args: Vec<String> = env::args().collect();
    let node = args.get(1).map_or("/dev/matenet0", |s| s);
    let port = args.get(2).map_or(1, |s| s.parse().unwrap_or_else(|e| die(s, format!("{e}"))));
    let mut bus = File::open(node).unwrap_or_else(|e| die(node, e.to_string())); // enough to read
    let x = command(&bus, "READ", IOC_XFER, port, 2, 0);
    println!("READ: device type 0x{:04x}", word(reply("READ", &x), 0));
    let x = command(&bus, "STATUS", IOC_XFER, port, 4, 1);
    let p = reply("STATUS", &x);
    println!("STATUS: battery {:.1} V, PV {:.1} V, {} A, charge mode {}",
        word(p, 9) as f32 / 10.0, word(p, 11) as f32 / 10.0, p[1].wrapping_add(128), p[6]);
    let x = command(&bus, "SUBMIT", IOC_SUBMIT, port, 22, 0); // today's log; returns at once
    let mut rec: Record = unsafe { mem::zeroed() };
    while rec.kind != 1 || rec.xfer.sequence != x.sequence { // other records may come, too
        let mut fds = PollFd { fd: bus.as_raw_fd(), events: 1, revents: 0 }; // 1: POLLIN
        if unsafe { poll(&mut fds, 1, 5000) } < 1 { die("record", "none came".into()); }
        let bytes = unsafe { slice::from_raw_parts_mut(&mut rec as *mut Record as *mut u8, 192) };
        bus.read_exact(bytes).unwrap_or_else(|e| die("record", e.to_string()));
    }
    let p = reply("LOG", &rec.xfer);
    let (kwh, ah) = (p[2] as u32 >> 4 | (p[3] as u32) << 4, p[8] as u32 | (p[9] as u32 & 63) << 8);
    println!("LOG: today {:.1} kWh, {ah} Ah", kwh as f32 / 10.0);
}
