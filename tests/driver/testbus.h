/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bus for the tests of the driver: our line discipline on ttyW0, matesim on
 * ttyW1, the simulated wire in between.
 */
#ifndef TESTBUS_H
#define TESTBUS_H

#include <stdint.h>
#include <sys/types.h>

#include <linux/matenet.h>

#define TESTBUS_TTY	"/dev/ttyW0"
#define TESTBUS_SIM_TTY	"/dev/ttyW1"
#define TESTBUS_NODE	"/dev/matenet0"
#define TESTBUS_LDISC	29

enum profile { PROFILE_UML, PROFILE_TIMING, PROFILE_SMP };

/* All functions end the test program with a message when something is amiss. */

enum profile testbus_profile(void);

/* Both modules, if they are not there yet. */
void testbus_modules(void);

/* Unload, load; the result is rmmod's or insmod's exit status. */
int testbus_rmmod(const char *module);
int testbus_insmod(const char *module);

/* Bytes in the FIFO of a tty, for example "ttyW0", that make it interrupt. */
void testbus_rx_trigger(const char *tty, int bytes);

/* matesim on @tty with the given options, NULL at the end; returns when it is ready. */
pid_t testbus_sim(const char *tty, ...);
void testbus_end(pid_t pid, int sig);

/*
 * How many times longer than a real one everything may take here.  Two emulated
 * processors on a busy host stand still for many milliseconds, and the
 * simulated devices with them.
 */
unsigned int testbus_slowness(void);

/* How often to do what one does @n times: less where that would take much longer. */
long testbus_repetitions(long n);

/*
 * Attach @tty; the descriptor returned keeps it so.  Negative errno if refused.
 * The times of the bus are made longer by the slowness, or left as they are.
 */
int testbus_attach(const char *tty);
int testbus_attach_plain(const char *tty);
void testbus_detach(int tty_fd);
/* The same for the times of a bus that somebody else has attached. */
void testbus_stretch(int fd);

/* Pull the plug of ttyW@port as one does with a USB adapter, and plug it in again. */
int testbus_unplug(int port);
int testbus_plug(int port);

/* Open /dev/matenet0 read-only or for writing. */
int testbus_open(int flags);
/* The same for the bus of a tty. */
int testbus_open_of(const char *tty, int flags);

/* A change to the configuration: field by field in @config. */
struct matenet_config testbus_config(int fd);
int testbus_set_config(int fd, struct matenet_config config);
int testbus_set_role(int fd, unsigned int role);
void testbus_allow_writes(int fd);

/* Requests; testbus_xfer returns 0 or -errno. */
struct matenet_xfer testbus_request(uint8_t port, uint8_t cmd, uint16_t addr, uint16_t param);
int testbus_xfer(int fd, struct matenet_xfer *x);
int testbus_submit(int fd, struct matenet_xfer *x);
int testbus_cancel(int fd, uint32_t sequence);

/* Do what is asked and see that it answers as matesim --pattern does. */
int testbus_read_right(int fd, uint8_t port, uint16_t addr);
int testbus_status_right(int fd, uint8_t port, uint16_t page);
int testbus_log_right(int fd, uint8_t port, uint16_t day);

/* A counter below /sys/class/matenet/matenet0/statistics. */
uint64_t testbus_counter(const char *name);
/* Any attribute as text. */
void testbus_attribute(const char *name, char *text, size_t size);

int64_t now_us(void);
void sleep_us(int64_t us);

#endif
