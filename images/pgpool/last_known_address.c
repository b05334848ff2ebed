/* Copyright: (c) 2026, the pgha.kubernetes authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * getaddrinfo() for Pgpool-II, by LD_PRELOAD, so that a moment without DNS detaches no instance.
 *
 * Pgpool-II looks a name up for each connection, and for its health check, too (connect_inet_domain_socket_by_port() of
 * pool_connection_pool.c, 4.4 to 4.7.2): three look-ups that DNS refuses within two seconds detach an instance, and they
 * meet all instances at the same time. Services keep their addresses, so here a name that this process has found
 * before has the address of then, while DNS has no answer. Where DNS says that there is no such name, that holds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>

/* As many as Pgpool-II has backends (MAX_NUM_BACKENDS). */
#define NAMES 128
#define NAME_SIZE 256

/* A process of Pgpool-II has one thread. */
static struct
{
	char		name[NAME_SIZE];
	char		address[INET6_ADDRSTRLEN];
} known[NAMES];

/* Returns the number of a name, or of the first place that has none, or NAMES. */
static int
place_of(const char *name)
{
	int			place = 0;

	while (place < NAMES && *known[place].name && strcmp(known[place].name, name) != 0)
		place++;
	return place;
}

/* The name comes last: where a signal ends this in the middle, no name has half an address. */
static void
keep(int place, const char *name, const struct addrinfo *found)
{
	char		address[NI_MAXHOST];

	if (getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0, NI_NUMERICHOST) != 0 ||
		strlen(address) >= sizeof(known[place].address))
		return;
	if (*known[place].name && strcmp(known[place].address, address) == 0)
		return;
	known[place].name[0] = '\0';
	atomic_signal_fence(memory_order_seq_cst);
	strcpy(known[place].address, address);
	atomic_signal_fence(memory_order_seq_cst);
	strcpy(known[place].name, name);
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	static int	(*real_getaddrinfo) (const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
	int			place;
	int			result;

	if (!real_getaddrinfo)
		*(void **) &real_getaddrinfo = dlsym(RTLD_NEXT, "getaddrinfo");

	result = real_getaddrinfo(name, service, hints, found);
	if (!name || strlen(name) >= NAME_SIZE || (place = place_of(name)) == NAMES)
		return result;
	if (result == 0)
		keep(place, name, *found);
	else if ((result == EAI_AGAIN || result == EAI_FAIL) && *known[place].name)
	{
		if (hints)
		{
			numeric = *hints;
			numeric.ai_flags |= AI_NUMERICHOST;
		}
		/* The list is the C library's own, as freeaddrinfo() of whoever asked has to take it. */
		if (real_getaddrinfo(known[place].address, service, &numeric, found) == 0)
			result = 0;
	}
	return result;
}
