/* Who is let in, who goes for it and what each connection and address may have, against a model
 * that looks at everything. */
#include "transport/connections.h"

#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
	IDS_MAX = 20000,
	ADDRESSES = 6,
	REFUSALS = 32, /* answered beyond the most in flight */
};

/* In the place of nng's: each pipe has the address that the test gives it. */
static uint8_t addresses[IDS_MAX];
static uint32_t closed[4];
static size_t closed_count;

int nng_pipe_get_addr(nng_pipe pipe, const char *option, nng_sockaddr *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->s_in.sa_family = NNG_AF_INET;
	ret->s_in.sa_addr = addresses[pipe.id];
	return 0;
}

int nng_pipe_get_uint64(nng_pipe pipe, const char *option, uint64_t *ret)
{
	return NNG_ENOTSUP;
}

int nng_pipe_close(nng_pipe pipe)
{
	assert_true(closed_count < sizeof closed / sizeof *closed);
	closed[closed_count++] = pipe.id;
	return 0;
}

static struct connections *open_connections(const struct connections_options *options)
{
	struct connections *connections;
	struct error err;
	assert_int_equal(connections_new(options, &connections, &err), CODE_OK);
	return connections;
}

static uint64_t now(void)
{
	static uint64_t now_ns;
	return ++now_ns;
}

static void add(struct connections *connections, uint32_t id, uint8_t address)
{
	addresses[id] = address;
	closed_count = 0;
	connections_add(connections, (nng_pipe){ .id = id }, now());
}

static void begin_and_end(struct connections *connections, uint32_t id)
{
	enum connections_room room;
	struct connection *connection = connections_begin(connections, id, now(), &room);
	assert_non_null(connection);
	connections_end(connection);
}

static void test_the_longest_idle_of_the_largest_address_goes(void **state)
{
	struct connections *connections =
		open_connections(&(struct connections_options){ .connections_max = 4 });
	add(connections, 1, 1);
	for (uint32_t id = 2; id <= 4; id++)
		add(connections, id, 2);
	begin_and_end(connections, 2); /* has been idle for a shorter time than 3 and 4 */
	add(connections, 5, 3);
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed[0], 3);

	enum connections_room room;
	struct connection *busy[2];
	busy[0] = connections_begin(connections, 4, now(), &room);
	busy[1] = connections_begin(connections, 2, now(), &room);
	add(connections, 6, 3); /* all of 2 are busy: the one whose last request came first */
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed[0], 4);
	assert_null(connections_begin(connections, 4, now(), &room));
	connections_end(busy[0]);
	connections_end(busy[1]);
	connections_free(connections);
}

static void test_older_ones_are_kept(void **state)
{
	struct connections_count count;
	struct connections *connections = open_connections(
		&(struct connections_options){ .connections_max = 3, .keep_older = true });
	add(connections, 1, 1);
	add(connections, 2, 2);
	add(connections, 3, 2);
	add(connections, 4, 2); /* its address has the most */
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed[0], 4);
	add(connections, 5, 1);
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed[0], 2);
	connections_read_count(connections, &count);
	assert_int_equal(count.accepted, 4);
	assert_int_equal(count.refused, 1);
	assert_int_equal(count.displaced, 1);
	connections_remove(connections, (nng_pipe){ .id = 4 }); /* nng tells of it, too */
	connections_read_count(connections, &count);
	assert_int_equal(count.connections, 3);
	connections_free(connections);
}

static void take(struct connections *connections, uint32_t id, size_t size_bytes, uint64_t now_ns)
{
	enum connections_room room;
	struct connection *connection = connections_begin(connections, id, now(), &room);
	connections_taken(connections, connection, size_bytes, now_ns);
	connections_end(connection);
}

static void test_the_largest_last_replies_are_shed(void **state)
{
	struct connections *connections =
		open_connections(&(struct connections_options){ .connections_max = 10 });
	for (uint32_t id = 1; id <= 4; id++)
		add(connections, id, 1);
	take(connections, 1, 400, 10);
	take(connections, 2, 500, 12);
	take(connections, 3, 500, 11);
	take(connections, 4, 900, 20);
	take(connections, 4, 100, 21); /* in the place of the one before */
	assert_int_equal(connections_last_taken(connections, 4).ns, 21);
	assert_int_equal(connections_last_taken(connections, 4).bytes, 100);
	assert_int_equal(connections_last_taken(connections, 9).ns, 0); /* never was there */
	assert_int_equal(connections_shed(connections, 1500, 100), 0);
	assert_int_equal(connections_shed(connections, 1499, 10), 0); /* all too new */
	assert_int_equal(connections_shed(connections, 600, 100), 3);
	assert_int_equal(connections_shed(connections, 600, 100), 2); /* 3 counts no more */
	assert_int_equal(connections_shed(connections, 600, 100), 0);
	take(connections, 3, 700, 30); /* had been closed, or not yet */
	assert_int_equal(connections_shed(connections, 600, 31), 3);
	connections_remove(connections, (nng_pipe){ .id = 1 });
	assert_int_equal(connections_shed(connections, 100, 100), 0); /* only 4 is left */
	assert_int_equal(connections_shed(connections, 99, 100), 4);
	take(connections, 9, 700, 40); /* never was there */
	assert_int_equal(connections_shed(connections, 0, 100), 0);
	connections_free(connections);
}

/* ---- The model ---- */

struct request {
	struct connection *connection;
	uint32_t id;
	bool parked;
};

struct model_connection {
	uint8_t address;
	bool open;
	uint32_t in_flight;
	uint32_t parked;
	uint64_t since; /* when its last request came, or it did */
};

struct model {
	struct connections_options options;
	struct random random;
	struct connections *connections;
	struct model_connection all[IDS_MAX];
	uint32_t next_id;
	uint64_t now;
	struct request requests[400];
	size_t request_count;
	struct connections_count count;
};

static size_t count_of(const struct model *model, uint8_t address)
{
	size_t count = 0;
	for (uint32_t id = 1; id < model->next_id; id++)
		count += model->all[id].open && model->all[id].address == address;
	return count;
}

static size_t count_most(const struct model *model)
{
	size_t most = 0;
	for (uint8_t address = 0; address < ADDRESSES; address++)
		if (count_of(model, address) > most)
			most = count_of(model, address);
	return most;
}

/* Of two of one address: which goes first. */
static bool goes_before(const struct model_connection *a, const struct model_connection *b)
{
	if ((a->in_flight == 0) != (b->in_flight == 0))
		return a->in_flight == 0;
	return a->since < b->since;
}

static void check_displaced(struct model *model, uint32_t gone)
{
	struct model_connection *connection = &model->all[gone];
	assert_true(connection->open);
	assert_int_equal(count_of(model, connection->address), count_most(model));
	for (uint32_t id = 1; id < model->next_id; id++)
		if (id != gone && model->all[id].open &&
			model->all[id].address == connection->address)
			assert_true(goes_before(connection, &model->all[id]));
	connection->open = false;
	model->count.displaced++;
	model->count.connections--;
}

static void model_add(struct model *model)
{
	uint32_t id = model->next_id;
	/* Some addresses come more often than others. */
	uint8_t address =
		(uint8_t)random_below(&model->random, 1 + random_below(&model->random, ADDRESSES));
	bool full = model->count.connections == model->options.connections_max;
	bool refused =
		full && model->options.keep_older && count_of(model, address) == count_most(model);
	add(model->connections, id, address);
	assert_int_equal(closed_count, full);
	if (full && refused)
		assert_int_equal(closed[0], id);
	else if (full)
		check_displaced(model, closed[0]);
	model->next_id++;
	model->all[id] = (struct model_connection){
		.address = address, .open = !refused, .since = ++model->now
	};
	model->count.connections += !refused;
	model->count.accepted += !refused;
	model->count.refused += refused;
}

static uint32_t some_id(struct model *model)
{
	uint32_t last = model->next_id < 40 ? model->next_id : 40; /* also of some that have gone */
	return model->next_id - 1 - (uint32_t)random_below(&model->random, last);
}

static void model_remove(struct model *model)
{
	uint32_t id = some_id(model);
	connections_remove(model->connections, (nng_pipe){ .id = id });
	model->count.connections -= model->all[id].open;
	model->all[id].open = false;
}

static void model_begin(struct model *model)
{
	enum connections_room room;
	uint32_t id = some_id(model);
	struct model_connection *expected = &model->all[id];
	if (model->request_count == sizeof model->requests / sizeof *model->requests)
		return;
	struct connection *connection = connections_begin(model->connections, id, now(), &room);
	assert_int_equal(connection != NULL, expected->open);
	if (connection == NULL)
		return;
	uint32_t max = model->options.in_flight_max;
	expected->in_flight++;
	expected->since = ++model->now;
	assert_int_equal(room, expected->in_flight <= max	       ? CONNECTIONS_ROOM
			       : expected->in_flight <= max + REFUSALS ? CONNECTIONS_FULL
								       : CONNECTIONS_FLOOD);
	model->requests[model->request_count++] =
		(struct request){ .connection = connection, .id = id };
}

static void model_unpark(struct model *model, struct request *request)
{
	connections_unpark(model->connections, request->connection);
	request->parked = false;
	model->all[request->id].parked--;
}

static void model_end(struct model *model, struct request *request)
{
	struct model_connection *expected = &model->all[request->id];
	if (request->parked)
		model_unpark(model, request);
	connections_end(request->connection);
	expected->in_flight--;
	*request = model->requests[--model->request_count];
}

static void model_park(struct model *model, struct request *request)
{
	struct model_connection *expected = &model->all[request->id];
	uint32_t parked = 0;
	for (uint32_t id = 1; id < model->next_id; id++)
		if (model->all[id].open && model->all[id].address == expected->address)
			parked += model->all[id].parked;
	bool room = expected->open && expected->parked < model->options.parked_max &&
		    parked < model->options.origin_parked_max;
	assert_int_equal(connections_park(model->connections, request->connection), room);
	request->parked = room;
	expected->parked += room;
}

static void model_step(struct model *model)
{
	uint64_t choice = random_below(&model->random, 100);
	struct request *request = NULL;
	if (model->request_count > 0)
		request = &model->requests[random_below(&model->random, model->request_count)];
	if (choice < 10 || model->next_id == 1)
		model_add(model);
	else if (choice < 13)
		model_remove(model);
	else if (choice < 55)
		model_begin(model);
	else if (request != NULL && choice < 80)
		model_end(model, request);
	else if (request != NULL && !request->parked)
		model_park(model, request);
	else if (request != NULL)
		model_unpark(model, request);
}

static void check_count(struct model *model)
{
	struct connections_count count;
	connections_read_count(model->connections, &count);
	size_t origins = 0;
	for (uint8_t address = 0; address < ADDRESSES; address++)
		origins += count_of(model, address) > 0;
	assert_int_equal(count.connections, model->count.connections);
	assert_int_equal(count.origins, origins);
	assert_int_equal(count.accepted, model->count.accepted);
	assert_int_equal(count.displaced, model->count.displaced);
	assert_int_equal(count.refused, model->count.refused);
}

static void test_random_steps(void **state)
{
	enum { ROUNDS = 60, STEPS = 2000 };
	struct random random = random_start();
	struct model *model = calloc(1, sizeof *model);
	for (int round = 0; round < ROUNDS; round++) {
		memset(model, 0, sizeof *model);
		model->options = (struct connections_options){
			.connections_max = 1 + random_below(&random, 12),
			.keep_older = random_below(&random, 2) == 1,
			.in_flight_max = 1 + (uint32_t)random_below(&random, 4),
			.parked_max = 1 + (uint32_t)random_below(&random, 4),
			.origin_parked_max = 1 + (uint32_t)random_below(&random, 6),
		};
		model->random = (struct random){ .state = random_next(&random) };
		model->next_id = 1;
		model->connections = open_connections(&model->options);
		for (int step = 0; step < STEPS; step++) {
			model_step(model);
			check_count(model);
		}
		while (model->request_count > 0)
			model_end(model, &model->requests[0]);
		connections_free(model->connections);
	}
	free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_longest_idle_of_the_largest_address_goes),
		cmocka_unit_test(test_older_ones_are_kept),
		cmocka_unit_test(test_the_largest_last_replies_are_shed),
		cmocka_unit_test(test_random_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
