/* Copyright: (c) 2026, the pgha.kubernetes authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * connect() for Pgpool-II, by LD_PRELOAD, so that its connect_timeout ends a session's attempt to reach an instance.
 *
 * Where an address is silent, connect_with_timeout() of pool_connection_pool.c (4.4 to 4.7.2) waits for connect_timeout,
 * then calls connect() on the same socket once more, and so on until the kernel gives up: two minutes, in which the
 * client has no answer, and the process serves nobody. Here that second call fails with ETIMEDOUT, after which Pgpool-II
 * goes on without a standby, and ends the session without the primary. Its health check asks once only.
 *
 * It also asks for TCP keepalive, as Pgpool-II does of its clients alone: an instance that is gone without a word is
 * noticed by whoever waits for its answer. Its times are those of the pod (net.ipv4.tcp_keepalive_*).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#define SOCKETS 1024
/* A signal interrupts the wait, too, and then the second call comes sooner: it is no time-out before this. */
#define LEAST_SECONDS 1.0

/* When the first call was, by the number of the socket. A process of Pgpool-II has one thread. */
static double begun[SOCKETS];

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	static int	(*real_connect) (int, const struct sockaddr *, socklen_t);
	int			on = 1;
	int			result;

	if (!real_connect)
		*(void **) &real_connect = dlsym(RTLD_NEXT, "connect");
	if (address->sa_family == AF_INET || address->sa_family == AF_INET6)
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));

	result = real_connect(fd, address, length);
	if (result == 0 || fd < 0 || fd >= SOCKETS)
		return result;
	if (errno == EINPROGRESS)
		begun[fd] = now();
	else if (errno == EALREADY)
		errno = now() - begun[fd] < LEAST_SECONDS ? EALREADY : ETIMEDOUT;
	return result;
}
