/* Messages and filters that are made from options. */
#include "cli/fields.h"

#include "cli/cli.h"
#include "cli/filter.h"
#include "cli/post_ref.h"
#include "codec/json.h"

#include <lectern/v1/post.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

enum { WORDS_MAX = 16 };

/* A line of its own for each case: words separated by '|'. */
struct line {
	struct cli cli;
	struct args args;
	char copy[512];
	char *words[WORDS_MAX + 1];
};

static struct line *line_new(const char *text)
{
	struct line *line = calloc(1, sizeof *line);
	int count = 0;
	cli_init(&line->cli);
	snprintf(line->copy, sizeof line->copy, "lectern|%s", text);
	char *save;
	for (char *word = strtok_r(line->copy, "|", &save); word != NULL;
		word = strtok_r(NULL, "|", &save))
		line->words[count++] = word;
	if (args_parse(&line->cli, &line->args, count, line->words) != EXIT_STATUS_OK)
		fail_msg("%s: %s", text, line->cli.problem.message);
	return line;
}

static void line_free(struct line *line)
{
	cli_done(&line->cli);
	free(line);
}

static const struct {
	const char *label, *line, *json, *mask;
} built[] = {
	{ "texts", "post|create|--title|A \"b\"|--slug|c",
		"{\"slug\":\"c\",\"title\":\"A \\\"b\\\"\"}", "title,slug" },
	{ "terms by slug and name", "post|create|--tag|kde|--tag|K Desktop",
		"{\"tags\":[{\"slug\":\"kde\"},{\"name\":\"K Desktop\"}]}", "tags" },
	{ "terms to be made", "post|create|--create-missing|--tag|kde|--author|Ann B",
		"{\"tags\":[{\"slug\":\"kde\",\"name\":\"kde\"}],\"authors\":[{\"name\":\"Ann "
		"B\"}]}",
		"tags,authors" },
	{ "state", "post|create|--state|published", "{\"state\":\"POST_STATE_PUBLISHED\"}",
		"state" },
	{ "body format", "post|create|--body-format|html", "{\"bodyFormat\":\"BODY_FORMAT_HTML\"}",
		"body_format" },
	{ "time", "post|create|--publish-time|2026-01-02T03:04:05+01:00",
		"{\"publishTime\":\"2026-01-02T02:04:05Z\"}", "publish_time" },
	{ "series", "post|create|--series|My Series|--part|2",
		"{\"series\":{\"name\":\"My Series\",\"part\":2}}", "series" },
	{ "flag", "post|create|--featured", "{\"featured\":true}", "featured" },
	{ "attributes", "post|create|--attribute|a=b=c|--attribute|d=",
		"{\"attributes\":[{\"key\":\"a\",\"value\":\"b=c\"},{\"key\":\"d\"}]}",
		"attributes" },
	{ "set text", "post|update|x|--set|title=Second = thoughts",
		"{\"title\":\"Second = thoughts\"}", "title" },
	{ "set text that looks like JSON", "post|update|x|--set|title=[1]", "{\"title\":\"[1]\"}",
		"title" },
	{ "set by the JSON name", "post|update|x|--set|coverImageUrl=u",
		"{\"coverImageUrl\":\"u\"}", "cover_image_url" },
	{ "set nothing", "post|update|x|--set|title=|--set|tags=|--set|expire_time=", "{}",
		"title,tags,expire_time" },
	{ "set list of names", "post|update|x|--set|tags=[\"a\",\"B c\",{\"id\":\"3\"}]",
		"{\"tags\":[{\"slug\":\"a\"},{\"name\":\"B c\"},{\"id\":\"3\"}]}", "tags" },
	{ "set list of attributes", "post|update|x|--set|attributes=[\"a=b\"]",
		"{\"attributes\":[{\"key\":\"a\",\"value\":\"b\"}]}", "attributes" },
	{ "set message", "post|update|x|--set|series={\"name\":\"s\"}",
		"{\"series\":{\"name\":\"s\"}}", "series" },
	{ "set message by its name", "post|update|x|--set|series=s",
		"{\"series\":{\"name\":\"s\"}}", "series" },
	{ "set part of a message", "post|update|x|--set|series.part=3", "{\"series\":{\"part\":3}}",
		"series.part" },
	{ "set boolean", "post|update|x|--set|featured=true", "{\"featured\":true}", "featured" },
	{ "set enum", "post|update|x|--set|state=draft", "{\"state\":\"POST_STATE_DRAFT\"}",
		"state" },
	{ "set enum by its whole name", "post|update|x|--set|state=POST_STATE_DRAFT",
		"{\"state\":\"POST_STATE_DRAFT\"}", "state" },
	{ "set the same twice", "post|update|x|--set|title=a|--set|title=b", "{\"title\":\"b\"}",
		"title" },
	{ "nothing", "post|update|x", "{}", "" },
};

static void join_mask(const struct fields *fields, char *text)
{
	*text = '\0';
	for (size_t i = 0; i < fields->mask.n_paths; i++) {
		strcat(text, i == 0 ? "" : ",");
		strcat(text, fields->mask.paths[i]);
	}
}

static void test_built(void **state)
{
	for (size_t i = 0; i < sizeof built / sizeof *built; i++) {
		struct line *line = line_new(built[i].line);
		struct fields fields;
		struct buffer out;
		char mask[256];
		buffer_init(&out, 1 << 16);
		if (fields_build(&line->cli, &line->args, &lectern__v1__post__descriptor,
			    &fields) != EXIT_STATUS_OK)
			fail_msg("%s: %s", built[i].label, line->cli.problem.message);
		assert_int_equal(json_print(fields.message, 0, &out, NULL), CODE_OK);
		join_mask(&fields, mask);
		if (strcmp(buffer_text(&out), built[i].json) != 0 ||
			strcmp(mask, built[i].mask) != 0)
			fail_msg("%s: %s %s", built[i].label, buffer_text(&out), mask);
		buffer_done(&out);
		line_free(line);
	}
}

static const struct {
	const char *label, *line, *text;
} refused[] = {
	{ "no such field", "post|update|x|--set|titel=a",
		"Post has no field \"titel\"; did you mean \"title\"?" },
	{ "no such field inside", "post|update|x|--set|series.nam=a",
		"SeriesRef has no field \"nam\"; did you mean \"name\"?" },
	{ "inside a text", "post|update|x|--set|title.a=b", "\"title\" has no fields inside" },
	{ "inside a list", "post|update|x|--set|tags.slug=b", "\"tags\" has no fields inside" },
	{ "no sign", "post|update|x|--set|title", "--set title: must be FIELD=VALUE" },
	{ "no name", "post|update|x|--set|=a", "the name of the field is empty" },
	{ "points only", "post|update|x|--set|..=a", "the name of the field is empty" },
	{ "list without brackets", "post|update|x|--set|tags=a",
		"--set tags: the value must be a list as JSON, for example [\"a\",\"b\"]" },
	{ "object for a list", "post|update|x|--set|tags={}",
		"tags: must be a list, not an object" },
	{ "broken JSON", "post|update|x|--set|series={", "--set series: the value must be JSON" },
	{ "number", "post|update|x|--set|word_count=abc",
		"word_count: must be an integer from 0 to 4294967295" },
	{ "enum", "post|update|x|--set|state=gone",
		"state: \"gone\" is none of POST_STATE_UNSPECIFIED, POST_STATE_DRAFT, "
		"POST_STATE_SCHEDULED, POST_STATE_PUBLISHED, POST_STATE_EXPIRED, "
		"POST_STATE_TRASHED" },
	{ "time", "post|create|--publish-time|tomorrow",
		"publish_time: must be a time such as \"2026-01-02T03:04:05Z\"" },
	{ "attribute", "post|create|--attribute|a", "--attribute a: must be KEY=VALUE" },
	{ "no UTF-8", "post|create|--title|\xFF", "--title \xFF: must be UTF-8" },
	{ "file that is not there", "post|create|--body-file|/nonexistent/x",
		"cannot read /nonexistent/x: No such file or directory" },
};

static void test_refused(void **state)
{
	int wrong = 0;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct line *line = line_new(refused[i].line);
		struct fields fields;
		enum exit_status status = fields_build(
			&line->cli, &line->args, &lectern__v1__post__descriptor, &fields);
		if (status != EXIT_STATUS_USAGE ||
			strcmp(line->cli.problem.message, refused[i].text) != 0) {
			print_error(
				"%s: %d %s\n", refused[i].label, status, line->cli.problem.message);
			wrong++;
		}
		line_free(line);
	}
	assert_int_equal(wrong, 0);
}

static void test_body_file(void **state)
{
	char path[] = "/tmp/lectern-fields-XXXXXX";
	int descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, "# Hi\n\n\"x\"\n", 10), 10);
	close(descriptor);
	char text[128];
	snprintf(text, sizeof text, "post|create|--body-file|%s", path);
	struct line *line = line_new(text);
	struct fields fields;
	assert_int_equal(
		fields_build(&line->cli, &line->args, &lectern__v1__post__descriptor, &fields),
		EXIT_STATUS_OK);
	assert_string_equal(((Lectern__V1__Post *)fields.message)->body, "# Hi\n\n\"x\"\n");
	line_free(line);
	/* A NUL would cut the text on its way. */
	FILE *file = fopen(path, "w");
	fwrite("a\0b", 1, 3, file);
	fclose(file);
	line = line_new(text);
	assert_int_equal(
		fields_build(&line->cli, &line->args, &lectern__v1__post__descriptor, &fields),
		EXIT_STATUS_USAGE);
	assert_non_null(strstr(line->cli.problem.message, "\\u0000"));
	line_free(line);
	unlink(path);
}

/* Stands for the server: a name's slug. */
static enum exit_status slug_of(
	struct cli *cli, enum option_id id, const char *text, const char **ret)
{
	if (strcmp(text, "No Such") == 0)
		return problem_usage(cli, "no such term");
	*ret = strcmp(text, "Deep Learning") == 0 ? "deep-learning" : text;
	return EXIT_STATUS_OK;
}

static const struct {
	const char *label, *line, *filter;
} filters[] = {
	{ "nothing", "post|list", "" },
	{ "tag", "post|list|--tag|kde", "tags:\"kde\"" },
	{ "name", "post|list|--tag|Deep Learning", "tags:\"deep-learning\"" },
	{ "all conditions", "post|list|--author|d|--tag|a|--category|c|--tag|b|--state|draft",
		"tags:\"a\" AND tags:\"b\" AND categories:\"c\" AND authors:\"d\" AND state = "
		"DRAFT" },
	{ "quotes", "post|list|--tag|a\"b\\c", "tags:\"a\\\"b\\\\c\"" },
	{ "own filter", "post|list|--filter|x = 1 OR y = 2", "x = 1 OR y = 2" },
	{ "empty own filter", "post|list|--tag|a|--filter=", "tags:\"a\"" },
	{ "blank own filter", "post|list|--tag|a|--filter| \t", "tags:\"a\"" },
	{ "with an own filter", "post|list|--tag|a|--filter|x = 1", "x = 1 AND tags:\"a\"" },
	{ "with an OR, which binds tighter", "search|q|--tag|a|--filter|x = 1 OR y = 2",
		"x = 1 OR y = 2 AND tags:\"a\"" },
	{ "series", "post|adjacent|x|--series|s-1|--state|expired",
		"series:\"s-1\" AND state = EXPIRED" },
};

static void test_filters(void **state)
{
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		struct line *line = line_new(filters[i].line);
		struct buffer out;
		buffer_init(&out, 1 << 16);
		assert_int_equal(
			filter_compose(&line->cli, &line->args, slug_of, &out), EXIT_STATUS_OK);
		if (strcmp(buffer_text(&out), filters[i].filter) != 0)
			fail_msg("%s: %s", filters[i].label, buffer_text(&out));
		buffer_done(&out);
		line_free(line);
	}
	struct line *line = line_new("post|list|--tag|No Such");
	struct buffer out;
	buffer_init(&out, 1 << 16);
	assert_int_equal(filter_compose(&line->cli, &line->args, slug_of, &out), EXIT_STATUS_USAGE);
	buffer_done(&out);
	line_free(line);
}

static void test_post_refs(void **state)
{
	struct cli cli;
	cli_init(&cli);
	Lectern__V1__PostKey key = LECTERN__V1__POST_KEY__INIT;
	assert_int_equal(post_ref_set(&cli, "hello-1", &key.base), EXIT_STATUS_OK);
	assert_int_equal(key.key_case, LECTERN__V1__POST_KEY__KEY_SLUG);
	assert_string_equal(key.slug, "hello-1");
	assert_int_equal(post_ref_set(&cli, "slug:123", &key.base), EXIT_STATUS_OK);
	assert_string_equal(key.slug, "123");
	assert_int_equal(post_ref_set(&cli, "18446744073709551615", &key.base), EXIT_STATUS_OK);
	assert_int_equal(key.key_case, LECTERN__V1__POST_KEY__KEY_ID);
	assert_true(key.id == UINT64_MAX);
	assert_int_equal(post_ref_set(&cli, "18446744073709551616", &key.base), EXIT_STATUS_USAGE);
	assert_string_equal(cli.problem.message,
		"18446744073709551616 is no id; write slug:18446744073709551616 for a slug");
	assert_int_equal(post_ref_set(&cli, "0", &key.base), EXIT_STATUS_USAGE);
	assert_int_equal(post_ref_set(&cli, "", &key.base), EXIT_STATUS_USAGE);
	cli_done(&cli);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_body_file),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_post_refs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
