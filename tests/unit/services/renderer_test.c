/* Whose bodies are rendered first: turns by the time that a client's bodies have taken, against a
 * model that looks at all that wait. Time is the test's. */
#include "services/renderer.h"

#include "base/clock.h"
#include "services/html.h"
#include "services/markdown.h"
#include "support/random.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
	SOURCES = 5,
	WRITES_MAX = 400,
	NS_PER_US = 1000,
};

struct submitted {
	struct write write;
	struct rpc_call call;
	Lectern__V1__Post post;
	uint64_t cost_us;
	uint64_t turn_us;
	bool waits;
};

static struct submitted all[WRITES_MAX];
static _Atomic uint64_t now_ns;
/* The renderer's thread and the test. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static size_t begun;
static size_t order[WRITES_MAX];
static size_t order_count;

static uint64_t read_clock(void)
{
	return atomic_load(&now_ns);
}

/* In the place of the real ones: a body takes as long as the test says; none before the gate is
 * open. */
enum code markdown_render(struct arena *arena, Lectern__V1__Post *post, struct error *err)
{
	struct submitted *one =
		(struct submitted *)((char *)post - offsetof(struct submitted, post));
	pthread_mutex_lock(&mutex);
	begun++;
	order[order_count++] = (size_t)(one - all);
	pthread_cond_broadcast(&changed);
	while (!gate_open)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
	atomic_fetch_add(&now_ns, one->cost_us * NS_PER_US);
	return CODE_OK;
}

enum code html_render(struct arena *arena, Lectern__V1__Post *post, struct error *err)
{
	return markdown_render(arena, post, err);
}

enum code write_enqueue(struct write *write, struct error *err)
{
	return CODE_OK;
}

static enum code submit(struct renderer *renderer, size_t index, uint64_t source, uint64_t cost_us,
	size_t payload_bytes, struct error *err)
{
	struct submitted *one = &all[index];
	memset(one, 0, sizeof *one);
	one->post = (Lectern__V1__Post)LECTERN__V1__POST__INIT;
	one->call.source = source;
	one->call.payload.size = payload_bytes;
	one->call.deadline_ns = UINT64_MAX;
	one->write.call = &one->call;
	one->write.render = &one->post;
	one->cost_us = cost_us;
	return renderer_submit(renderer, &one->write, err);
}

/* A renderer that has just begun with the write of index 0. */
static struct renderer *open_blocked(uint64_t source, uint64_t cost_us)
{
	struct renderer *renderer;
	struct error err;
	clock_set_monotonic_hook(read_clock);
	gate_open = false;
	begun = order_count = 0;
	assert_int_equal(renderer_new(&renderer, &err), CODE_OK);
	assert_int_equal(submit(renderer, 0, source, cost_us, 0, &err), CODE_OK);
	pthread_mutex_lock(&mutex);
	while (begun == 0)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
	return renderer;
}

/* Until `count` bodies were begun. */
static void drain(struct renderer *renderer, size_t count)
{
	pthread_mutex_lock(&mutex);
	gate_open = true;
	pthread_cond_broadcast(&changed);
	while (begun < count)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
	renderer_free(renderer);
	clock_set_monotonic_hook(NULL);
}

static void test_who_takes_long_waits_for_who_does_not(void **state)
{
	/* 1 has sent bodies of a second, then 2 and 3 some that take little. */
	static const struct {
		uint64_t source;
		uint64_t cost_us;
	} writes[] = { { 1, 1000000 }, { 1, 1000000 }, { 1, 1000000 }, { 2, 100 }, { 2, 100 },
		{ 3, 150 }, { 3, 150 } };
	static const size_t expected[] = { 0, 3, 5, 4, 6, 1, 2 };
	enum { COUNT = sizeof writes / sizeof *writes };
	struct renderer *renderer = open_blocked(writes[0].source, writes[0].cost_us);
	struct error err;
	for (size_t i = 1; i < COUNT; i++)
		assert_int_equal(
			submit(renderer, i, writes[i].source, writes[i].cost_us, 0, &err), CODE_OK);
	drain(renderer, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(order[i], expected[i]);
}

static void test_as_many_places_as_are_left(void **state)
{
	struct renderer *renderer = open_blocked(1, 1);
	struct error err;
	size_t count = 1;
	for (size_t i = 0; i < LIMIT_RENDER_QUEUE / 2; i++)
		assert_int_equal(submit(renderer, count++, 2, 1, 0, &err), CODE_OK);
	/* Half is taken: exactly as many as are left. */
	assert_int_equal(submit(renderer, count++, 2, 1, 0, &err), CODE_OK);
	assert_int_equal(submit(renderer, count, 2, 1, 0, &err), CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "WRITE_QUEUE_FULL");
	assert_int_not_equal(err.retry_ms, 0);
	assert_int_equal(submit(renderer, count++, 3, 1, 0, &err), CODE_OK);
	/* Bytes count, too, but not of the only one. */
	assert_int_equal(submit(renderer, count, 3, 1, LIMIT_WRITE_QUEUE_BYTES, &err), CODE_OK);
	count++;
	assert_int_equal(submit(renderer, count, 4, 1, 1, &err), CODE_RESOURCE_EXHAUSTED);
	drain(renderer, count);
}

/* ---- The model ---- */

/* The last turn of a client's writes that wait, or of the one at hand. */
static uint64_t last_turn(size_t count, uint64_t source, size_t at_hand, uint64_t model_now)
{
	uint64_t last = model_now;
	for (size_t i = 0; i < count; i++)
		if (all[i].waits && all[i].call.source == source && all[i].turn_us > last)
			last = all[i].turn_us;
	if (all[at_hand].call.source == source && all[at_hand].turn_us > last)
		last = all[at_hand].turn_us;
	return last;
}

static void check_taken(size_t count, size_t taken)
{
	assert_true(all[taken].waits);
	for (size_t i = 0; i < count; i++) {
		if (!all[i].waits || i == taken)
			continue;
		assert_true(all[taken].turn_us <= all[i].turn_us);
		if (all[i].call.source == all[taken].call.source)
			assert_true(taken < i); /* each client's in their order */
	}
}

static void test_random_bodies(void **state)
{
	enum { ROUNDS = 300, COUNT_MAX = 100 };
	struct random random = random_start();
	for (int round = 0; round < ROUNDS; round++) {
		struct error err;
		uint64_t source = random_below(&random, SOURCES);
		struct renderer *renderer = open_blocked(source, random_below(&random, 1000));
		size_t count = 1;
		uint64_t model_now = 1; /* the turn of the first */
		all[0].turn_us = 1;
		for (size_t tries = random_below(&random, COUNT_MAX); tries > 0; tries--) {
			source = random_below(&random, SOURCES);
			uint64_t cost_us = random_below(&random, 1 + source * source * 300);
			if (submit(renderer, count, source, cost_us, 0, &err) != CODE_OK)
				continue; /* that it has too many is tested above */
			all[count].turn_us = last_turn(count, source, 0, model_now) + 1;
			all[count++].waits = true;
		}
		drain(renderer, count);
		assert_int_equal(order_count, count);
		for (size_t i = 0; i < count; i++) {
			size_t taken = order[i];
			if (i > 0)
				check_taken(count, taken);
			all[taken].waits = false;
			for (size_t j = 0; j < count; j++)
				if (all[j].waits && all[j].call.source == all[taken].call.source)
					all[j].turn_us += all[taken].cost_us;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_takes_long_waits_for_who_does_not),
		cmocka_unit_test(test_as_many_places_as_are_left),
		cmocka_unit_test(test_random_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
