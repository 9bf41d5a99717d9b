#include "server/descriptors.h"

#include <sys/resource.h>

enum {
	/* Where "no limit" is one: the table of connections is made for so many. */
	CONNECTIONS_MAX = 65536,
	CONNECTIONS_DEFAULT_MAX = 16384,
	OTHERS = 256, /* files, subscribers, and clients that have not greeted yet */
	FALLBACK = 1024,
};

size_t descriptors_raise(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return FALLBACK;
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > CONNECTIONS_MAX)
		return CONNECTIONS_MAX;
	return (size_t)limit.rlim_cur;
}

size_t descriptors_for_connections(size_t limit)
{
	size_t others = limit > 4 * (size_t)OTHERS ? 2 * (size_t)OTHERS : limit / 2;
	size_t left = limit - others;
	return left > CONNECTIONS_DEFAULT_MAX ? CONNECTIONS_DEFAULT_MAX : left;
}
