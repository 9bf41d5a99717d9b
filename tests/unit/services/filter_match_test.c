/*
 * What filters mean: posts in a store against filters in many forms, and random filters against a
 * plain evaluator that knows neither the parser nor the records.
 */
#include "base/rfc3339.h"
#include "base/text.h"
#include "services/filter.h"
#include "store/store.h"
#include "support/content.h"
#include "support/random.h"

#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

enum { FIXED = 8, POSTS = 160, CATEGORIES = 6 };

static struct local_server server;
static struct answer answer;
static struct random random_source;
static struct arena arena;
static struct txn *txn;
/* As GetPost gives them. */
static struct answer answers[POSTS];
static const Lectern__V1__Post *posts[POSTS];

static uint64_t below(uint64_t bound)
{
	return random_below(&random_source, bound);
}

/* c1 is in c0, c2 in c1, c4 in c3. */
static const int parents[CATEGORIES] = { -1, 0, 1, -1, 3, -1 };
static uint64_t category_ids[CATEGORIES];

#define DAY_US INT64_C(86400000000)
#define JANUARY_2024(day) ((19722 + (day)) * DAY_US)
#define YEAR_2020 (18262 * DAY_US)
#define YEAR_2021 (18628 * DAY_US)
#define YEAR_2100 (47482 * DAY_US)

/* What is 0 or NULL is left out. */
struct plan {
	const char *slug, *title, *language;
	Lectern__V1__PostState state; /* EXPIRED follows from expire_us, TRASHED is a delete */
	bool featured;
	int64_t publish_us, expire_us;
	unsigned tags, categories, authors; /* bits: t0 and so on */
	const char *series;
};

#define STATE(name) LECTERN__V1__POST_STATE__POST_STATE_##name

static size_t make_refs(unsigned bits, char letter, Lectern__V1__TermRef *refs,
	Lectern__V1__TermRef **list, char names[8][8])
{
	size_t count = 0;
	for (unsigned bit = 0; bit < 8; bit++) {
		if ((bits >> bit & 1) == 0)
			continue;
		snprintf(names[bit], sizeof names[bit], "%c%u", letter, bit);
		lectern__v1__term_ref__init(&refs[count]);
		refs[count].name = names[bit];
		list[count] = &refs[count];
		count++;
	}
	return count;
}

static char *mutable(const char *text)
{
	return (char *)(uintptr_t)(text == NULL ? "" : text);
}

static uint64_t make_post(const struct plan *plan)
{
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	Google__Protobuf__Timestamp publish_time;
	Google__Protobuf__Timestamp expire_time;
	Lectern__V1__TermRef refs[3][8];
	Lectern__V1__TermRef *lists[3][8];
	char names[3][8][8];
	bool trashed = plan->state == STATE(TRASHED);
	timestamp_from_us(&publish_time, plan->publish_us);
	timestamp_from_us(&expire_time, plan->expire_us);
	post.slug = mutable(plan->slug);
	post.title = mutable(plan->title);
	post.language = mutable(plan->language);
	post.state = trashed ? STATE(DRAFT) : plan->state;
	post.featured = plan->featured;
	post.publish_time = plan->publish_us == 0 ? NULL : &publish_time;
	post.expire_time = plan->expire_us == 0 ? NULL : &expire_time;
	post.tags = lists[0];
	post.n_tags = make_refs(plan->tags, 't', refs[0], lists[0], names[0]);
	post.categories = lists[1];
	post.n_categories = make_refs(plan->categories, 'c', refs[1], lists[1], names[1]);
	post.authors = lists[2];
	post.n_authors = make_refs(plan->authors, 'a', refs[2], lists[2], names[2]);
	series.name = mutable(plan->series);
	post.series = plan->series == NULL ? NULL : &series;
	request.post = &post;
	request.create_missing_terms = true;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	uint64_t id = response->post->id;
	if (trashed)
		assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	return id;
}

static const struct plan fixed[FIXED] = {
	{ "intro", "Introduction to Pages", "en", STATE(PUBLISHED), true, JANUARY_2024(1), 0, 0x3,
		0x4, 0x1, "s0" },
	{ "intro-2", "introduction  TO cursors", "en-US", STATE(PUBLISHED), false, JANUARY_2024(2),
		YEAR_2100, 0x2, 0x2, 0x3, "s0" },
	{ "strasse",
		"Stra\xC3\x9F"
		"e*",
		"DE", STATE(PUBLISHED), false, JANUARY_2024(3), 0, 0x0, 0x18, 0x0, NULL },
	{ "wide", "\xEF\xBC\xA6\xEF\xBC\xB5\xEF\xBC\xAC\xEF\xBC\xAC", NULL, STATE(PUBLISHED), true,
		JANUARY_2024(4) + 1, 0, 0x1, 0x0, 0x2, "s1" },
	{ "draft", "A draft", "en", STATE(DRAFT), true, 0, 0, 0x1, 0x1, 0x1, NULL },
	{ "later", "Later", "zh-Hant", STATE(SCHEDULED), false, YEAR_2100, 0, 0x1, 0x8, 0x1, "s1" },
	{ "over", "Over", "fr", STATE(PUBLISHED), false, YEAR_2020, YEAR_2021, 0x2, 0x20, 0x4,
		NULL },
	{ "bin", "Binned", "enm", STATE(TRASHED), false, 0, 0, 0x1, 0x4, 0x1, NULL },
};

static void rename_tag(uint64_t id, const char *slug, const char *name)
{
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	tag.id = id;
	tag.slug = mutable(slug);
	tag.name = mutable(name);
	request.tag = &tag;
	call_ok(&server, "TagService/UpdateTag", &request.base, &answer);
}

static struct plan random_plan(int number)
{
	static const char *const titles[] = { "Introduction",
		"Stra\xC3\x9F"
		"e",
		"STRASSE", "intro", "zeta", "a*b" };
	static const char *const languages[] = { NULL, "en", "en-US", "EN-gb", "de", "enm" };
	static const char *const series[] = { NULL, NULL, "s0", "s1", "s2" };
	static char slug[32];
	snprintf(slug, sizeof slug, "p-%d-%c", number, (char)('a' + number % 26));
	struct plan plan = { .slug = slug,
		.title = titles[below(6)],
		.language = languages[below(6)],
		.state = (Lectern__V1__PostState)(1 + below(5)),
		.featured = below(3) == 0,
		.tags = (unsigned)(below(16) & below(16)),
		.categories = (unsigned)(below(64) & below(64)),
		.authors = (unsigned)(below(8) & below(8)),
		.series = series[below(5)] };
	plan.publish_us = JANUARY_2024(1) + (int64_t)below(6) * DAY_US;
	if (plan.state == STATE(PUBLISHED) && below(3) == 0)
		plan.expire_us = YEAR_2100 + (int64_t)below(3) * DAY_US;
	if (plan.state == STATE(EXPIRED)) {
		plan.state = STATE(PUBLISHED);
		plan.expire_us = JANUARY_2024(32);
	}
	if (plan.state == STATE(SCHEDULED))
		plan.publish_us = YEAR_2100;
	if ((plan.state == STATE(DRAFT) || plan.state == STATE(TRASHED)) && below(2) == 0)
		plan.publish_us = 0;
	return plan;
}

static int set_up(void **state)
{
	struct error err = { .text = "" };
	random_source = random_start();
	arena_init(&arena, LIMIT_ARENA_BYTES);
	local_server_open(&server);
	for (int i = 0; i < CATEGORIES; i++) {
		char name[8];
		snprintf(name, sizeof name, "c%d", i);
		category_ids[i] =
			new_category(&server, name, parents[i] < 0 ? 0 : category_ids[parents[i]]);
	}
	for (int i = 0; i < POSTS; i++) {
		struct plan plan = i < FIXED ? fixed[i] : random_plan(i);
		posts[i] = read_post(&server, make_post(&plan), &answers[i]);
	}
	/* The tag t1 gets another slug and a name with more than letters. */
	rename_tag(posts[0]->tags[1]->id, "second", "C++ \"2\" *");
	for (int i = 0; i < POSTS; i++)
		posts[i] = read_post(&server, posts[i]->id, &answers[i]);
	return store_snapshot(server.store, &txn, &err) == CODE_OK ? 0 : 1;
}

static int tear_down(void **state)
{
	store_release(server.store, txn);
	for (int i = 0; i < POSTS; i++)
		answer_done(&answers[i]);
	answer_done(&answer);
	local_server_close(&server);
	arena_done(&arena);
	return 0;
}

static bool matches(const struct filter *filter, uint64_t id)
{
	struct post_fields fields;
	struct error err = { .text = "" };
	assert_true(post_fields_get(txn, id, &fields));
	bool found = filter_matches(filter, txn, &fields);
	assert_int_equal(txn_status(txn, &err), CODE_OK);
	return found;
}

/* The fixed posts by their numbers. */
static void test_meanings(void **state)
{
	static const struct {
		const char *text, *found;
	} cases[] = {
		/* Without a state, published posts only. */
		{ "", "0123" },
		{ "featured", "03" },
		{ "featured = true", "03" },
		{ "featured = \"true\"", "03" },
		{ "featured = false", "12" },
		{ "featured != true", "12" },
		{ "featured != false", "03" },
		{ "NOT featured", "12" },
		{ "-featured=false", "03" },
		/* Terms. */
		{ "tags:t0", "03" },
		{ "tags:\"T0\"", "03" },
		{ "tags:t1", "01" }, /* a former slug */
		{ "tags:second", "01" },
		{ "tags:\"c++ \\\"2\\\" \\*\"", "01" },
		{ "tags:'C++ \"2\" \\*'", "01" },
		{ "tags:*", "013" },
		{ "tags:\"*\"", "013" },
		{ "NOT tags:*", "2" },
		{ "tags:nothing", "" },
		{ "NOT tags:nothing", "0123" },
		{ "tags:\"\"", "" },
		{ "tags:c0", "" }, /* of another kind */
		{ "tags:t0 AND tags:t1", "0" },
		{ "tags:t0 OR tags:t1", "013" },
		{ "tags:t0 AND -tags:t1", "3" },
		{ "categories:c0", "01" },
		{ "categories:c1", "01" },
		{ "categories:c2", "0" },
		{ "categories:c3", "2" },
		{ "categories:c4", "2" },
		{ "categories:c5", "" },
		{ "categories:*", "012" },
		{ "-categories:c0", "23" },
		{ "authors:a0", "01" },
		{ "authors:a1", "13" },
		{ "authors:a2", "" },
		{ "authors:*", "013" },
		{ "series:s0", "01" },
		{ "series:S1", "3" },
		{ "series:*", "013" },
		{ "NOT series:*", "2" },
		{ "series:none", "" },
		/* States. */
		{ "state = DRAFT", "4" },
		{ "state = SCHEDULED", "5" },
		{ "state = PUBLISHED", "0123" },
		{ "state = EXPIRED", "6" },
		{ "state = TRASHED", "7" },
		{ "state = POST_STATE_DRAFT", "4" },
		{ "state = \"DRAFT\"", "4" },
		{ "state != PUBLISHED", "4567" },
		{ "-state != PUBLISHED", "0123" },
		{ "tags:t0 AND state != PUBLISHED", "457" },
		{ "tags:t0 AND (state = DRAFT OR state = PUBLISHED)", "034" },
		{ "tags:t0 AND state = DRAFT OR state = PUBLISHED", "034" },
		/* A state anywhere makes it about all posts. */
		{ "featured OR state = TRASHED", "0347" },
		/* Texts. */
		{ "slug = intro", "0" },
		{ "slug = INTRO", "" },
		{ "slug != intro", "123" },
		{ "slug = intro*", "01" },
		{ "slug = \"intro-*\"", "1" },
		{ "slug = \"intro\\*\"", "" },
		{ "slug != intro*", "23" },
		{ "title = \"introduction to pages\"", "0" },
		{ "title = 'INTRODUCTION   TO PAGES '", "0" },
		{ "title = introduction*", "01" },
		{ "title = \"introduction to *\"", "01" },
		{ "title = \"introduction t*\"", "01" },
		{ "title = \"introduction top*\"", "" },
		{ "title = \"introduction to pages *\"", "" },
		{ "title = \"STRASSE\\*\"", "2" },
		{ "title = strasse", "" },
		{ "title = \"stra\xC3\x9F*\"", "2" },
		{ "title = full", "3" },
		{ "title != full", "012" },
		{ "title = \"\"", "" },
		{ "language = en", "0" },
		{ "language = EN", "0" },
		{ "language = en*", "01" },
		{ "language = \"en-*\"", "1" },
		{ "language = en-us", "1" },
		{ "language = de", "2" },
		{ "language = \"\"", "3" },
		{ "language != en*", "23" },
		{ "language = en* AND state != PUBLISHED", "47" },
		/* Times. */
		{ "publish_time = 2024-01-02", "1" },
		{ "publish_time = \"2024-01-02T00:00:00Z\"", "1" },
		{ "publish_time = 2024-01-02T01:30:00+01:30", "1" },
		{ "publish_time = 2024-01-01T22:30:00-01:30", "1" },
		{ "publish_time = 2024-01-04T00:00:00.000001Z", "3" },
		{ "publish_time != 2024-01-02", "023" },
		{ "publish_time < 2024-01-02", "0" },
		{ "publish_time <= 2024-01-02", "01" },
		{ "publish_time > 2024-01-02", "23" },
		{ "publish_time >= 2024-01-02", "123" },
		{ "publish_time > 2024-01-04", "3" },
		{ "publish_time:*", "0123" },
		{ "publish_time:* AND state != PUBLISHED", "56" },
		{ "NOT publish_time:* AND state != PUBLISHED", "47" },
		/* What a post does not have is not smaller, larger or equal, but unequal. */
		{ "expire_time:*", "1" },
		{ "expire_time < 2200-01-01", "1" },
		{ "expire_time >= 2000-01-01", "1" },
		{ "expire_time != 2100-01-01", "023" },
		{ "expire_time = 2100-01-01", "1" },
		{ "NOT expire_time > 2000-01-01", "023" },
		{ "expire_time < 2022-01-01 AND state = EXPIRED", "6" },
		{ "create_time > 2024-01-01", "0123" },
		{ "create_time < 2024-01-01", "" },
		{ "create_time:*", "0123" },
		{ "update_time >= create_time", NULL },
		{ "update_time > 9999-12-31T23:59:59Z", "" },
		{ "update_time > 0001-01-01", "0123" },
		{ "delete_time:*", "" },
		{ "delete_time:* AND state = TRASHED", "7" },
		{ "delete_time > 2024-01-01 AND state:*", NULL },
		/* OR binds tighter. */
		{ "tags:t0 OR tags:t1 AND featured", "03" },
		{ "featured AND tags:t0 OR tags:t1", "03" },
		{ "(featured AND tags:t0) OR tags:t1", "013" },
		{ "NOT featured AND tags:t1", "1" },
		{ "NOT (featured AND tags:t1)", "123" },
		{ "NOT (featured OR tags:t1)", "2" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char found[FIXED + 1] = "";
		struct filter filter;
		struct error err = { .text = "" };
		enum code code = filter_compile(txn, &arena, cases[i].text, &filter, &err);
		if (cases[i].found == NULL) {
			assert_int_equal(code, CODE_INVALID_ARGUMENT);
			continue;
		}
		if (code != CODE_OK)
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_int_equal(code, CODE_OK);
		for (int p = 0; p < FIXED; p++)
			if (matches(&filter, posts[p]->id))
				found[strlen(found)] = (char)('0' + p);
		if (strcmp(found, cases[i].found) != 0)
			print_error("%s\n", cases[i].text);
		assert_string_equal(found, cases[i].found);
	}
}

#define FIELDS \
	"the fields are tags, categories, authors, series, state, featured, language, slug, " \
	"title, publish_time, expire_time, create_time, update_time, delete_time"
#define STATES "the states are DRAFT, SCHEDULED, PUBLISHED, EXPIRED and TRASHED"
#define TIMES "write 2024-01-31 or 2024-01-31T09:30:00Z, with an offset such as +02:00 instead of Z"

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		/* The grammar comes first. */
		{ "tag:x AND (",
			"at byte 12: expected a restriction, for example tags:\"python\"" },
		/* Fields. */
		{ "tag:x", "at byte 1: there is no field \"tag\"; " FIELDS },
		{ "featured AND Tags:x", "at byte 14: there is no field \"Tags\"; " FIELDS },
		{ "tags.slug:x", "at byte 1: there is no field \"tags.slug\"; " FIELDS },
		{ "publishTime > 1", "at byte 1: there is no field \"publishTime\"; " FIELDS },
		{ "python",
			"at byte 1: \"python\" stands alone; a restriction is a field, an operator "
			"and a value, for example tags:\"python\"" },
		{ "state = PUBLISHED OR DRAFT",
			"at byte 22: \"DRAFT\" stands alone; a restriction is a field, an operator "
			"and a value, for example tags:\"python\"" },
		{ "tags", "at byte 1: \"tags\" stands alone; it needs an operator and a value, for "
			  "example tags:\"python\"" },
		{ "-publish_time",
			"at byte 2: \"publish_time\" stands alone; it needs an operator and a "
			"value, for example publish_time >= 2024-01-31" },
		/* Operators. */
		{ "tags = x",
			"at byte 6: '=' does not go with tags; use ':' and, for the opposite, NOT "
			"before the field, for example tags:\"python\"" },
		{ "series != x",
			"at byte 8: '!=' does not go with series; use ':' and, for the opposite, "
			"NOT before the field, for example series:\"python\"" },
		{ "authors < x",
			"at byte 9: '<' does not go with authors; use ':' and, for the opposite, "
			"NOT before the field, for example authors:\"python\"" },
		{ "state:DRAFT",
			"at byte 6: ':' does not go with state; use = or !=, for example state = "
			"DRAFT" },
		{ "state >= DRAFT",
			"at byte 7: '>=' does not go with state; use = or !=, for example state = "
			"DRAFT" },
		{ "featured:true",
			"at byte 9: ':' does not go with featured; use = or !=, for example "
			"featured = true" },
		{ "title:x",
			"at byte 6: ':' does not go with title; use = or !=, for example title = "
			"\"intro*\"" },
		{ "slug > x",
			"at byte 6: '>' does not go with slug; use = or !=, for example slug = "
			"\"intro*\"" },
		{ "publish_time:2024-01-31",
			"at byte 13: ':' only asks whether a time is set: publish_time:*; compare "
			"it with =, !=, <, <=, > or >=" },
		/* Values. */
		{ "tags:py*",
			"at byte 6: tags cannot be asked for by a prefix; write tags:* for any, "
			"and \"\\*\" for a '*' in a name" },
		{ "tags:\"**\"",
			"at byte 6: tags cannot be asked for by a prefix; write tags:* for any, "
			"and \"\\*\" for a '*' in a name" },
		{ "state = draft", "at byte 9: \"draft\" is no state; " STATES },
		{ "state = UNSPECIFIED", "at byte 9: \"UNSPECIFIED\" is no state; " STATES },
		{ "state = POST_STATE_", "at byte 9: \"POST_STATE_\" is no state; " STATES },
		{ "state = POST_STATE_POST_STATE_DRAFT",
			"at byte 9: \"POST_STATE_POST_STATE_DRAFT\" is no state; " STATES },
		{ "state = \"\"", "at byte 9: \"\" is no state; " STATES },
		{ "state = *", "at byte 9: \"*\" is no state; " STATES },
		{ "state = 1", "at byte 9: \"1\" is no state; " STATES },
		{ "featured = 1", "at byte 12: \"1\" is no boolean; write true or false" },
		{ "featured = TRUE", "at byte 12: \"TRUE\" is no boolean; write true or false" },
		{ "title = a*b",
			"at byte 9: a '*' may stand at the end alone, for a prefix; for the "
			"character itself write \"\\*\"" },
		{ "slug != \"*a\"",
			"at byte 9: a '*' may stand at the end alone, for a prefix; for the "
			"character itself write \"\\*\"" },
		{ "language = **",
			"at byte 12: a '*' may stand at the end alone, for a prefix; for the "
			"character itself write \"\\*\"" },
		{ "language = *", "at byte 12: a prefix needs a character before the '*'" },
		{ "title = \" *\"", "at byte 9: a prefix needs a character before the '*'" },
		{ "publish_time > yesterday", "at byte 16: \"yesterday\" is no time; " TIMES },
		{ "publish_time > 2024", "at byte 16: \"2024\" is no time; " TIMES },
		{ "publish_time > 2024-02-30", "at byte 16: \"2024-02-30\" is no time; " TIMES },
		{ "publish_time > 2024-01-31T", "at byte 16: \"2024-01-31T\" is no time; " TIMES },
		{ "publish_time > \"2024-01-31T01:02:03\"",
			"at byte 16: \"2024-01-31T01:02:03\" is no time; " TIMES },
		{ "publish_time > 0000-01-01", "at byte 16: \"0000-01-01\" is no time; " TIMES },
		{ "publish_time > 1706659200", "at byte 16: \"1706659200\" is no time; " TIMES },
		{ "publish_time = *", "at byte 16: \"*\" is no time; " TIMES },
		{ "update_time >= create_time", "at byte 16: \"create_time\" is no time; " TIMES },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct filter filter = { .root = NULL };
		struct error err = { .text = "" };
		assert_int_equal(filter_compile(txn, &arena, cases[i].text, &filter, &err),
			CODE_INVALID_ARGUMENT);
		if (strncmp(err.text, "filter: ", 8) != 0 ||
			strcmp(err.text + 8, cases[i].error) != 0)
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_string_equal(err.text + 8, cases[i].error);
		assert_string_equal(err.reason, "FILTER_INVALID");
		assert_string_equal(err.field, "filter");
	}
}

/* As long as a request lets it be: the advice is not cut, nor is a character. */
static void test_long_names(void **state)
{
	static const struct {
		const char *piece, *behind, *advice;
	} cases[] = {
		{ "x", ":y", FIELDS },
		{ "\xE4\xB8\xAD", ":y", FIELDS },
		{ "x", "", "for example tags:\"python\"" },
		{ "state = x", "", STATES },
		{ "publish_time < x", "", TIMES },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[LIMIT_FILTER_BYTES + 1] = "";
		struct filter filter;
		struct error err = { .text = "" };
		strcpy(text, cases[i].piece);
		while (strlen(text) + 8 < sizeof text)
			strcat(text,
				(unsigned char)cases[i].piece[0] >= 0x80 ? "\xE4\xB8\xAD" : "x");
		strcat(text, cases[i].behind);
		assert_int_equal(
			filter_compile(txn, &arena, text, &filter, &err), CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(err.text, cases[i].advice));
		assert_int_equal(text_find_invalid(slice_of_text(err.text)), strlen(err.text));
	}
}

/* A filter as the test makes it up. */
struct wish {
	enum { ALL_OF, ANY_OF, NONE_OF, LEAF } kind;
	struct wish *children[4];
	size_t count;
	/* Of a leaf. */
	enum filter_field field;
	const char *op, *value; /* as they are written; "" for a field that stands alone */
	bool any, prefix;
	uint64_t number; /* of a term: its index; state */
	const char *text;
	int64_t time_us;
};

static const char *const field_names[] = { "tags", "categories", "authors", "series", "state",
	"featured", "language", "slug", "title", "publish_time", "expire_time", "create_time",
	"update_time", "delete_time" };

static void wish_term(struct wish *wish)
{
	static const char letters[] = "tcas";
	unsigned most = wish->field == FILTER_CATEGORIES ? CATEGORIES + 1 : 4;
	wish->number = below(most);
	wish->op = ":";
	wish->any = below(8) == 0;
	char letter = letters[wish->field];
	if (wish->any)
		wish->value = below(2) == 0 ? "*" : "\"*\"";
	else if (below(2) == 0)
		wish->value = arena_printf(&arena, "%c%u", letter, (unsigned)wish->number);
	else
		wish->value = arena_printf(
			&arena, "'%c%u'", (char)(letter - 'a' + 'A'), (unsigned)wish->number);
	/* The name of the second tag is another one; as a former slug it is found in lower case. */
	if (wish->field == FILTER_TAGS && wish->number == 1 && !wish->any)
		wish->value = below(2) == 0 ? "t1" : "\"c++ \\\"2\\\" \\*\"";
}

static const char *equals(void)
{
	return below(3) == 0 ? "!=" : "=";
}

static void wish_state(struct wish *wish)
{
	static const char *const names[] = { "DRAFT", "\"SCHEDULED\"", "PUBLISHED",
		"POST_STATE_EXPIRED", "TRASHED" };
	wish->number = below(5);
	wish->op = equals();
	wish->value = names[wish->number++];
}

static void wish_featured(struct wish *wish)
{
	wish->number = below(3) > 0;
	bool alone = wish->number == 1 && below(2) == 0;
	wish->op = alone ? "" : equals();
	wish->value = alone ? "" : wish->number == 1 ? "true" : "'false'";
}

static void wish_text(struct wish *wish)
{
	/* The text as it is compared: lower case for languages, folded for titles. */
	static const struct {
		enum filter_field field;
		const char *value, *text;
		bool prefix;
	} texts[] = {
		{ FILTER_LANGUAGE, "en", "en", false },
		{ FILTER_LANGUAGE, "'En-us'", "en-us", false },
		{ FILTER_LANGUAGE, "EN*", "en", true },
		{ FILTER_LANGUAGE, "\"en-*\"", "en-", true },
		{ FILTER_LANGUAGE, "\"\"", "", false },
		{ FILTER_SLUG, "intro", "intro", false },
		{ FILTER_SLUG, "p-1*", "p-1", true },
		{ FILTER_SLUG, "\"p-2\\*\"", "p-2*", false },
		{ FILTER_SLUG, "p-*", "p-", true },
		{ FILTER_TITLE,
			"Stra\xC3\x9F"
			"e",
			"strasse", false },
		{ FILTER_TITLE, "\"STRASSE\"", "strasse", false },
		{ FILTER_TITLE, "stra*", "stra", true },
		{ FILTER_TITLE, "INTRO*", "intro", true },
		{ FILTER_TITLE, "'introduction t*'", "introduction t", true },
		{ FILTER_TITLE, "\"introduction *\"", "introduction ", true },
		{ FILTER_TITLE, "'a\\*b'", "a*b", false },
		{ FILTER_TITLE, "'A\\**'", "a*", true },
	};
	size_t at;
	do
		at = below(sizeof texts / sizeof *texts);
	while (texts[at].field != wish->field);
	wish->op = equals();
	wish->value = texts[at].value;
	wish->text = texts[at].text;
	wish->prefix = texts[at].prefix;
}

static const Google__Protobuf__Timestamp *time_of(
	const Lectern__V1__Post *post, enum filter_field field)
{
	const Google__Protobuf__Timestamp *times[] = { post->publish_time, post->expire_time,
		post->create_time, post->update_time, post->delete_time };
	return times[field - FILTER_PUBLISH_TIME];
}

static void wish_time(struct wish *wish)
{
	static const char *const ops[] = { "=", "!=", "<", "<=", ">", ">=" };
	char text[RFC3339_BYTES];
	wish->any = below(8) == 0;
	wish->op = wish->any ? ":" : ops[below(6)];
	wish->time_us = JANUARY_2024(1) + (int64_t)below(6) * DAY_US;
	/* The very time of some post. */
	const Google__Protobuf__Timestamp *some = time_of(posts[below(POSTS)], wish->field);
	bool day = some == NULL || below(4) == 0;
	if (!day)
		wish->time_us = timestamp_to_us(some);
	rfc3339_format(wish->time_us, text);
	if (day && below(2) == 0)
		text[10] = '\0'; /* a day alone */
	wish->value = wish->any	      ? "*"
		      : below(2) == 0 ? arena_printf(&arena, "%s", text)
				      : arena_printf(&arena, "\"%s\"", text);
}

static struct wish *wish_leaf(void)
{
	struct wish *wish = arena_calloc(&arena, 1, sizeof *wish);
	assert_non_null(wish);
	wish->kind = LEAF;
	do /* a state in every second filter or so, not in all of them */
		wish->field = (enum filter_field)below(FILTER_DELETE_TIME + 1);
	while (wish->field == FILTER_STATE && below(2) == 0);
	if (wish->field <= FILTER_SERIES)
		wish_term(wish);
	else if (wish->field == FILTER_STATE)
		wish_state(wish);
	else if (wish->field == FILTER_FEATURED)
		wish_featured(wish);
	else if (wish->field <= FILTER_TITLE)
		wish_text(wish);
	else
		wish_time(wish);
	return wish;
}

static struct wish *make_wish(int depth)
{
	if (depth == 0 || below(3) == 0)
		return wish_leaf();
	struct wish *wish = arena_calloc(&arena, 1, sizeof *wish);
	assert_non_null(wish);
	wish->kind = below(3);
	wish->count = wish->kind == NONE_OF ? 1 : 2 + below(3);
	for (size_t i = 0; i < wish->count; i++)
		wish->children[i] = make_wish(depth - 1);
	return wish;
}

static const char *blank(bool needed)
{
	static const char *const blanks[] = { "", " ", "  ", "\t", " \n" };
	return blanks[needed ? 1 + below(4) : below(5)];
}

static void write_wish(const struct wish *wish, struct buffer *out);

/* In parentheses where the grammar needs them, and sometimes where it does not. */
static void write_child(const struct wish *child, bool needed, struct buffer *out)
{
	bool enclosed = needed || below(8) == 0;
	buffer_printf(out, "%s", enclosed ? "(" : "");
	write_wish(child, out);
	buffer_printf(out, "%s", enclosed ? ")" : "");
}

static void write_wish(const struct wish *wish, struct buffer *out)
{
	if (wish->kind == LEAF) {
		buffer_printf(out, "%s%s%s%s%s", field_names[wish->field],
			wish->op[0] == '\0' ? "" : blank(false), wish->op,
			wish->op[0] == '\0' ? "" : blank(false), wish->value);
		return;
	}
	if (wish->kind == NONE_OF) {
		buffer_printf(out, "%s", below(2) == 0 ? "-" : "NOT ");
		write_child(wish->children[0], wish->children[0]->kind != LEAF, out);
		return;
	}
	for (size_t i = 0; i < wish->count; i++) {
		if (i > 0)
			buffer_printf(out, "%s%s%s", blank(true),
				wish->kind == ALL_OF ? "AND" : "OR", blank(true));
		write_child(wish->children[i],
			wish->kind == ANY_OF && wish->children[i]->kind == ALL_OF, out);
	}
}

static bool mentions_state(const struct wish *wish)
{
	bool found = wish->kind == LEAF && wish->field == FILTER_STATE;
	for (size_t i = 0; i < wish->count; i++)
		found = found || mentions_state(wish->children[i]);
	return found;
}

static bool refs_have(
	Lectern__V1__TermRef *const *refs, size_t count, const struct wish *wish, char letter)
{
	for (size_t i = 0; i < count; i++) {
		if (wish->any)
			return true;
		bool second = strcmp(refs[i]->slug, "second") == 0;
		if (second ? wish->number == 1
			   : refs[i]->slug[0] == letter &&
					(uint64_t)(refs[i]->slug[1] - '0') == wish->number)
			return true;
	}
	return false;
}

static bool in_category(const Lectern__V1__Post *post, const struct wish *wish)
{
	for (size_t i = 0; i < post->n_categories; i++)
		for (int at = post->categories[i]->slug[1] - '0'; at >= 0; at = parents[at])
			if (wish->any || at == (int)wish->number)
				return true;
	return false;
}

static bool text_equals(const char *text, const struct wish *wish)
{
	return wish->prefix ? strncmp(text, wish->text, strlen(wish->text)) == 0
			    : strcmp(text, wish->text) == 0;
}

static bool title_equals(const char *title, const struct wish *wish)
{
	static const char *const folded[][2] = { { "Introduction", "introduction" },
		{ "Stra\xC3\x9F"
		  "e",
			"strasse" },
		{ "STRASSE", "strasse" }, { "intro", "intro" }, { "zeta", "zeta" },
		{ "a*b", "a*b" }, { "Introduction to Pages", "introduction to pages" },
		{ "introduction  TO cursors", "introduction to cursors" },
		{ "Stra\xC3\x9F"
		  "e*",
			"strasse*" } };
	for (size_t i = 0; i < sizeof folded / sizeof *folded; i++)
		if (strcmp(title, folded[i][0]) == 0)
			return text_equals(folded[i][1], wish);
	return false;
}

static bool compares(const Google__Protobuf__Timestamp *time, const struct wish *wish)
{
	if (time == NULL)
		return strcmp(wish->op, "!=") == 0;
	int64_t a = timestamp_to_us(time);
	int64_t b = wish->time_us;
	return wish->any || (wish->op[0] == '<' && a < b) || (wish->op[0] == '>' && a > b) ||
	       (wish->op[0] == '!' && a != b) ||
	       (a == b && (wish->op[0] == '=' || strcmp(wish->op, "<=") == 0 ||
				  strcmp(wish->op, ">=") == 0));
}

static bool grants_leaf(const struct wish *wish, const Lectern__V1__Post *post)
{
	char language[64] = "";
	bool other = strcmp(wish->op, "!=") == 0;
	switch (wish->field) {
	case FILTER_TAGS:
		return refs_have(post->tags, post->n_tags, wish, 't');
	case FILTER_CATEGORIES:
		return in_category(post, wish);
	case FILTER_AUTHORS:
		return refs_have(post->authors, post->n_authors, wish, 'a');
	case FILTER_SERIES:
		return post->series != NULL &&
		       (wish->any || (uint64_t)(post->series->slug[1] - '0') == wish->number);
	case FILTER_STATE:
		return (post->state == (Lectern__V1__PostState)wish->number) != other;
	case FILTER_FEATURED:
		return (post->featured == (wish->number == 1)) != other;
	case FILTER_LANGUAGE:
		for (size_t i = 0; post->language[i] != '\0'; i++)
			language[i] = (char)(post->language[i] | 0x20);
		return text_equals(language, wish) != other;
	case FILTER_SLUG:
		return text_equals(post->slug, wish) != other;
	case FILTER_TITLE:
		return title_equals(post->title, wish) != other;
	case FILTER_PUBLISH_TIME:
	case FILTER_EXPIRE_TIME:
	case FILTER_CREATE_TIME:
	case FILTER_UPDATE_TIME:
	case FILTER_DELETE_TIME:
		return compares(time_of(post, wish->field), wish);
	}
	return false;
}

static bool grants(const struct wish *wish, const Lectern__V1__Post *post)
{
	if (wish->kind == LEAF)
		return grants_leaf(wish, post);
	size_t granted = 0;
	for (size_t i = 0; i < wish->count; i++)
		granted += grants(wish->children[i], post);
	return wish->kind == ALL_OF   ? granted == wish->count
	       : wish->kind == ANY_OF ? granted > 0
				      : granted == 0;
}

static void check_bound(const struct filter_node *node)
{
	if (node->kind == FILTER_RESTRICTION)
		assert_true(node->op != FILTER_NOT_EQUALS);
	for (const struct filter_node *child = node->first; child != NULL; child = child->next) {
		assert_true(child->kind != node->kind);
		check_bound(child);
	}
}

static void test_random_filters(void **state)
{
	struct buffer out;
	size_t found = 0;
	size_t tested = 0;
	buffer_init(&out, 65536);
	for (int i = 0; i < 4000; i++) {
		struct filter filter;
		struct error err = { .text = "" };
		const struct wish *wish = make_wish((int)below(4));
		buffer_clear(&out);
		write_wish(wish, &out);
		enum code code = filter_compile(txn, &arena, buffer_text(&out), &filter, &err);
		if (code != CODE_OK)
			print_error("%s: %s\n", buffer_text(&out), err.text);
		assert_int_equal(code, CODE_OK);
		check_bound(filter.root);
		assert_int_equal(filter.all_states, mentions_state(wish));
		for (int p = 0; p < POSTS; p++) {
			bool expected =
				grants(wish, posts[p]) &&
				(mentions_state(wish) || posts[p]->state == STATE(PUBLISHED));
			bool got = matches(&filter, posts[p]->id);
			if (got != expected)
				print_error("%s: post %d\n", buffer_text(&out), p);
			assert_int_equal(got, expected);
			found += got;
			tested++;
		}
		arena_reset(&arena);
	}
	buffer_done(&out);
	print_message("%zu of %zu tests found a post\n", found, tested);
	assert_in_range(found, tested / 20, tested - tested / 20);
}

static void test_out_of_memory(void **state)
{
	static const char text[] = "title = \"x*\" OR language != en AND -featured = false";
	bool done = false;
	for (size_t budget = 0; !done && budget < 65536; budget += 16) {
		struct arena small;
		struct filter filter;
		struct error err = { .text = "" };
		arena_init(&small, budget);
		done = filter_compile(txn, &small, text, &filter, &err) == CODE_OK;
		if (!done)
			assert_string_equal(err.reason, "OUT_OF_MEMORY");
		arena_done(&small);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_random_filters),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
