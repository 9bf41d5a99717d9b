#include "transport/connections.h"

#include "transport/origin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS_MAX = 65536,
	/* Of a connection whose client goes on although it was refused, and reads no answer. */
	REFUSALS_MAX = 32,
};

struct connections {
	struct connections_options options;
	pthread_mutex_t mutex; /* for everything below, and what connections and origins have */
	struct connection **by_id;
	struct origin **by_key;
	size_t bucket_count; /* a power of two; of each of the two */
	/* Those with so many connections, for each number. A count changes by one, so the most is
	 * found without looking at all. */
	struct origin **by_count;
	size_t most;
	size_t taken_bytes; /* of all connections */
	struct connections_count count;
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
	pthread_mutex_destroy(&connections->mutex);
	free(connections);
}

enum code connections_new(
	const struct connections_options *options, struct connections **ret, struct error *err)
{
	struct connections *connections = calloc(1, sizeof *connections);
	if (connections == NULL)
		return fail_out_of_memory(err);
	connections->options = *options;
	pthread_mutex_init(&connections->mutex, NULL);
	connections->bucket_count = 64;
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

static struct connection **bucket_of_id(struct connections *connections, uint32_t id)
{
	uint32_t hash = id * UINT32_C(2654435761);
	return &connections->by_id[(hash >> 8) & (connections->bucket_count - 1)];
}

static struct connection *find(struct connections *connections, uint32_t id)
{
	struct connection *connection = *bucket_of_id(connections, id);
	while (connection != NULL && connection->id != id)
		connection = connection->next_in_bucket;
	return connection;
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
	struct connection_list *list = connection->list;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		list->first = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	else
		list->last = connection->previous;
}

static void list_append(struct connection *connection, struct connection_list *list)
{
	connection->list = list;
	connection->next = NULL;
	connection->previous = list->last;
	if (list->last != NULL)
		list->last->next = connection;
	else
		list->first = connection;
	list->last = connection;
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

static void release(struct connection *connection)
{
	if (--connection->refs == 0)
		free(connection);
}

/* Unlinks it; requests in flight keep the struct. */
static void forget(struct connections *connections, struct connection *connection)
{
	const struct connections_options *options = &connections->options;
	struct origin *origin = connection->origin;
	struct connection **at = bucket_of_id(connections, connection->id);
	while (*at != connection)
		at = &(*at)->next_in_bucket;
	*at = connection->next_in_bucket;
	list_remove(connection);
	origin->parked -= connection->parked;
	connections->taken_bytes -= connection->taken_bytes;
	connection->origin = NULL;
	set_connection_count(connections, origin, origin->connection_count - 1);
	if (origin->connection_count == 0)
		forget_origin(connections, origin);
	connections->count.connections--;
	if (options->left != NULL)
		options->left(options->argument, connection);
	release(connection);
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
	struct connection *connection =
		most->idle.first != NULL ? most->idle.first : most->busy.first;
	uint32_t id = connection->id;
	forget(connections, connection);
	connections->count.displaced++;
	return id;
}

static bool insert(
	struct connections *connections, uint32_t id, const uint8_t key[ORIGIN_KEY_BYTES])
{
	if (connections->count.connections >= connections->options.connections_max)
		return false;
	struct connection *connection = calloc(1, sizeof *connection);
	struct origin **at = find_origin(connections, key);
	if (connection != NULL && *at == NULL) {
		*at = calloc(1, sizeof **at);
		if (*at != NULL) {
			memcpy((*at)->key, key, ORIGIN_KEY_BYTES);
			connections->count.origins++;
		}
	}
	if (connection == NULL || *at == NULL) {
		free(connection);
		return false;
	}
	struct connection **bucket = bucket_of_id(connections, id);
	connection->id = id;
	connection->refs = 1;
	connection->origin = *at;
	connection->next_in_bucket = *bucket;
	*bucket = connection;
	list_append(connection, &connection->origin->idle);
	set_connection_count(
		connections, connection->origin, connection->origin->connection_count + 1);
	connections->count.connections++;
	return true;
}

void connections_add(struct connections *connections, nng_pipe pipe)
{
	uint8_t key[ORIGIN_KEY_BYTES];
	origin_key(pipe, key);
	pthread_mutex_lock(&connections->mutex);
	uint32_t displaced = make_room(connections, key);
	bool added = insert(connections, pipe.id, key);
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
	struct connection *connection = find(connections, pipe.id);
	if (connection != NULL)
		forget(connections, connection);
	pthread_mutex_unlock(&connections->mutex);
}

static enum connections_room look_for_room(
	const struct connections *connections, const struct connection *connection)
{
	uint32_t max = connections->options.in_flight_max;
	if (connection->in_flight <= max)
		return CONNECTIONS_ROOM;
	return connection->in_flight <= max + REFUSALS_MAX ? CONNECTIONS_FULL : CONNECTIONS_FLOOD;
}

struct connection *connections_begin(
	struct connections *connections, uint32_t id, enum connections_room *ret_room)
{
	*ret_room = CONNECTIONS_ROOM;
	pthread_mutex_lock(&connections->mutex);
	struct connection *connection = find(connections, id);
	if (connection != NULL) {
		connection->refs++;
		connection->in_flight++;
		list_remove(connection);
		list_append(connection, &connection->origin->busy);
		*ret_room = look_for_room(connections, connection);
	}
	pthread_mutex_unlock(&connections->mutex);
	return connection;
}

void connections_end(struct connections *connections, struct connection *connection)
{
	if (connection == NULL)
		return;
	pthread_mutex_lock(&connections->mutex);
	struct origin *origin = connection->origin;
	connection->in_flight--;
	if (origin != NULL && connection->in_flight == 0) {
		list_remove(connection);
		list_append(connection, &origin->idle);
	}
	release(connection);
	pthread_mutex_unlock(&connections->mutex);
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
	if (connection == NULL)
		return;
	pthread_mutex_lock(&connections->mutex);
	if (connection->origin != NULL) {
		connections->taken_bytes += size_bytes - connection->taken_bytes;
		connection->taken_bytes = size_bytes;
		connection->taken_ns = now_ns;
	}
	pthread_mutex_unlock(&connections->mutex);
}

static bool is_larger(const struct connection *connection, const struct connection *other)
{
	return other == NULL || connection->taken_bytes > other->taken_bytes ||
	       (connection->taken_bytes == other->taken_bytes &&
		       connection->taken_ns < other->taken_ns);
}

static struct connection *find_largest(const struct connections *connections, uint64_t before_ns)
{
	struct connection *largest = NULL;
	for (size_t i = 0; i < connections->bucket_count; i++)
		for (struct connection *at = connections->by_id[i]; at != NULL;
			at = at->next_in_bucket)
			if (at->taken_bytes > 0 && at->taken_ns < before_ns &&
				is_larger(at, largest))
				largest = at;
	return largest;
}

uint32_t connections_shed(struct connections *connections, size_t max_bytes, uint64_t before_ns)
{
	uint32_t id = 0;
	pthread_mutex_lock(&connections->mutex);
	struct connection *largest = NULL;
	if (connections->taken_bytes > max_bytes)
		largest = find_largest(connections, before_ns);
	if (largest != NULL) {
		connections->taken_bytes -= largest->taken_bytes;
		largest->taken_bytes = 0;
		id = largest->id;
	}
	pthread_mutex_unlock(&connections->mutex);
	return id;
}

void connections_read_count(struct connections *connections, struct connections_count *ret)
{
	pthread_mutex_lock(&connections->mutex);
	*ret = connections->count;
	pthread_mutex_unlock(&connections->mutex);
}
