/* The log behind a pipe: its reader may be slow, stuck or gone, and nobody waits for it. */
#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTPUT_BYTES = 8 << 20 };
static char output[OUTPUT_BYTES + 1];
static size_t output_size;
static int saved_stderr = -1;
static int reader = -1;

static void start(void)
{
	int ends[2];
	saved_stderr = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	reader = ends[0];
	output_size = 0;
	log_configure(LOG_JSON, LOG_INFO);
	assert_int_equal(log_start(NULL), CODE_OK);
}

/* Stops the log and gives standard error back. */
static void stop(void)
{
	log_stop();
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
}

static void *read_all(void *unused)
{
	ssize_t size;
	while (output_size < OUTPUT_BYTES &&
		(size = read(reader, output + output_size, OUTPUT_BYTES - output_size)) > 0)
		output_size += (size_t)size;
	output[output_size] = '\0';
	close(reader);
	return NULL;
}

static int count(const char *part)
{
	int found = 0;
	for (const char *at = output; (at = strstr(at, part)) != NULL; at++)
		found++;
	return found;
}

/* The number of the field `count` in all lines of the message. */
static uint64_t sum_of(const char *message)
{
	char part[128];
	uint64_t sum = 0;
	snprintf(part, sizeof part, "\"msg\":\"%s\",\"count\":", message);
	for (const char *at = output; (at = strstr(at, part)) != NULL; at++)
		sum += strtoull(at + strlen(part), NULL, 10);
	return sum;
}

static uint64_t seconds_of(uint64_t since_ns)
{
	return (clock_monotonic_ns() - since_ns) / 1000000000;
}

static struct log_counts counts_since(const struct log_counts *before)
{
	struct log_counts now;
	log_counts(&now);
	now.dropped -= before->dropped;
	now.left_out -= before->left_out;
	return now;
}

static void test_order(void **state)
{
	pthread_t thread;
	start();
	pthread_create(&thread, NULL, read_all, NULL);
	for (int i = 0; i < 2000; i++)
		log_event(LOG_INFO, "line", log_number("i", i), LOG_END);
	stop();
	pthread_join(thread, NULL);
	const char *at = output;
	for (int i = 0; i < 2000; i++) {
		char part[32];
		snprintf(part, sizeof part, "\"i\":%d}\n", i);
		at = strstr(at, part);
		assert_non_null(at);
	}
	assert_int_equal(count("\n"), 2000);
}

static void test_what_is_logged_before_the_stop_is_written(void **state)
{
	for (int round = 0; round < 50; round++) {
		pthread_t thread;
		start();
		log_event(LOG_ERROR, "it does not start", LOG_END);
		stop();
		pthread_create(&thread, NULL, read_all, NULL);
		pthread_join(thread, NULL);
		assert_int_equal(count("it does not start"), 1);
	}
}

/* A reader that does not read: nobody waits, memory is bounded, the stop does not hang; when it
 * reads again, it is told how many lines are missing. */
static void test_a_stuck_reader(void **state)
{
	enum { LINES = 20000 };
	struct log_counts before;
	pthread_t thread;
	char text[200];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_counts(&before);
	start();
	uint64_t start_ns = clock_monotonic_ns();
	for (int i = 0; i < LINES; i++)
		log_bulk_fields(LOG_INFO, "bulk",
			(const struct log_field[]){ log_text("x", text), LOG_END });
	log_event(LOG_ERROR, "important", LOG_END); /* there is room for it */
	assert_in_range(seconds_of(start_ns), 0, 5);
	struct log_counts counts = counts_since(&before);
	assert_in_range(counts.dropped, LINES / 2, LINES - 1);
	pthread_create(&thread, NULL, read_all, NULL);
	log_flush();
	log_event(LOG_INFO, "afterwards", LOG_END);
	stop();
	pthread_join(thread, NULL);
	assert_int_equal(count("\"msg\":\"bulk\"") + counts.dropped, LINES);
	assert_int_equal(sum_of("log lines dropped"), counts.dropped);
	assert_int_equal(count("important"), 1);
	assert_int_equal(count("afterwards"), 1);
}

static void test_a_reader_that_stays_stuck_does_not_hold_up_the_end(void **state)
{
	start();
	for (int i = 0; i < 3000; i++)
		log_event(
			LOG_INFO, "a line of some length for a pipe", log_number("i", i), LOG_END);
	uint64_t start_ns = clock_monotonic_ns();
	stop();
	assert_in_range(seconds_of(start_ns), 1, 4);
	close(reader);
}

static void test_a_reader_that_has_gone(void **state)
{
	struct log_counts before;
	log_counts(&before);
	signal(SIGPIPE, SIG_DFL); /* would end the process */
	start();
	close(reader);
	for (int i = 0; i < 1000; i++)
		log_event(LOG_INFO, "to nobody", LOG_END);
	stop();
	assert_in_range(counts_since(&before).dropped, 1000, 2000);
}

static void log_limited_many(int lines)
{
	for (int i = 0; i < lines; i++)
		log_limited_fields(LOG_INFO, "limited", (const struct log_field[]){ LOG_END });
}

/* The count comes when the second is over, without another line. */
static void test_limit(void **state)
{
	enum { LINES = 5000 };
	struct log_counts before;
	pthread_t thread;
	log_counts(&before);
	start();
	pthread_create(&thread, NULL, read_all, NULL);
	log_limited_many(LINES);
	sleep(2);
	log_flush();
	log_limited_many(1); /* in a new second */
	stop();
	pthread_join(thread, NULL);
	struct log_counts counts = counts_since(&before);
	/* The lines may have met the beginning of a second or two. */
	assert_in_range(count("\"msg\":\"limited\""), LOG_LIMITED_PER_SECOND + 1,
		4 * LOG_LIMITED_PER_SECOND + 1);
	assert_int_equal(count("\"msg\":\"limited\"") + counts.left_out, LINES + 1);
	assert_int_equal(sum_of("lines about calls left out"), counts.left_out);
	const char *summary = strstr(output, "left out");
	assert_non_null(summary);
	assert_non_null(strstr(summary, "\"msg\":\"limited\""));
}

static void test_the_last_line_is_the_last(void **state)
{
	pthread_t thread;
	start();
	pthread_create(&thread, NULL, read_all, NULL);
	log_limited_many(500);
	log_tell_counts();
	log_event(LOG_INFO, "stopped", LOG_END);
	stop();
	pthread_join(thread, NULL);
	const char *last = strstr(output, "\"msg\":\"stopped\"");
	assert_non_null(last);
	assert_string_equal(strchr(last, '\n'), "\n");
	assert_non_null(strstr(output, "lines about calls left out"));
}

static void *write_lines(void *unused)
{
	for (int i = 0; i < 2000; i++) {
		log_event(LOG_INFO, "event", LOG_END);
		log_limited_many(1);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct log_counts before;
	pthread_t threads[8];
	pthread_t thread;
	log_counts(&before);
	start();
	pthread_create(&thread, NULL, read_all, NULL);
	for (size_t i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, write_lines, NULL);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	stop();
	pthread_join(thread, NULL);
	struct log_counts counts = counts_since(&before);
	assert_int_equal(count("\"msg\":\"event\"") + count("\"msg\":\"limited\"") +
				 (int)counts.dropped + (int)counts.left_out,
		8 * 4000);
	for (char *line = output; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_memory_equal(line, "{\"time\":\"", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_what_is_logged_before_the_stop_is_written),
		cmocka_unit_test(test_a_stuck_reader),
		cmocka_unit_test(test_a_reader_that_stays_stuck_does_not_hold_up_the_end),
		cmocka_unit_test(test_a_reader_that_has_gone),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_the_last_line_is_the_last),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
