/*
 * Random questions to a real server, answered by a plain model as well: lists with random filters
 * and orders, every page of each, neighbours, relatives, batches, archives and searches, first
 * while nobody writes and then while others make, change, retime, trash, bring back and purge posts
 * all the time. Every answer must be exactly what the model has at the revision of the answer.
 *
 * LECTERN_ORACLE_QUERIES is the number of lists (default 20,000), LECTERN_TEST_SEED the seed. With
 * the same seed the stores are the same and so are the questions of the quiet parts.
 */
#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "e2e/oracle/reads.h"
#include "e2e/oracle/writes.h"
#include "integration/lecternd.h"

#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>

#include <cmocka.h>

enum { ROUNDS = 4, READERS = 3, WRITERS = 6, POSTS_LEAST = 300, POSTS_MORE = 200 };

struct round {
	struct lecternd server;
	struct oracle_log log;
	struct oracle_content content;
	struct oracle_writer writers[WRITERS];
	struct oracle_reader readers[READERS];
	uint64_t queries; /* of each part of the round */
	atomic_bool stop;
	atomic_ullong writes;
};

static struct {
	uint64_t queries, empty, pages, posts, others, writes;
} totals;

/* A generator of its own for each thread, so that one does not depend on another's speed. */
static struct random fork_random(struct random *random)
{
	return (struct random){ .state = random_next(random) };
}

/* --- threads --- */

struct thread {
	pthread_t id;
	struct round *round;
	int number;
};

static void ask_something_else(struct oracle_reader *reader)
{
	switch (random_below(&reader->random, 6)) {
	case 0:
		oracle_ask_adjacent(reader);
		break;
	case 1:
		oracle_ask_related(reader);
		break;
	case 2:
		oracle_ask_batch(reader);
		break;
	case 3:
		oracle_page_archive(reader);
		break;
	case 4:
		oracle_page_search(reader);
		break;
	default:
		oracle_ask_dates(reader);
	}
}

static void *read_all(void *argument)
{
	struct thread *thread = argument;
	struct round *round = thread->round;
	struct oracle_reader *reader = &round->readers[thread->number];
	uint64_t share = (round->queries + READERS - 1) / READERS;
	for (uint64_t i = 0; i < share; i++) {
		oracle_query(reader);
		if (random_below(&reader->random, 4) == 0)
			ask_something_else(reader);
	}
	return NULL;
}

static void *write_on(void *argument)
{
	struct thread *thread = argument;
	struct round *round = thread->round;
	while (!atomic_load(&round->stop)) {
		oracle_write(&round->writers[thread->number]);
		atomic_fetch_add(&round->writes, 1);
	}
	return NULL;
}

static void start(struct thread *thread, struct round *round, int number, void *(*run)(void *))
{
	*thread = (struct thread){ .round = round, .number = number };
	if (pthread_create(&thread->id, NULL, run, thread) != 0)
		oracle_fail("cannot make a thread");
}

static void read_with_all(struct round *round, bool quiet)
{
	struct thread threads[READERS];
	for (int i = 0; i < READERS; i++) {
		round->readers[i].quiet = quiet;
		oracle_store_advance(&round->readers[i].store, oracle_log_complete(&round->log));
		start(&threads[i], round, i, read_all);
	}
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i].id, NULL);
}

static void read_amid_writes(struct round *round)
{
	struct thread threads[WRITERS];
	atomic_store(&round->stop, false);
	for (int i = 0; i < WRITERS; i++)
		start(&threads[i], round, i, write_on);
	read_with_all(round, false);
	atomic_store(&round->stop, true);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i].id, NULL);
}

/* --- a round --- */

static void set_up(struct round *round, struct random *random)
{
	lecternd_start(&round->server);
	oracle_show_log(fileno(round->server.log));
	oracle_log_init(&round->log);
	for (int i = 0; i < WRITERS; i++)
		oracle_writer_init(&round->writers[i], round->server.url, &round->log,
			&round->content, fork_random(random), i);
	oracle_make_content(&round->content, round->writers[0].client, &round->log, random);
	oracle_fill(&round->writers[0], POSTS_LEAST + random_below(random, POSTS_MORE));
	oracle_share_posts(round->writers, WRITERS);
	for (int i = 0; i < READERS; i++)
		oracle_reader_init(&round->readers[i], round->server.url, &round->log,
			&round->content, fork_random(random));
}

static void check_store(lectern_client *client)
{
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	uint64_t revision;
	oracle_doing("CheckStore");
	Lectern__V1__CheckStoreResponse *response =
		oracle_call(client, "lectern.v1.AdminService/CheckStore", &request.base,
			&lectern__v1__check_store_response__descriptor, &revision);
	if (response->problem_count > 0)
		oracle_fail("%" PRIu64 " problems, the first: %s", response->problem_count,
			response->problems[0]);
	oracle_free(response);
}

static void tear_down(struct round *round)
{
	for (int i = 0; i < READERS; i++) {
		struct oracle_reader *reader = &round->readers[i];
		totals.queries += reader->queries;
		totals.empty += reader->empty_queries;
		totals.pages += reader->pages;
		totals.posts += reader->posts;
		totals.others += reader->others;
		oracle_reader_done(reader);
	}
	totals.writes += atomic_load(&round->writes);
	for (int i = 0; i < WRITERS; i++)
		oracle_writer_done(&round->writers[i]);
	oracle_log_done(&round->log);
	assert_int_equal(lecternd_stop(&round->server), 0);
}

static double seconds_since(const struct timespec *from)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static void every_answer_is_the_models(void **state)
{
	struct random random = random_start();
	const char *given = getenv("LECTERN_ORACLE_QUERIES");
	uint64_t wanted = given == NULL ? 20000 : strtoull(given, NULL, 10);
	double reading = 0;
	for (int i = 0; i < ROUNDS; i++) {
		struct round *round = calloc(1, sizeof *round);
		struct timespec from;
		set_up(round, &random);
		/* Three parts, the busy one as long as the two quiet ones together. */
		round->queries = (wanted + 4 * ROUNDS - 1) / (4 * ROUNDS);
		clock_gettime(CLOCK_MONOTONIC, &from);
		read_with_all(round, true);
		oracle_change_terms(
			&round->content, round->writers[0].client, &round->log, &random);
		read_with_all(round, true);
		round->queries *= 2;
		read_amid_writes(round);
		reading += seconds_since(&from);
		check_store(round->writers[0].client);
		tear_down(round);
		free(round);
	}
	print_message("%" PRIu64 " lists (%" PRIu64 " of them empty) of %" PRIu64
		      " pages and %" PRIu64 " posts, %" PRIu64 " other questions, %" PRIu64
		      " writes meanwhile: %.0f lists a second, %.0f requests a second\n",
		totals.queries, totals.empty, totals.pages, totals.posts, totals.others,
		totals.writes, (double)totals.queries / reading,
		(double)(totals.pages + totals.others) / reading);
	assert_true(totals.queries >= wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_the_models),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
