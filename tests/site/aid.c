// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of changes need: a journal, a terminal with somebody at it, death. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* journal SOCKET: each datagram as a line, its line ends as "|"; "ready" first. */
static int do_journal(char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[8192];
	ssize_t n;

	strncpy(addr.sun_path, argv[0], sizeof(addr.sun_path) - 1);
	unlink(argv[0]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || chmod(argv[0], 0666))
		err(1, "%s", argv[0]);
	setlinebuf(stdout);
	puts("ready");
	while ((n = recv(fd, text, sizeof(text), 0)) >= 0) {
		for (ssize_t i = 0; i < n; i++)
			if (text[i] == '\n')
				text[i] = '|';
		printf("%.*s\n", (int)n, text);
	}
	return 1;
}

/*
 * terminal ANSWER COMMAND..: run it on a terminal, print what it says, and type
 * ANSWER when it has said something that ends with ": " or "] ".
 */
static int do_terminal(char **argv)
{
	char text[8192] = "";
	size_t len = 0, told = 0;
	bool answered = false;
	int fd, status;
	ssize_t n;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	if (pid < 0)
		err(1, "forkpty");
	if (!pid) {
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (!answered && len >= 2 && (!strcmp(text + len - 2, ": ") ||
					      !strcmp(text + len - 2, "] "))) {
			answered = true;
			dprintf(fd, "%s\n", argv[0]);
		}
	}
	for (; told < len; told++)
		if (text[told] != '\r')
			putchar(text[told]);
	fflush(stdout);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/* Processes that are being traced, in the order in which they came. */
static pid_t traced[16];
static int n_traced;

static void kill_all(void)
{
	for (int i = 0; i < n_traced; i++)
		kill(traced[i], SIGKILL);
}

static bool forget(pid_t pid)
{
	for (int i = 0; i < n_traced; i++)
		if (traced[i] == pid)
			traced[i--] = traced[--n_traced];
	return n_traced;
}

static void remember(pid_t pid)
{
	for (int i = 0; i < n_traced; i++)
		if (traced[i] == pid)
			return;
	traced[n_traced++] = pid;
}

/*
 * Let it run from system call to system call, and kill it at the @last stop; its
 * children, too, if @all.  Stops are counted from the first system call that names
 * a path below @from on.  Returns the number of stops there were.
 */
static long trace(pid_t first, long last, bool all, const char *from)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
		       (all ? PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE : 0);
	bool counting = false;
	long stops = 0;
	int status;
	pid_t pid;

	remember(first);
	if (waitpid(first, &status, 0) < 0 || ptrace(PTRACE_SETOPTIONS, first, 0, options) ||
	    ptrace(PTRACE_SYSCALL, first, 0, 0))
		err(1, "ptrace");
	while (n_traced && (pid = waitpid(-1, &status, __WALL)) > 0) {
		int sig = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (!forget(pid))
				break;
			continue;
		}
		remember(pid);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			struct stat st;

			/* The directory of states is made at the last moment before all else. */
			counting = counting || !stat(from, &st);
			if (counting && ++stops == last)
				kill_all();
		} else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
			sig = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, 0, sig);
	}
	return stops;
}

static pid_t start_traced(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

/*
 * kill N PATH COMMAND..: run it and kill it at its Nth entry into or return from a
 * system call after PATH exists; print how many there were.  killall: the guard
 * that it starts, too, at their Nth together, as when the power fails.
 */
static int do_kill(char **argv)
{
	printf("%ld\n", trace(start_traced(argv + 2), atol(argv[0]), false, argv[1]));
	return 0;
}

static int do_killall(char **argv)
{
	printf("%ld\n", trace(start_traced(argv + 2), atol(argv[0]), true, argv[1]));
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} jobs[] = {
	{ "journal", 1, do_journal },
	{ "terminal", 2, do_terminal },
	{ "kill", 3, do_kill },
	{ "killall", 3, do_killall },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (!strcmp(argv[1], jobs[i].name) && argc - 2 >= jobs[i].args)
			return jobs[i].run(argv + 2);
	errx(2, "usage: aid journal SOCKET | terminal ANSWER COMMAND.. | kill N PATH COMMAND.. |"
	     " killall N PATH COMMAND..");
}
