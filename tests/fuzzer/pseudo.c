// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls of the description that are no system calls. */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/matenet.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "fuzz.h"
#include "pools.h"

#define UNLOAD_TRIES	200
#define OTHER_USER	1000
#define LDISC		29
#define MOST_BUSES	8	/* there are four ttys, and some that are being closed */

static void *module;
static size_t module_size;

void pseudo_init(void)
{
	int fd = open(LDISC_MODULE, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err(1, LDISC_MODULE);
	module_size = (size_t)st.st_size;
	module = mmap(NULL, module_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (module == MAP_FAILED)
		err(1, LDISC_MODULE);
	close(fd);
}

uint64_t module_text_bytes(void)
{
	const Elf64_Ehdr *elf = module;
	const Elf64_Shdr *section = (const void *)((const char *)module + elf->e_shoff);
	const char *names = (const char *)module + section[elf->e_shstrndx].sh_offset;

	for (unsigned int i = 0; i < elf->e_shnum; i++)
		if (!strcmp(names + section[i].sh_name, ".text"))
			return section[i].sh_size;
	errx(1, LDISC_MODULE ": it has no .text");
}

int module_insert(void)
{
	return syscall(SYS_init_module, module, module_size, "") ? -errno : 0;
}

static int family_id(const struct nlmsghdr *header, size_t n)
{
	const struct nlattr *attr;
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;

	if (n < at || header->nlmsg_type != GENL_ID_CTRL)
		return -1;
	for (; at + NLA_HDRLEN + 2 <= n; at += NLA_ALIGN(attr->nla_len)) {
		attr = (const struct nlattr *)((const char *)header + at);
		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(const uint16_t *)(attr + 1);
		if (attr->nla_len < NLA_HDRLEN)
			break;
	}
	return -1;
}

/* (name, socket): what arrives on the socket before the answer is lost. */
long syz_genetlink_get_family_id(const uint64_t *args)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr generic;
		struct nlattr attr;
		char name[8];
	} request = {
		.header = { sizeof(request), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0 },
		.generic = { CTRL_CMD_GETFAMILY, 1, 0 },
		.attr = { NLA_HDRLEN + sizeof("matenet"), CTRL_ATTR_FAMILY_NAME },
		.name = "matenet",
	};
	_Alignas(8) char answer[4096];
	ssize_t n;
	int id;

	if (send((int)args[1], &request, sizeof(request), 0) < 0)
		return -1;
	while ((n = recv((int)args[1], answer, sizeof(answer), MSG_DONTWAIT)) > 0) {
		id = family_id((const struct nlmsghdr *)answer, (size_t)n);
		if (id > 0)
			return id;
	}
	errno = ENOENT;
	return -1;
}

/*
 * Whoever is in the middle of something: mostly the kernel says no.  Other flags would
 * make it forget to ask.
 */
long syz_matenet_unload(const uint64_t *unused)
{
	int nobody = 0, saved;
	long ret;

	(void)unused;
	if (!__atomic_compare_exchange_n(&shared->exchanging, &nobody, 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		errno = EBUSY;
		return -1;
	}
	__atomic_fetch_add(&shared->generation, 1, __ATOMIC_ACQ_REL);
	ret = syscall(SYS_delete_module, "n_matenet", O_NONBLOCK);
	saved = errno;
	if (!ret) {
		__atomic_fetch_add(&shared->unloads, 1, __ATOMIC_RELAXED);
		sleep_us(below(3000));
	}
	if (access("/sys/module/n_matenet", F_OK))
		module_insert();
	__atomic_fetch_add(&shared->generation, 1, __ATOMIC_ACQ_REL);
	__atomic_store_n(&shared->exchanging, 0, __ATOMIC_RELEASE);
	errno = saved;
	return ret;
}

/* When nobody uses it: all others have closed what they had. */
long syz_matenet_reload(const uint64_t *args)
{
	long ret = -1;
	int tries, saved;

	if (!worker_others_wait()) {
		errno = EBUSY;
		return -1;
	}
	for (tries = 0; ret && tries < UNLOAD_TRIES; tries++) {
		if (tries)
			sleep_us(1000);
		ret = syz_matenet_unload(args);
	}
	saved = errno;
	if (!ret)
		__atomic_fetch_add(&shared->reloads, 1, __ATOMIC_RELAXED);
	worker_others_go();
	errno = saved;
	return ret;
}

/* Number of the bus of a tty; -1 if it has none. */
static int bus_of(const char *tty)
{
	char path[64], name[32];
	bool found = false;
	int number;
	FILE *from;

	for (number = 0; number < MOST_BUSES && !found; number++) {
		snprintf(path, sizeof(path), "/sys/class/matenet/matenet%d/tty", number);
		from = fopen(path, "re");
		if (!from)
			continue;
		found = fscanf(from, "%31s", name) == 1 && !strcmp(name, tty);
		fclose(from);
	}
	return found ? number - 1 : -1;
}

/* A bus in that role on that tty, which stays open for whoever will use it: a descriptor. */
static int open_bus(const char *tty, uint32_t role)
{
	struct matenet_config config;
	int ldisc = LDISC, fd;
	char path[32];

	snprintf(path, sizeof(path), "/dev/%s", tty);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	pool_put(pool_named("fd_ttyW"), (uint64_t)fd);
	if (ioctl(fd, TIOCSETD, &ldisc))
		return -1;
	snprintf(path, sizeof(path), "/dev/matenet%d", bus_of(tty));
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!ioctl(fd, MATENET_IOC_G_CONFIG, &config)) {
		config.role = role;
		config.baud = 9600;
		config.late_us = 0;
		if (!ioctl(fd, MATENET_IOC_S_CONFIG, &config))
			return fd;
	}
	close(fd);
	return -1;
}

/* (us): a device that will have been asked something by then; its end of the bus. */
long syz_matenet_asked(const uint64_t *args)
{
	struct matenet_xfer x = { .tx_len = 6, .tx = { 0, MATENET_CMD_READ } };
	int asker = open_bus("ttyW3", MATENET_ROLE_CONTROLLER), device;

	if (asker < 0)
		return -1;
	pool_put(pool_named("fd_matenet"), (uint64_t)asker);
	device = open_bus("ttyW2", MATENET_ROLE_DEVICE);
	if (device < 0)
		return -1;
	if (ioctl(asker, MATENET_IOC_SUBMIT, &x)) {
		close(device);
		return -1;
	}
	sleep_us((int64_t)(args[0] % 20000));
	return device;
}

static void child(unsigned int steps)
{
	uint32_t seed = chance();
	struct program p;

	signal(SIGALRM, SIG_DFL);
	alarm(2);
	if (once_in(4) && setresuid(OTHER_USER, OTHER_USER, OTHER_USER))
		_exit(1);
	chance_seed(seed);
	program_random(&p);
	for (unsigned int i = 0; i < steps && i < p.n; i++)
		if (!calls[p.step[i].call].call)
			worker_step(p.step[i]);
	_exit(0);
}

/* (steps, us): a child that has all descriptors, killed in the middle of anything. */
long syz_matenet_fork(const uint64_t *args)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (!pid)
		child((unsigned int)args[0] & 15);
	sleep_us((int64_t)(args[1] % 20000));
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	__atomic_fetch_add(&shared->children, 1, __ATOMIC_RELAXED);
	return 0;
}
