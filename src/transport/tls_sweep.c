#include "transport/tls_sweep.h"

#include "base/clock.h"
#include "base/limits.h"

#include <dirent.h>
#include <netinet/in.h>
#include <nng/supplemental/tls/tls.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { NS_PER_MS = 1000000, CAPACITY_MIN = 64 };

/* The client's end. */
struct peer {
	uint8_t address[16]; /* the first four bytes for IPv4 */
	uint16_t port;
	uint16_t family;
};

/* A connection of nng's. */
struct ready {
	struct peer peer;
	uint32_t pipe_id;
	bool missed; /* its socket was not connected when last looked for */
};

/* A connected socket. */
struct connected {
	struct peer peer;
	int fd;
	uint64_t since_ns; /* when it was first seen */
	bool ready;
};

struct list {
	struct connected *items;
	size_t count;
	size_t capacity;
};

struct tls_sweep {
	pthread_mutex_t mutex;
	nng_aio *timer;
	uint16_t ports[LIMIT_LISTENERS];
	size_t port_count;
	struct ready *ready;
	size_t ready_count;
	size_t ready_capacity;
	/* Of the timer alone, both sorted by peer. */
	struct list now;
	struct list before;
};

static bool read_peer(const struct sockaddr_storage *from, struct peer *ret)
{
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;
	*ret = (struct peer){ .family = from->ss_family };
	if (from->ss_family == AF_INET) {
		memcpy(ret->address, &v4->sin_addr, sizeof v4->sin_addr);
		ret->port = v4->sin_port;
	} else if (from->ss_family == AF_INET6) {
		memcpy(ret->address, &v6->sin6_addr, sizeof v6->sin6_addr);
		ret->port = v6->sin6_port;
	}
	return from->ss_family == AF_INET || from->ss_family == AF_INET6;
}

/* Without family where the connection is reset already. */
static void read_pipe_peer(nng_pipe pipe, struct peer *ret)
{
	nng_sockaddr address;
	*ret = (struct peer){ .family = AF_UNSPEC };
	if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) != 0)
		return;
	if (address.s_family == NNG_AF_INET) {
		ret->family = AF_INET;
		ret->port = address.s_in.sa_port;
		memcpy(ret->address, &address.s_in.sa_addr, sizeof address.s_in.sa_addr);
	} else if (address.s_family == NNG_AF_INET6) {
		ret->family = AF_INET6;
		ret->port = address.s_in6.sa_port;
		memcpy(ret->address, address.s_in6.sa_addr, sizeof ret->address);
	}
}

static int compare(const void *a, const void *b)
{
	const struct connected *left = a;
	const struct connected *right = b;
	return memcmp(&left->peer, &right->peer, sizeof left->peer);
}

static struct connected *find(const struct list *list, const struct peer *peer)
{
	struct connected key = { .peer = *peer };
	if (list->count == 0)
		return NULL;
	return bsearch(&key, list->items, list->count, sizeof *list->items, compare);
}

static bool is_watched(const struct tls_sweep *sweep, const struct sockaddr_storage *local)
{
	struct peer address;
	if (!read_peer(local, &address))
		return false;
	for (size_t i = 0; i < sweep->port_count; i++)
		if (htons(sweep->ports[i]) == address.port)
			return true;
	return false;
}

/* False when there is no memory for it. */
static bool append(struct list *list, int fd, const struct peer *peer)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? CAPACITY_MIN : 2 * list->capacity;
		struct connected *items = reallocarray(list->items, capacity, sizeof *items);
		if (items == NULL)
			return false;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = (struct connected){ .peer = *peer, .fd = fd };
	return true;
}

/* Fills `now` with the connected sockets of our ports. False where they cannot be found, which
 * must not look as if there were none. */
static bool look(struct tls_sweep *sweep)
{
	DIR *directory = opendir("/proc/self/fd");
	if (directory == NULL)
		return false;
	bool complete = true;
	sweep->now.count = 0;
	for (struct dirent *entry; complete && (entry = readdir(directory)) != NULL;) {
		int fd = atoi(entry->d_name); /* 0 for the two dots: no socket of ours */
		struct sockaddr_storage local;
		struct sockaddr_storage remote;
		socklen_t local_size = sizeof local;
		socklen_t remote_size = sizeof remote;
		struct peer peer;
		if (fd > 0 && getsockname(fd, (struct sockaddr *)&local, &local_size) == 0 &&
			is_watched(sweep, &local) &&
			getpeername(fd, (struct sockaddr *)&remote, &remote_size) == 0 &&
			read_peer(&remote, &peer))
			complete = append(&sweep->now, fd, &peer);
	}
	closedir(directory);
	if (complete && sweep->now.count > 0)
		qsort(sweep->now.items, sweep->now.count, sizeof *sweep->now.items, compare);
	return complete;
}

/* Marks the sockets that are nng's connections, and closes connections that have none. */
static void match_ready(struct tls_sweep *sweep)
{
	uint32_t *lost = calloc(sweep->ready_count + 1, sizeof *lost);
	size_t lost_count = 0;
	for (size_t i = 0; i < sweep->ready_count; i++) {
		struct ready *ready = &sweep->ready[i];
		struct connected *connected = find(&sweep->now, &ready->peer);
		if (connected != NULL)
			connected->ready = true;
		if (connected == NULL && ready->missed && lost != NULL)
			lost[lost_count++] = ready->pipe_id;
		ready->missed = connected == NULL;
	}
	/* nng tells of their ends, which needs the mutex. */
	pthread_mutex_unlock(&sweep->mutex);
	for (size_t i = 0; i < lost_count; i++)
		nng_pipe_close((nng_pipe){ .id = lost[i] });
	pthread_mutex_lock(&sweep->mutex);
	free(lost);
}

/*
 * Shuts down what has been shaking hands for too long; nng then notices and closes it. The number
 * of a socket that nng has closed since we looked may be another connection's by now: the peer is
 * looked at once more, and what is left of the risk is one connection that must be made again.
 */
static void shut_down(int fd, const struct peer *expected)
{
	struct sockaddr_storage remote;
	socklen_t size = sizeof remote;
	struct peer peer;
	if (getpeername(fd, (struct sockaddr *)&remote, &size) == 0 && read_peer(&remote, &peer) &&
		memcmp(&peer, expected, sizeof peer) == 0)
		shutdown(fd, SHUT_RDWR);
}

static void end_handshakes(struct tls_sweep *sweep)
{
	uint64_t now_ns = clock_monotonic_ns();
	size_t many = 0;
	for (size_t i = 0; i < sweep->now.count; i++) {
		struct connected *item = &sweep->now.items[i];
		struct connected *before = find(&sweep->before, &item->peer);
		item->since_ns = before == NULL || before->ready ? now_ns : before->since_ns;
		many += item->ready ? 0 : 1;
	}
	uint64_t most_ns = many > TLS_HANDSHAKES_MANY ? TLS_HANDSHAKE_FAST_MS : TLS_HANDSHAKE_MS;
	for (size_t i = 0; i < sweep->now.count; i++) {
		const struct connected *item = &sweep->now.items[i];
		if (!item->ready && now_ns - item->since_ns >= most_ns * NS_PER_MS)
			shut_down(item->fd, &item->peer);
	}
}

static void on_timer(void *arg)
{
	struct tls_sweep *sweep = arg;
	if (nng_aio_result(sweep->timer) != 0)
		return;
	pthread_mutex_lock(&sweep->mutex);
	if (look(sweep)) {
		match_ready(sweep);
		end_handshakes(sweep);
		struct list former = sweep->before;
		sweep->before = sweep->now;
		sweep->now = former;
	}
	pthread_mutex_unlock(&sweep->mutex);
	nng_sleep_aio(TLS_SWEEP_MS, sweep->timer);
}

int tls_sweep_new(struct tls_sweep **ret)
{
	struct tls_sweep *sweep = calloc(1, sizeof *sweep);
	if (sweep == NULL)
		return NNG_ENOMEM;
	int rv = nng_aio_alloc(&sweep->timer, on_timer, sweep);
	if (rv != 0) {
		free(sweep);
		return rv;
	}
	pthread_mutex_init(&sweep->mutex, NULL);
	*ret = sweep;
	return 0;
}

void tls_sweep_port(struct tls_sweep *sweep, uint16_t port)
{
	pthread_mutex_lock(&sweep->mutex);
	bool first = sweep->port_count == 0;
	if (sweep->port_count < LIMIT_LISTENERS)
		sweep->ports[sweep->port_count++] = port;
	pthread_mutex_unlock(&sweep->mutex);
	if (first)
		nng_sleep_aio(TLS_SWEEP_MS, sweep->timer);
}

void tls_sweep_add(struct tls_sweep *sweep, nng_pipe pipe)
{
	struct ready ready = { .pipe_id = (uint32_t)nng_pipe_id(pipe) };
	bool verified;
	if (nng_pipe_get_bool(pipe, NNG_OPT_TLS_VERIFIED, &verified) != 0)
		return; /* of another transport on the same socket */
	read_pipe_peer(pipe, &ready.peer);
	pthread_mutex_lock(&sweep->mutex);
	if (sweep->ready_count == sweep->ready_capacity) {
		size_t capacity =
			sweep->ready_capacity == 0 ? CAPACITY_MIN : 2 * sweep->ready_capacity;
		struct ready *items = reallocarray(sweep->ready, capacity, sizeof *items);
		if (items != NULL) {
			sweep->ready = items;
			sweep->ready_capacity = capacity;
		}
	}
	/* Without memory it is taken for a handshake that does not end, and made again. */
	if (sweep->ready_count < sweep->ready_capacity)
		sweep->ready[sweep->ready_count++] = ready;
	pthread_mutex_unlock(&sweep->mutex);
}

void tls_sweep_remove(struct tls_sweep *sweep, nng_pipe pipe)
{
	uint32_t id = (uint32_t)nng_pipe_id(pipe);
	pthread_mutex_lock(&sweep->mutex);
	for (size_t i = 0; i < sweep->ready_count; i++)
		if (sweep->ready[i].pipe_id == id) {
			sweep->ready[i] = sweep->ready[--sweep->ready_count];
			break;
		}
	pthread_mutex_unlock(&sweep->mutex);
}

void tls_sweep_stop(struct tls_sweep *sweep)
{
	if (sweep != NULL)
		nng_aio_stop(sweep->timer);
}

void tls_sweep_free(struct tls_sweep *sweep)
{
	if (sweep == NULL)
		return;
	nng_aio_free(sweep->timer);
	pthread_mutex_destroy(&sweep->mutex);
	free(sweep->ready);
	free(sweep->now.items);
	free(sweep->before.items);
	free(sweep);
}
