/* ImportTag, ImportCategory and ImportAuthor: how a term is found, and what is taken of it. */
#include "support/json_call.h"
#include "support/own_server.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/import.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

#define CREATED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED
#define UPDATED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UPDATED
#define UNCHANGED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED

#define import_tag(...) \
	((const Lectern__V1__ImportTagResponse *)call_json_ok( \
		&server, &answer, "ImportService/ImportTag", __VA_ARGS__))
#define import_category(...) \
	((const Lectern__V1__ImportCategoryResponse *)call_json_ok( \
		&server, &answer, "ImportService/ImportCategory", __VA_ARGS__))
#define import_author(...) \
	((const Lectern__V1__ImportAuthorResponse *)call_json_ok( \
		&server, &answer, "ImportService/ImportAuthor", __VA_ARGS__))

/* Each kind with every field that it has. */
static void everything_is_taken_and_a_repeat_changes_nothing(void **state)
{
	static const struct {
		const char *label, *method, *request;
	} cases[] = {
		{ "tag", "ImportService/ImportTag",
			"{'tag': {'id': 9, 'etag': 'x', 'post_count': 5, 'slug': 'go', 'name': "
			"'Go',"
			" 'description': 'D', 'aliases': ['golang', 'go', 'golang'],"
			" 'create_time': '2020-01-01T00:00:00.1234567Z',"
			" 'update_time': '2021-01-01T00:00:00Z',"
			" 'attributes': [{'key': 'k', 'value': 'v'}]}}" },
		{ "category", "ImportService/ImportCategory",
			"{'category': {'slug': 'go', 'name': 'Go', 'description': 'D',"
			" 'aliases': ['golang'], 'create_time': '2020-01-01T00:00:00.123456Z',"
			" 'update_time': '2021-01-01T00:00:00Z',"
			" 'parent': {'id': 4711, 'name': 'top'}}}" },
		{ "author", "ImportService/ImportAuthor",
			"{'author': {'slug': 'go', 'name': 'Go', 'description': 'D',"
			" 'aliases': ['golang'], 'create_time': '2020-01-01T00:00:00.123456Z',"
			" 'update_time': '2021-01-01T00:00:00Z', 'url': 'https://a.example/',"
			" 'avatar_url': 'https://a.example/a.png'}}" },
	};
	new_category(&server, "Top", 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/* The responses have the same first fields. */
		const Lectern__V1__ImportTagResponse *one =
			call_json_ok(&server, &answer, cases[i].method, "%s", cases[i].request);
		assert_int_equal(one->result, CREATED);
		assert_string_equal(one->tag->slug, "go");
		assert_string_equal(one->tag->description, "D");
		assert_int_equal(one->tag->n_aliases, 1);
		assert_string_equal(one->tag->aliases[0], "golang");
		assert_int_equal(one->tag->post_count, 0);
		assert_true(timestamp_to_us(one->tag->create_time) == INT64_C(1577836800123456));
		assert_true(timestamp_to_us(one->tag->update_time) == INT64_C(1609459200000000));
		uint64_t revision = revision_of(&server);
		one = call_json_ok(&server, &answer, cases[i].method, "%s", cases[i].request);
		if (one->result != UNCHANGED || revision_of(&server) != revision)
			fail_msg("a second %s is no repeat", cases[i].label);
	}
	const Lectern__V1__GetAuthorResponse *author =
		call_json_ok(&server, &answer, "AuthorService/GetAuthor", "{'slug': 'golang'}");
	assert_true(author->former_slug);
	assert_string_equal(author->author->url, "https://a.example/");
	const Lectern__V1__GetCategoryResponse *category =
		call_json_ok(&server, &answer, "CategoryService/GetCategory", "{'slug': 'golang'}");
	assert_string_equal(category->category->parent->slug, "top");
}

static void found_by_slug(void **state)
{
	import_tag("{'tag': {'slug': 'go', 'name': 'Go'}}");
	/* The source has renamed it. */
	const Lectern__V1__ImportTagResponse *one =
		import_tag("{'tag': {'slug': 'golang', 'name': 'Golang', 'aliases': ['go']}}");
	assert_int_equal(one->result, UPDATED);
	assert_int_equal(one->tag->id, 1);
	assert_string_equal(one->tag->slug, "golang");
	assert_string_equal(one->tag->name, "Golang");
	assert_string_equal(one->tag->aliases[0], "go");
	/* The older state is not that of the tag any more. */
	one = import_tag("{'tag': {'slug': 'go', 'name': 'Go', 'description': 'first'}}");
	assert_int_equal(one->result, UPDATED); /* it had no description */
	assert_string_equal(one->tag->name, "Golang");
	assert_string_equal(one->tag->slug, "golang");
	one = import_tag("{'tag': {'slug': 'go', 'name': 'Go', 'description': 'second'}}");
	assert_int_equal(one->result, UNCHANGED);
	assert_string_equal(one->tag->description, "first");
	/* Found by the slug that it has, it is what the source says. */
	one = import_tag("{'tag': {'slug': 'golang', 'name': 'GO!', 'description': ''}}");
	assert_int_equal(one->result, UPDATED);
	assert_string_equal(one->tag->description, "");
}

/* Two tags of the source whose names differ by case alone are one here, run after run. */
static void tags_of_one_name_are_one(void **state)
{
	static const char *const tags[] = { "{'tag': {'slug': 'go', 'name': 'Go'}}",
		"{'tag': {'slug': 'go-2', 'name': 'GO', 'description': 'D'}}" };
	static const int results[3][2] = { { CREATED, UPDATED }, { UPDATED, UPDATED },
		{ UNCHANGED, UNCHANGED } };
	/* The source's first one has no description: it takes away what the second one gives. */
	for (int run = 0; run < 2; run++)
		for (int i = 0; i < 2; i++)
			assert_int_equal((int)import_tag("%s", tags[i])->result, results[run][i]);
	/* Without that contradiction the second run changes nothing. */
	import_tag("{'tag': {'slug': 'go', 'name': 'Go', 'description': 'E'}}");
	for (int i = 0; i < 2; i++) {
		const Lectern__V1__ImportTagResponse *one = import_tag(
			"%s", i == 0 ? "{'tag': {'slug': 'go', 'name': 'Go', 'description': 'E'}}"
				     : tags[i]);
		assert_int_equal((int)one->result, results[2][i]);
		assert_string_equal(one->tag->name, "Go");
		assert_string_equal(one->tag->slug, "go");
		assert_int_equal(one->tag->n_aliases, 1);
		assert_string_equal(one->tag->aliases[0], "go-2");
	}
	const Lectern__V1__ImportPostResponse *post =
		call_json_ok(&server, &answer, "ImportService/ImportPost",
			"{'post': {'title': 'T', 'tags': [{'slug': 'go-2', 'name': 'GO'}]}}");
	assert_string_equal(post->post->tags[0]->slug, "go");
}

static void found_by_name(void **state)
{
	import_tag("{'tag': {'name': 'Deep Learning'}}");
	const Lectern__V1__ImportTagResponse *one =
		import_tag("{'tag': {'name': 'deep  LEARNING', 'description': 'D'}}");
	assert_int_equal(one->result, UPDATED);
	assert_string_equal(one->tag->name, "Deep Learning");
	assert_string_equal(one->tag->description, "D");
	one = import_tag("{'tag': {'name': 'DEEP LEARNING', 'description': 'D'}}");
	assert_int_equal(one->result, UNCHANGED);
	/* By the slug that its name has made once. */
	call_json_ok(&server, &answer, "TagService/UpdateTag",
		"{'tag': {'id': 1, 'slug': 'dl', 'name': 'DL'}}");
	one = import_tag("{'tag': {'name': 'Deep Learning', 'description': 'X'}}");
	assert_int_equal(one->result, UNCHANGED);
	assert_string_equal(one->tag->name, "DL");
}

/* Names of categories are not unique: another slug is another category. */
static void categories_of_one_name_stay_two(void **state)
{
	static const char *const requests[] = {
		"{'category': {'slug': 'a', 'name': 'A'}}",
		"{'category': {'slug': 'b', 'name': 'B'}}",
		"{'category': {'slug': 'news', 'name': 'News', 'parent': {'slug': 'a'}}}",
		"{'category': {'slug': 'news-2', 'name': 'News', 'parent': {'slug': 'b'}}}",
	};
	for (int run = 0; run < 2; run++)
		for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
			const Lectern__V1__ImportCategoryResponse *one =
				import_category("%s", requests[i]);
			assert_int_equal(one->result, run == 0 ? CREATED : UNCHANGED);
			assert_int_equal(one->category->id, i + 1);
		}
	call_json(
		&server, &answer, "ImportService/ImportCategory", "{'category': {'name': 'news'}}");
	assert_failed_as(CODE_FAILED_PRECONDITION, "NAME_AMBIGUOUS",
		"category.name: several of kind category are named \"news\"; give the slug");
	/* A parent by a name that several have is the one that it has. */
	import_category("{'category': {'slug': 'c', 'name': 'C', 'parent': {'slug': 'news-2'}}}");
	const Lectern__V1__ImportCategoryResponse *one = import_category(
		"{'category': {'slug': 'c', 'name': 'C', 'parent': {'name': 'NEWS'}}}");
	assert_int_equal(one->result, UNCHANGED);
	assert_string_equal(one->category->parent->slug, "news-2");
	one = import_category("{'category': {'slug': 'c', 'name': 'C'}}");
	assert_int_equal(one->result, UPDATED);
	assert_null(one->category->parent);
	one = import_category("{'category': {'slug': 'c', 'name': 'C', 'parent': {'slug': 'a'}},"
			      " 'update_mask': 'name,description'}");
	assert_int_equal(one->result, UNCHANGED);
}

/* What was merged here does not come back, and its texts take nothing away. */
static void merged_terms_stay_merged(void **state)
{
	import_author("{'author': {'slug': 'ada', 'name': 'Ada', 'description': 'D'}}");
	import_author("{'author': {'slug': 'al', 'name': 'Ada L.', 'description': 'E'}}");
	call_json_ok(&server, &answer, "AuthorService/MergeAuthors",
		"{'sources': [{'slug': 'al'}], 'destination': {'slug': 'ada'}}");
	const Lectern__V1__ImportAuthorResponse *one = import_author(
		"{'author': {'slug': 'al', 'name': 'Ada L.', 'description': 'E',"
		" 'url': 'https://al.example/', 'update_time': '2001-01-01T00:00:00Z'}}");
	assert_int_equal(one->result, UPDATED);
	assert_string_equal(one->author->name, "Ada");
	assert_string_equal(one->author->description, "D");
	assert_string_equal(one->author->url, "https://al.example/");
	assert_true(timestamp_to_us(one->author->update_time) > START_US);
	one = import_author("{'author': {'slug': 'al2', 'name': 'A', 'aliases': ['al'],"
			    " 'url': 'https://al2.example/'}}");
	assert_int_equal(one->result, UPDATED);
	assert_int_equal(one->author->n_aliases, 2);
	assert_string_equal(one->author->url, "https://al.example/");
}

/* Posts show the new name, and are logged. */
static void a_rename_reaches_posts(void **state)
{
	uint64_t id = publish(START_US, "Go", NULL);
	uint64_t revision = revision_of(&server);
	import_tag("{'tag': {'slug': 'golang', 'name': 'Golang', 'aliases': ['go']}}");
	assert_string_equal(read_post(&server, id, &answer)->tags[0]->slug, "golang");
	assert_int_equal(revision_of(&server), revision + 2);
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *label, *method, *request;
		enum code code;
		const char *reason, *text;
	} cases[] = {
		{ "nothing", "ImportTag", "{}", CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			"tag: is missing" },
		{ "no name", "ImportTag", "{'tag': {'slug': 'a'}}", CODE_INVALID_ARGUMENT,
			"FIELD_REQUIRED", "tag.name: must not be empty" },
		{ "no name for a new one", "ImportTag",
			"{'tag': {'slug': 'a'}, 'update_mask': 'description'}",
			CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "tag.name: must not be empty" },
		{ "slug", "ImportAuthor", "{'author': {'slug': 'A b', 'name': 'A'}}",
			CODE_INVALID_ARGUMENT, "SLUG_INVALID", "author.slug: a slug is" },
		{ "alias", "ImportAuthor", "{'author': {'name': 'A', 'aliases': ['a', 'A']}}",
			CODE_INVALID_ARGUMENT, "SLUG_INVALID", "author.aliases[1]: a slug is" },
		{ "name of another tag", "ImportTag", "{'tag': {'slug': 'two', 'name': 'ONE'}}",
			CODE_ALREADY_EXISTS, "NAME_TAKEN", "tag.name: tag 1 is named so" },
		{ "parent that is missing", "ImportCategory",
			"{'category': {'name': 'B', 'parent': {'slug': 'nowhere'}}}",
			CODE_NOT_FOUND, "TERM_NOT_FOUND",
			"category.parent: there is no category with slug \"nowhere\"" },
		{ "parent by id", "ImportCategory",
			"{'category': {'name': 'B', 'parent': {'id': 3}}}", CODE_INVALID_ARGUMENT,
			"FIELD_REQUIRED",
			"category.parent: give a slug or a name; ids of another system" },
		{ "parent without anything", "ImportCategory",
			"{'category': {'name': 'B', 'parent': {}}}", CODE_INVALID_ARGUMENT,
			"FIELD_REQUIRED", "category.parent: give" },
		{ "itself as parent", "ImportCategory",
			"{'category': {'slug': 'top', 'name': 'Top', 'parent': {'slug': 'top'}}}",
			CODE_FAILED_PRECONDITION, "CATEGORY_CYCLE",
			"category.parent: a category cannot stand below itself" },
		{ "path", "ImportCategory", "{'category': {'name': 'B'}, 'update_mask': 'etag'}",
			CODE_INVALID_ARGUMENT, "MASK_OUTPUT_ONLY",
			"\"etag\" is set by the server alone" },
	};
	import_tag("{'tag': {'slug': 'one', 'name': 'One'}}");
	import_tag("{'tag': {'slug': 'two', 'name': 'Two'}}");
	import_category("{'category': {'slug': 'top', 'name': 'Top'}}");
	uint64_t revision = revision_of(&server);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char method[64];
		snprintf(method, sizeof method, "ImportService/%s", cases[i].method);
		call_json(&server, &answer, method, "%s", cases[i].request);
		if (answer.code != cases[i].code || answer.err.reason == NULL ||
			strcmp(answer.err.reason, cases[i].reason) != 0 ||
			strstr(answer.err.text, cases[i].text) == NULL)
			fail_msg("%s: %d %s", cases[i].label, answer.code, answer.err.text);
	}
	assert_true(revision_of(&server) == revision);
}

static void trees_are_bounded(void **state)
{
	import_category("{'category': {'slug': 'c1', 'name': 'C'}}");
	for (int i = 2; i <= 16; i++)
		import_category("{'category': {'slug': 'c%d', 'name': 'C', 'parent':"
				" {'slug': 'c%d'}}}",
			i, i - 1);
	call_json(&server, &answer, "ImportService/ImportCategory",
		"{'category': {'slug': 'c17', 'name': 'C', 'parent': {'slug': 'c16'}}}");
	assert_failed_as(CODE_FAILED_PRECONDITION, "CATEGORY_TOO_DEEP",
		"category.parent: the tree would be deeper than 16 levels");
}

static void trials_and_repeats(void **state)
{
	static const char request[] = "'tag': {'slug': 'a', 'name': 'A', 'aliases': ['b'],"
				      " 'create_time': '2020-01-01T00:00:00Z',"
				      " 'update_time': '2021-01-01T00:00:00Z'}";
	struct answer trial = { 0 };
	call_json_ok(
		&server, &trial, "ImportService/ImportTag", "{%s, 'validate_only': true}", request);
	assert_int_equal(revision_of(&server), 0);
	import_tag("{%s, 'request_id': 'r'}", request);
	assert_int_equal(trial.size_bytes, answer.size_bytes);
	assert_memory_equal(trial.bytes, answer.bytes, trial.size_bytes);
	answer_done(&trial);
	assert_int_equal(import_tag("{%s, 'request_id': 'r'}", request)->result, CREATED);
	assert_int_equal(import_tag("{%s}", request)->result, UNCHANGED);
	assert_int_equal(revision_of(&server), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_taken_and_a_repeat_changes_nothing),
		TEST(found_by_slug),
		TEST(tags_of_one_name_are_one),
		TEST(found_by_name),
		TEST(categories_of_one_name_stay_two),
		TEST(merged_terms_stay_merged),
		TEST(a_rename_reaches_posts),
		TEST(what_is_refused),
		TEST(trees_are_bounded),
		TEST(trials_and_repeats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
