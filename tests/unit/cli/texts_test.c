/* What the tool prints: posts, schemas, problems, completion scripts, the manual page. */
#include "cli/cli.h"
#include "cli/completion.h"
#include "cli/post_text.h"
#include "cli/schema_text.h"
#include "codec/depth.h"
#include "codec/json.h"
#include "descriptor_set.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

static const struct screen plain = { .columns = 40 };

static void assert_text(struct buffer *out, const char *want)
{
	assert_string_equal(buffer_text(out), want);
	buffer_clear(out);
}

static void test_post(void **state)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	time.seconds = 1767323045;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	tag.name = (char *)"K\x1b[31mDE";
	Lectern__V1__TermRef *tags[] = { &tag };
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	series.name = (char *)"Parts";
	series.part = 2;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.id = 7;
	post.slug = (char *)"a-slug";
	post.title = (char *)"A title\x1b]0;owned\x07";
	post.state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
	post.publish_time = &time;
	post.tags = tags;
	post.n_tags = 1;
	post.series = &series;
	post.body = (char *)"one\x1b[2J two";
	struct buffer out;
	buffer_init(&out, 1 << 16);
	post_text(&out, &plain, &post);
	assert_text(&out, "A title^[]0;owned^G\n"
			  "2026-01-02 03:04 \xC2\xB7 scheduled \xC2\xB7 id 7\n"
			  "Tags: K^[[31mDE \xC2\xB7 part 2 of Parts\n"
			  "a-slug\n\n  one^[[2J two\n");
	post.body = (char *)"";
	post.html = (char *)"<p>x</p>";
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.n_tags = 0;
	post.series = NULL;
	post_text(&out, &plain, &post);
	assert_text(
		&out, "A title^[]0;owned^G\n2026-01-02 03:04 \xC2\xB7 id 7\na-slug\n\n<p>x</p>\n");
	Lectern__V1__Post *posts[] = { &post };
	post.publish_time = NULL;
	post.title = (char *)"T";
	post_table(&out, &plain, posts, 1, true);
	assert_text(&out, "ID  PUBLISHED  STATE      SLUG    TITLE\n"
			  " 7  -          published  a-slug  T\n");
	buffer_done(&out);
}

static void test_times(void **state)
{
	char text[TIME_TEXT_BYTES];
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	time_text(NULL, text);
	assert_string_equal(text, "");
	time_text(&time, text);
	assert_string_equal(text, "1970-01-01 00:00");
	time.seconds = INT64_MAX;
	time_text(&time, text);
	assert_string_equal(text, "");
}

static struct slice own_schema(void)
{
	return slice_of(lectern_descriptor_set, lectern_descriptor_set_size);
}

static void test_schema(void **state)
{
	struct arena arena;
	struct schema_index index;
	struct error err;
	struct buffer out;
	arena_init(&arena, 16 << 20);
	buffer_init(&out, 1 << 20);
	assert_int_equal(schema_index_read(&index, own_schema(), &arena, &err), CODE_OK);
	const struct schema_entry *entry = schema_index_find(&index, "TermKey");
	assert_non_null(entry);
	schema_text(&out, &plain, &index, entry);
	assert_non_null(strstr(buffer_text(&out), "message lectern.v1.TermKey {\n"));
	assert_non_null(strstr(buffer_text(&out), "  oneof key {\n"));
	assert_non_null(strstr(buffer_text(&out), "    string slug = 2;\n"));
	assert_non_null(strstr(buffer_text(&out), "// Names one term."));
	buffer_clear(&out);
	static const char *const names[] = { "lectern.v1.Post", "/lectern.v1.PostService/GetPost",
		"PostService/GetPost", "PostService", "lectern.v1.PostState",
		"ErrorInfo.MetadataEntry", "google.protobuf.Timestamp" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_non_null(schema_index_find(&index, names[i]));
	assert_null(schema_index_find(&index, "Pots"));
	entry = schema_index_find(&index, "PostService/GetPost");
	schema_text(&out, &plain, &index, entry);
	assert_non_null(
		strstr(buffer_text(&out), "rpc lectern.v1.PostService/GetPost(GetPostRequest)"));
	assert_non_null(strstr(buffer_text(&out), "message lectern.v1.GetPostResponse {"));
	buffer_clear(&out);
	schema_overview(&out, &plain, &index);
	assert_non_null(strstr(buffer_text(&out), "lectern.v1.ReflectionService\n"));
	/* Every part of our own schemas has a comment. */
	for (size_t i = 0; i < index.count; i++) {
		if (strncmp(index.entries[i].name, "lectern.", 8) == 0)
			assert_string_not_equal(schema_comment(&index.entries[i], 0, 0), "");
	}
	buffer_done(&out);
	arena_done(&arena);
}

/* A schema whose messages nest without end must not overflow the stack. */
static void test_deep_schema(void **state)
{
	enum { LEVELS = 20000 };
	struct buffer bytes;
	struct arena arena;
	struct schema_index index;
	struct error err;
	buffer_init(&bytes, 1 << 24);
	arena_init(&arena, 64 << 20);
	/* From the inside out: nested_type is field 3 of DescriptorProto. */
	uint8_t *all = malloc(LEVELS * 6);
	size_t start = LEVELS * 6;
	for (int i = 0; i < LEVELS; i++) {
		size_t size = LEVELS * 6 - start;
		all[--start] = (uint8_t)(size >> 14 & 0x7F);
		all[--start] = (uint8_t)((size >> 7 & 0x7F) | 0x80);
		all[--start] = (uint8_t)((size & 0x7F) | 0x80);
		/* message_type of the file, file of the set, nested_type inside. */
		all[--start] = i == LEVELS - 1 ? 0x0A : i == LEVELS - 2 ? 0x22 : 0x1A;
	}
	struct slice set = slice_of(all + start, LEVELS * 6 - start);
	assert_int_equal(schema_index_read(&index, set, &arena, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "the schema is no descriptor set");
	assert_false(depth_within(&google__protobuf__file_descriptor_set__descriptor, set, 64));
	assert_true(
		depth_within(&google__protobuf__file_descriptor_set__descriptor, own_schema(), 6));
	assert_false(
		depth_within(&google__protobuf__file_descriptor_set__descriptor, own_schema(), 2));
	free(all);
	arena_done(&arena);
	buffer_done(&bytes);
}

static void test_problem_as_status(void **state)
{
	struct problem problem = {
		.code = LECTERN_RESOURCE_EXHAUSTED,
		.message = "post.title: too long",
		.reason = "TITLE_TOO_LONG",
		.field = "post.title",
		.retry_ms = 1500,
	};
	struct arena arena;
	struct buffer out;
	arena_init(&arena, 1 << 20);
	buffer_init(&out, 1 << 20);
	assert_true(problem_status(&problem, &arena, JSON_DEFAULT, &out));
	assert_text(&out,
		"{\"code\":8,\"message\":\"post.title: too long\",\"details\":["
		"{\"@type\":\"type.googleapis.com/"
		"google.rpc.ErrorInfo\",\"reason\":\"TITLE_TOO_LONG\","
		"\"domain\":\"lectern\"},"
		"{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":["
		"{\"field\":\"post.title\",\"description\":\"post.title: too long\"}]},"
		"{\"@type\":\"type.googleapis.com/"
		"google.rpc.RetryInfo\",\"retryDelay\":\"1.500s\"}]}");
	buffer_done(&out);
	arena_done(&arena);
}

/* Runs `command` with the text in the file $FILE; skips where the program is not there. */
static void check_with(const char *program, const char *command, struct buffer *text)
{
	char line[2048];
	snprintf(line, sizeof line, "command -v %s >/dev/null 2>&1", program);
	if (system(line) != 0) {
		print_message("%s is not installed: not checked\n", program);
		buffer_done(text);
		return;
	}
	char path[] = "/tmp/lectern-texts-XXXXXX";
	int descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, text->data, text->size), text->size);
	close(descriptor);
	snprintf(line, sizeof line, "FILE=%s; %s", path, command);
	int status = system(line);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s", command);
	unlink(path);
	buffer_done(text);
}

static void test_bash(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	completion_bash(&out);
	check_with("bash",
		"bash -n \"$FILE\" && bash -c '"
		". \"$0\"; ask() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _lectern; }; "
		"ask lectern po && [ \"${COMPREPLY[*]}\" = post ] || exit 1; "
		"ask lectern -o json post li && [ \"${COMPREPLY[*]}\" = list ] || exit 2; "
		"ask lectern post list --stat && [ \"${COMPREPLY[*]}\" = --state ] || exit 3; "
		"ask lectern archive tag --view = ba && [ \"${COMPREPLY[*]}\" = basic ] || exit 4; "
		"ask lectern call HealthService/C && "
		"[ \"${COMPREPLY[*]}\" = HealthService/Check ] || exit 5; "
		"ask lectern import archive-t && [ \"${COMPREPLY[*]}\" = archive-text ] || exit 6; "
		"ask lectern search --facet m && [ \"${COMPREPLY[*]}\" = month ] || exit 7; "
		"ask lectern post list --order-by s && "
		"[ \"${COMPREPLY[*]}\" = series.part ] || exit 8; "
		"ask lectern post rel && [ \"${COMPREPLY[*]}\" = related ] || exit 9' "
		"\"$FILE\"",
		&out);
}

static void test_zsh(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	completion_zsh(&out);
	assert_int_equal(strncmp(buffer_text(&out), "#compdef lectern\n", 17), 0);
	check_with("zsh", "zsh -n \"$FILE\"", &out);
}

static void test_fish(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	completion_fish(&out);
	check_with("fish",
		"fish -n \"$FILE\" && HOME=/nonexistent fish -c \"source $FILE; "
		"test (complete -C 'lectern pos' | string split -f 1 \\t) = post; or exit 1; "
		"test (complete -C 'lectern post list --stat' | string split -f 1 \\t) = --state; "
		"or exit 2; "
		"test (complete -C 'lectern archive tag --view ba' | string split -f 1 \\t) = "
		"basic; "
		"or exit 3\" 2>/dev/null",
		&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_deep_schema),
		cmocka_unit_test(test_problem_as_status),
		cmocka_unit_test(test_bash),
		cmocka_unit_test(test_zsh),
		cmocka_unit_test(test_fish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
