#include "transport/connections.h"

#include "transport/origin.h"
#include "transport/peer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS_MAX = 65536,
	STRIPES = 64, /* a power of two, not above BUCKETS_MIN */
	BUCKETS_MIN = 64,
	/* Of a connection whose client goes on although it was refused, and reads no answer. */
	REFUSALS_MAX = 32,
};

/* Of connection.holds. */
#define HOLD UINT64_C(1)
#define HOLD_OF_CALL (UINT64_C(1) << 32 | HOLD)

/* Requests look for their connections by its number all the time, those that come and go are few:
 * so the former lock only one of some parts of the table. */
struct stripe {
	_Alignas(64) pthread_mutex_t mutex;
};

struct connections {
	struct connections_options options;
	pthread_mutex_t mutex; /* for what is below, up to count, and what origins have */
	struct origin **by_key;
	size_t bucket_count; /* a power of two; of each of the two tables */
	/* Those with so many connections, for each number. A count changes by one, so the most is
	 * found without looking at all. */
	struct origin **by_count;
	size_t most;
	struct connections_count count;
	struct stripe stripes[STRIPES]; /* for by_id; taken last */
	struct connection **by_id;
	atomic_size_t taken_bytes; /* of all connections */
};

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	for (size_t i = 0; connections->by_id != NULL && i < connections->bucket_count; i++)
		while (connections->by_id[i] != NULL) {
			struct connection *connection = connections->by_id[i];
			connections->by_id[i] = connection->next_in_bucket;
			free(connection);
		}
	for (size_t i = 0; connections->by_key != NULL && i < connections->bucket_count; i++)
		while (connections->by_key[i] != NULL) {
			struct origin *origin = connections->by_key[i];
			connections->by_key[i] = origin->next_in_bucket;
			free(origin);
		}
	free(connections->by_id);
	free(connections->by_key);
	free(connections->by_count);
	for (size_t i = 0; i < STRIPES; i++)
		pthread_mutex_destroy(&connections->stripes[i].mutex);
	pthread_mutex_destroy(&connections->mutex);
	free(connections);
}

enum code connections_new(
	const struct connections_options *options, struct connections **ret, struct error *err)
{
	struct connections *connections =
		aligned_alloc(_Alignof(struct connections), sizeof *connections);
	if (connections == NULL)
		return fail_out_of_memory(err);
	memset(connections, 0, sizeof *connections);
	connections->options = *options;
	pthread_mutex_init(&connections->mutex, NULL);
	for (size_t i = 0; i < STRIPES; i++)
		pthread_mutex_init(&connections->stripes[i].mutex, NULL);
	connections->bucket_count = BUCKETS_MIN;
	while (connections->bucket_count < options->connections_max &&
		connections->bucket_count < BUCKETS_MAX)
		connections->bucket_count *= 2;
	connections->by_id = calloc(connections->bucket_count, sizeof(struct connection *));
	connections->by_key = calloc(connections->bucket_count, sizeof(struct origin *));
	connections->by_count = calloc(options->connections_max + 2, sizeof(struct origin *));
	if (connections->by_id == NULL || connections->by_key == NULL ||
		connections->by_count == NULL) {
		connections_free(connections);
		return fail_out_of_memory(err);
	}
	*ret = connections;
	return CODE_OK;
}

static size_t bucket_of_id(const struct connections *connections, uint32_t id)
{
	uint32_t hash = id * UINT32_C(2654435761);
	return (hash >> 8) & (connections->bucket_count - 1);
}

static pthread_mutex_t *lock_bucket(struct connections *connections, size_t bucket)
{
	pthread_mutex_t *mutex = &connections->stripes[bucket & (STRIPES - 1)].mutex;
	pthread_mutex_lock(mutex);
	return mutex;
}

static uint32_t calls_of(uint64_t holds)
{
	return (uint32_t)(holds >> 32);
}

/* With a hold that the caller releases; NULL if there is none. *ret_holds is what it has then. */
static struct connection *find(
	struct connections *connections, uint32_t id, uint64_t hold, uint64_t *ret_holds)
{
	size_t bucket = bucket_of_id(connections, id);
	pthread_mutex_t *mutex = lock_bucket(connections, bucket);
	struct connection *connection = connections->by_id[bucket];
	while (connection != NULL && connection->id != id)
		connection = connection->next_in_bucket;
	if (connection != NULL)
		*ret_holds = atomic_fetch_add(&connection->holds, hold) + hold;
	pthread_mutex_unlock(mutex);
	return connection;
}

static void release(struct connection *connection, uint64_t hold)
{
	if (atomic_fetch_sub(&connection->holds, hold) == hold)
		free(connection);
}

/* The address of the pointer to it; points to NULL where there is none. */
static struct origin **find_origin(
	struct connections *connections, const uint8_t key[ORIGIN_KEY_BYTES])
{
	struct origin **at =
		&connections->by_key[origin_hash(key) & (connections->bucket_count - 1)];
	while (*at != NULL && memcmp((*at)->key, key, ORIGIN_KEY_BYTES) != 0)
		at = &(*at)->next_in_bucket;
	return at;
}

static void list_remove(struct connection *connection)
{
	struct origin *origin = connection->origin;
	*(connection->previous != NULL ? &connection->previous->next : &origin->first) =
		connection->next;
	*(connection->next != NULL ? &connection->next->previous : &origin->last) =
		connection->previous;
}

/* Puts it into the list, behind those that were used before it was, by what the list knows. */
static void list_insert(struct connection *connection)
{
	struct origin *origin = connection->origin;
	struct connection *previous = origin->last;
	connection->listed_ns = atomic_load(&connection->used_ns);
	while (previous != NULL && previous->listed_ns > connection->listed_ns)
		previous = previous->previous;
	connection->previous = previous;
	struct connection **at = previous != NULL ? &previous->next : &origin->first;
	connection->next = *at;
	*at = connection;
	*(connection->next != NULL ? &connection->next->previous : &origin->last) = connection;
}

/* Puts the origin among those with another number of connections. */
static void set_connection_count(
	struct connections *connections, struct origin *origin, uint32_t count)
{
	if (origin->previous != NULL)
		origin->previous->next = origin->next;
	else if (origin->connection_count > 0)
		connections->by_count[origin->connection_count] = origin->next;
	if (origin->next != NULL)
		origin->next->previous = origin->previous;
	origin->connection_count = count;
	origin->previous = NULL;
	origin->next = NULL;
	if (count > 0) {
		origin->next = connections->by_count[count];
		if (origin->next != NULL)
			origin->next->previous = origin;
		connections->by_count[count] = origin;
	}
	if (count > connections->most)
		connections->most = count;
	while (connections->most > 0 && connections->by_count[connections->most] == NULL)
		connections->most--;
}

static void forget_origin(struct connections *connections, struct origin *origin)
{
	struct origin **at = find_origin(connections, origin->key);
	*at = origin->next_in_bucket;
	connections->count.origins--;
	free(origin);
}

/* What it had of the replies that the network library has taken. */
static void give_back(struct connections *connections, struct connection *connection)
{
	atomic_fetch_sub(&connections->taken_bytes, atomic_exchange(&connection->taken_bytes, 0));
}

/* Unlinks it; requests in flight keep the struct. */
static void forget(struct connections *connections, struct connection *connection)
{
	const struct connections_options *options = &connections->options;
	struct origin *origin = connection->origin;
	size_t bucket = bucket_of_id(connections, connection->id);
	pthread_mutex_t *mutex = lock_bucket(connections, bucket);
	struct connection **at = &connections->by_id[bucket];
	while (*at != connection)
		at = &(*at)->next_in_bucket;
	*at = connection->next_in_bucket;
	pthread_mutex_unlock(mutex);
	list_remove(connection);
	origin->parked -= connection->parked;
	connection->origin = NULL;
	atomic_store(&connection->gone, true);
	give_back(connections, connection);
	set_connection_count(connections, origin, origin->connection_count - 1);
	if (origin->connection_count == 0)
		forget_origin(connections, origin);
	connections->count.connections--;
	if (options->left != NULL)
		options->left(options->argument, connection);
	release(connection, HOLD);
}

/* Of the address: the one without a call whose last one came first, else the one whose last call
 * came first. The list is put right as far as it is looked at, so that calls need not do it. */
static struct connection *least_used(struct origin *origin)
{
	struct connection *next;
	for (struct connection *at = origin->first; at != NULL; at = next) {
		next = at->next;
		if (atomic_load(&at->used_ns) != at->listed_ns) {
			list_remove(at);
			list_insert(at);
			if (next == NULL || next->previous == at) /* it is still before that */
				next = at;
		} else if (calls_of(atomic_load(&at->holds)) == 0) {
			return at;
		}
	}
	return origin->first;
}

/* Makes room for one from the address; returns the pipe to close for it, or 0. */
static uint32_t make_room(struct connections *connections, const uint8_t key[ORIGIN_KEY_BYTES])
{
	if (connections->count.connections < connections->options.connections_max)
		return 0;
	struct origin *own = *find_origin(connections, key);
	struct origin *most = connections->by_count[connections->most];
	if (most == NULL || (connections->options.keep_older && own != NULL &&
				    own->connection_count == connections->most))
		return 0;
	struct connection *connection = least_used(most);
	uint32_t id = connection->id;
	forget(connections, connection);
	connections->count.displaced++;
	return id;
}

/* The address's, a new one if need be; NULL without memory. */
static struct origin *origin_of(
	struct connections *connections, const uint8_t key[ORIGIN_KEY_BYTES])
{
	struct origin **at = find_origin(connections, key);
	if (*at == NULL) {
		*at = calloc(1, sizeof **at);
		if (*at != NULL) {
			memcpy((*at)->key, key, ORIGIN_KEY_BYTES);
			connections->count.origins++;
		}
	}
	return *at;
}

static bool insert(struct connections *connections, nng_pipe pipe,
	const uint8_t key[ORIGIN_KEY_BYTES], uint64_t now_ns)
{
	if (connections->count.connections >= connections->options.connections_max)
		return false;
	struct connection *connection = calloc(1, sizeof *connection);
	struct origin *origin = connection == NULL ? NULL : origin_of(connections, key);
	if (origin == NULL) {
		free(connection);
		return false;
	}
	connection->id = pipe.id;
	peer_write(pipe, connection->peer);
	atomic_init(&connection->holds, HOLD);
	atomic_init(&connection->used_ns, now_ns);
	connection->origin = origin;
	list_insert(connection);
	set_connection_count(connections, origin, origin->connection_count + 1);
	connections->count.connections++;

	size_t bucket = bucket_of_id(connections, pipe.id);
	pthread_mutex_t *mutex = lock_bucket(connections, bucket);
	connection->next_in_bucket = connections->by_id[bucket];
	connections->by_id[bucket] = connection;
	pthread_mutex_unlock(mutex);
	return true;
}

void connections_add(struct connections *connections, nng_pipe pipe, uint64_t now_ns)
{
	uint8_t key[ORIGIN_KEY_BYTES];
	origin_key(pipe, key);
	pthread_mutex_lock(&connections->mutex);
	uint32_t displaced = make_room(connections, key);
	bool added = insert(connections, pipe, key, now_ns);
	if (added)
		connections->count.accepted++;
	else
		connections->count.refused++;
	pthread_mutex_unlock(&connections->mutex);
	if (displaced != 0)
		nng_pipe_close((nng_pipe){ .id = displaced });
	if (!added)
		nng_pipe_close(pipe);
}

void connections_remove(struct connections *connections, nng_pipe pipe)
{
	pthread_mutex_lock(&connections->mutex);
	uint64_t holds;
	struct connection *connection = find(connections, pipe.id, HOLD, &holds);
	if (connection != NULL) {
		forget(connections, connection);
		release(connection, HOLD);
	}
	pthread_mutex_unlock(&connections->mutex);
}

static enum connections_room look_for_room(
	const struct connections *connections, uint32_t in_flight)
{
	uint32_t max = connections->options.in_flight_max;
	if (in_flight <= max)
		return CONNECTIONS_ROOM;
	return in_flight <= max + REFUSALS_MAX ? CONNECTIONS_FULL : CONNECTIONS_FLOOD;
}

struct connection *connections_begin(struct connections *connections, uint32_t id, uint64_t now_ns,
	enum connections_room *ret_room)
{
	*ret_room = CONNECTIONS_ROOM;
	uint64_t holds;
	struct connection *connection = find(connections, id, HOLD_OF_CALL, &holds);
	if (connection == NULL)
		return NULL;
	*ret_room = look_for_room(connections, calls_of(holds));
	atomic_store_explicit(&connection->used_ns, now_ns, memory_order_relaxed);
	return connection;
}

void connections_end(struct connection *connection)
{
	if (connection != NULL)
		release(connection, HOLD_OF_CALL);
}

bool connections_park(struct connections *connections, struct connection *connection)
{
	const struct connections_options *options = &connections->options;
	if (connection == NULL)
		return false;
	pthread_mutex_lock(&connections->mutex);
	struct origin *origin = connection->origin;
	bool room = origin != NULL && connection->parked < options->parked_max &&
		    origin->parked < options->origin_parked_max;
	if (room) {
		connection->parked++;
		origin->parked++;
	}
	pthread_mutex_unlock(&connections->mutex);
	return room;
}

void connections_unpark(struct connections *connections, struct connection *connection)
{
	if (connection == NULL)
		return;
	pthread_mutex_lock(&connections->mutex);
	connection->parked--;
	if (connection->origin != NULL)
		connection->origin->parked--;
	pthread_mutex_unlock(&connections->mutex);
}

void connections_taken(struct connections *connections, struct connection *connection,
	size_t size_bytes, uint64_t now_ns)
{
	if (connection == NULL || atomic_load(&connection->gone))
		return;
	atomic_store_explicit(&connection->taken_ns, now_ns, memory_order_release);
	size_t before = atomic_exchange(&connection->taken_bytes, size_bytes);
	atomic_fetch_add(&connections->taken_bytes, size_bytes - before);
	if (atomic_load(&connection->gone)) /* since then */
		give_back(connections, connection);
}

struct connections_taken connections_last_taken(struct connections *connections, uint32_t id)
{
	struct connections_taken ret = { 0 };
	uint64_t holds;
	struct connection *connection = find(connections, id, HOLD, &holds);
	if (connection == NULL)
		return ret;
	ret.ns = atomic_load(&connection->taken_ns);
	ret.bytes = atomic_load(&connection->taken_bytes);
	release(connection, HOLD);
	return ret;
}

struct largest {
	uint32_t id;
	size_t bytes;
	uint64_t ns;
};

static void find_largest(
	struct connections *connections, size_t bucket, uint64_t before_ns, struct largest *largest)
{
	pthread_mutex_t *mutex = lock_bucket(connections, bucket);
	for (struct connection *at = connections->by_id[bucket]; at != NULL;
		at = at->next_in_bucket) {
		size_t bytes = atomic_load(&at->taken_bytes);
		uint64_t ns = atomic_load(&at->taken_ns);
		if (ns < before_ns &&
			(bytes > largest->bytes || (bytes == largest->bytes && ns < largest->ns)))
			*largest = (struct largest){ .id = at->id, .bytes = bytes, .ns = ns };
	}
	pthread_mutex_unlock(mutex);
}

uint32_t connections_shed(struct connections *connections, size_t max_bytes, uint64_t before_ns)
{
	struct largest largest = { 0 };
	if (atomic_load(&connections->taken_bytes) <= max_bytes)
		return 0;
	for (size_t i = 0; i < connections->bucket_count; i++)
		find_largest(connections, i, before_ns, &largest);
	uint64_t holds;
	struct connection *connection =
		largest.bytes == 0 ? NULL : find(connections, largest.id, HOLD, &holds);
	if (connection == NULL)
		return 0;
	give_back(connections, connection);
	release(connection, HOLD);
	return largest.id;
}

void connections_read_count(struct connections *connections, struct connections_count *ret)
{
	pthread_mutex_lock(&connections->mutex);
	*ret = connections->count;
	pthread_mutex_unlock(&connections->mutex);
}
