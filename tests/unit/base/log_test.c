#include "base/log.h"

#include "base/text.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTPUT_BYTES = 1 << 20 };
static char output[OUTPUT_BYTES + 1];
static int saved_stderr = -1;
static FILE *captured;

static void capture(void)
{
	captured = tmpfile();
	assert_non_null(captured);
	saved_stderr = dup(STDERR_FILENO);
	dup2(fileno(captured), STDERR_FILENO);
}

/* What was written since capture(). */
static const char *captured_text(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	rewind(captured);
	output[fread(output, 1, OUTPUT_BYTES, captured)] = '\0';
	fclose(captured);
	return output;
}

/* The one line, parsed; the test fails if it is not exactly one JSON object in one line. */
static json_t *only_line(void)
{
	const char *text = captured_text();
	size_t size = strlen(text);
	json_error_t error;
	assert_true(size > 0 && text[size - 1] == '\n');
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (line == NULL)
		print_error("%s: %s\n", error.text, text);
	assert_non_null(line);
	return line;
}

static const char *text_of(const json_t *line, const char *key)
{
	return json_string_value(json_object_get(line, key));
}

static void test_json(void **state)
{
	log_configure(LOG_JSON, LOG_INFO);
	capture();
	log_event(LOG_WARN, "disk is \"full\"", log_text("path", "C:\\x\ty\n"),
		log_number("bytes", INT64_MIN), log_text("none", NULL), LOG_END);
	json_t *line = only_line();
	assert_string_equal(text_of(line, "level"), "warn");
	assert_string_equal(text_of(line, "msg"), "disk is \"full\"");
	assert_string_equal(text_of(line, "path"), "C:\\x\ty\n");
	assert_string_equal(text_of(line, "none"), "");
	assert_int_equal(json_integer_value(json_object_get(line, "bytes")), INT64_MIN);
	assert_non_null(text_of(line, "time"));
	assert_int_equal(json_object_size(line), 6);
	json_decref(line);
}

static void test_every_byte_is_escaped(void **state)
{
	log_configure(LOG_JSON, LOG_INFO);
	for (int c = 1; c < 256; c++) {
		char text[] = { 'a', (char)c, 'b', '\0' };
		capture();
		log_event(LOG_INFO, text, log_text("same", text), LOG_END);
		json_t *line = only_line();
		assert_string_equal(text_of(line, "msg"), c < 0x80 ? text
								   : "a\xEF\xBF\xBD"
								     "b");
		assert_string_equal(text_of(line, "same"), text_of(line, "msg"));
		json_decref(line);
	}
}

static void test_what_is_not_utf8_is_replaced(void **state)
{
	static const struct {
		const char *text, *logged;
	} cases[] = {
		{ "\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80", "\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80" },
		{ "\xC3\xA9\xFF\xC3\xA9", "\xC3\xA9\xEF\xBF\xBD\xC3\xA9" },
		{ "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "x\xE4\xB8", "x\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD" },
	};
	log_configure(LOG_JSON, LOG_INFO);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		capture();
		log_event(LOG_INFO, "x", log_text("text", cases[i].text), LOG_END);
		json_t *line = only_line();
		assert_string_equal(text_of(line, "text"), cases[i].logged);
		json_decref(line);
	}
}

/* Something is said whatever the length, in one line of at most 8 KiB. */
#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567"

/* A token that somebody has put where something else belongs. */
static void test_tokens_are_not_told(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "no method 'lectern_0123456789ab_" SECRET "'; did",
			"no method 'lectern_0123456789ab_***'; did" },
		{ "lectern_0123456789ab_" SECRET, "lectern_0123456789ab_***" },
		{ "lectern_0123456789ab_" SECRET " lectern_0123456789AB_" SECRET,
			"lectern_0123456789ab_*** lectern_0123456789AB_***" },
		{ "lectern_0123456789ab_0", "lectern_0123456789ab_***" },
		{ "lectern_calls_total", "lectern_calls_total" },
		{ "lectern_0123456789a", "lectern_0123456789a" },
		{ "lectern_0123456789abc" SECRET, "lectern_0123456789abc" SECRET },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		log_configure(LOG_JSON, LOG_INFO);
		capture();
		log_event(LOG_INFO, cases[i].text, log_text("field", cases[i].text), LOG_END);
		json_t *line = only_line();
		assert_string_equal(text_of(line, "msg"), cases[i].told);
		assert_string_equal(text_of(line, "field"), cases[i].told);
		json_decref(line);
		log_configure(LOG_TEXT, LOG_INFO);
		capture();
		log_event(LOG_INFO, cases[i].text, log_text("field", cases[i].text), LOG_END);
		const char *text = captured_text();
		assert_non_null(strstr(text, cases[i].told));
		assert_true(strstr(text, SECRET) == NULL || strstr(cases[i].told, SECRET) != NULL);
	}
}

static void test_long_lines(void **state)
{
	static char text[9000];
	static const enum log_format formats[] = { LOG_JSON, LOG_TEXT };
	for (size_t f = 0; f < 2; f++) {
		log_configure(formats[f], LOG_INFO);
		for (size_t size = 8000; size < 8300; size++) {
			memset(text, 'x', size);
			text[size] = '\0';
			capture();
			log_event(LOG_ERROR, "long", log_text("text", text), LOG_END);
			const char *line = captured_text();
			size_t line_size = strlen(line);
			assert_in_range(line_size, 20, 8192);
			assert_ptr_equal(strchr(line, '\n'), line + line_size - 1);
			assert_non_null(strstr(line, "error"));
		}
	}
	log_configure(LOG_JSON, LOG_INFO);
	capture();
	log_event(LOG_ERROR, text, LOG_END);
	json_t *line = only_line();
	assert_string_equal(text_of(line, "msg"), "log line over 8 KiB left out");
	json_decref(line);
}

/* The time that it takes to refuse a long text grows with its length alone. */
static void test_a_very_long_text_is_quick(void **state)
{
	enum { PAIRS = 2000000 };
	char *text = malloc(3 * PAIRS + 1);
	for (size_t i = 0; i < PAIRS; i++)
		memcpy(text + 3 * i,
			"\xC3\xA9"
			"a",
			4);
	log_configure(LOG_JSON, LOG_INFO);
	capture();
	log_event(LOG_ERROR, "long", log_text("text", text), LOG_END);
	json_t *line = only_line();
	assert_string_equal(text_of(line, "msg"), "log line over 8 KiB left out");
	json_decref(line);
	free(text);
}

static void test_text_format(void **state)
{
	log_configure(LOG_TEXT, LOG_INFO);
	capture();
	log_event(LOG_INFO, "ready", log_text("address", "tcp://127.0.0.1:7400"),
		log_text("why", "two words"), log_text("empty", ""), log_text("eq", "a=b"),
		log_text("line", "a\nb"), log_number("n", -3), LOG_END);
	const char *line = captured_text();
	assert_non_null(strstr(line,
		"Z info  ready address=tcp://127.0.0.1:7400 why=\"two words\" empty=\"\" "
		"eq=\"a=b\" line=\"a\\nb\" n=-3\n"));
}

/* A message may hold what a user sent, and must not make a second line or move the cursor. */
static void test_a_message_of_text_format_stays_in_its_line(void **state)
{
	static const char *const messages[] = { "a\nb", "a\r\nb", "a\033[2Jb", "a\377b", "\n" };
	log_configure(LOG_TEXT, LOG_INFO);
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		capture();
		log_event(LOG_ERROR, messages[i], log_number("n", 1), LOG_END);
		const char *line = captured_text();
		size_t size = strlen(line);
		assert_ptr_equal(strchr(line, '\n'), line + size - 1);
		assert_null(strpbrk(line, "\r\033"));
		assert_int_equal(text_find_invalid(slice_of_text(line)), size);
		assert_non_null(strstr(line, " n=1\n"));
	}
}

static void test_levels(void **state)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
		enum log_level parsed;
		assert_true(log_level_parse(names[least], &parsed));
		assert_int_equal(parsed, least);
		log_configure(LOG_JSON, (enum log_level)least);
		for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
			capture();
			log_event((enum log_level)level, "x", LOG_END);
			assert_int_equal(captured_text()[0] != '\0', level >= least);
		}
	}
	enum log_level level = LOG_WARN;
	static const char *const bad[] = { "", "INFO", "warning", "info ", "4" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(log_level_parse(bad[i], &level));
	assert_int_equal(level, LOG_WARN);
}

static void *write_lines(void *name)
{
	for (int i = 0; i < 500; i++)
		log_event(LOG_INFO, "from a thread", log_text("thread", name), log_number("i", i),
			LOG_END);
	return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
	pthread_t threads[4];
	static char names[4][300];
	log_configure(LOG_JSON, LOG_INFO);
	capture();
	fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_APPEND);
	for (size_t i = 0; i < 4; i++) {
		memset(names[i], 'a' + (int)i, sizeof names[i] - 1);
		pthread_create(&threads[i], NULL, write_lines, names[i]);
	}
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	captured_text();
	int lines = 0;
	for (char *line = strtok(output, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		json_t *object = json_loads(line, 0, NULL);
		assert_non_null(object);
		json_decref(object);
		lines++;
	}
	assert_int_equal(lines, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_every_byte_is_escaped),
		cmocka_unit_test(test_what_is_not_utf8_is_replaced),
		cmocka_unit_test(test_tokens_are_not_told),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_a_very_long_text_is_quick),
		cmocka_unit_test(test_text_format),
		cmocka_unit_test(test_a_message_of_text_format_stays_in_its_line),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_threads_do_not_mix_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
