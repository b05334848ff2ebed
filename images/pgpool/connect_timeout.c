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
 * noticed by whoever waits for its answer. Its times are those of the pod (net.ipv4.tcp_keepalive_*). The kernel asks
 * nothing while it still sends what nobody has taken, so whoever says something to an instance that has gone would wait
 * for its patience, some 15 minutes (tcp_retries2). TCP_USER_TIMEOUT ends that after the same time as keepalive.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#define SOCKETS 1024
/* A signal interrupts the wait, too, and then the second call comes sooner: it is no time-out before this. */
#define LEAST_SECONDS 1.0
/* With more, the kernel would send for longer than it does by itself. */
#define MOST_SECONDS 900

/* When the first call was, by the number of the socket. A process of Pgpool-II has one thread. */
static double begun[SOCKETS];

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Has the kernel tell of an instance that is gone, after the time that the pod's sysctls for keepalive make. */
static void
notice_who_is_gone(int fd)
{
	int			on = 1;
	int			idle;
	int			interval;
	int			probes;
	socklen_t	length = sizeof(int);

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &length) == 0 &&
		getsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, &length) == 0 &&
		getsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, &length) == 0 &&
		idle + interval * probes <= MOST_SECONDS)
	{
		unsigned int milliseconds = 1000 * (idle + interval * probes);

		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
	}
}

int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	static int	(*real_connect) (int, const struct sockaddr *, socklen_t);
	int			result;

	if (!real_connect)
		*(void **) &real_connect = dlsym(RTLD_NEXT, "connect");
	if (address->sa_family == AF_INET || address->sa_family == AF_INET6)
		notice_who_is_gone(fd);

	result = real_connect(fd, address, length);
	if (result == 0 || fd < 0 || fd >= SOCKETS)
		return result;
	if (errno == EINPROGRESS)
		begun[fd] = now();
	else if (errno == EALREADY)
		errno = now() - begun[fd] < LEAST_SECONDS ? EALREADY : ETIMEDOUT;
	return result;
}
