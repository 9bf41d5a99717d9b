/*
 * Filters, orders and page tokens that are wrong, to a real server: each is INVALID_ARGUMENT with
 * the field, the reason and, in a text, the place. The server goes on and its store is unchanged.
 */
#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "integration/lecternd.h"
#include "support/random.h"

#include <ctype.h>
#include <inttypes.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { POSTS = 30, FUZZED_FILTERS = 4000, FILTER_BYTES_MAX = 4096 };

static struct lecternd servers[2]; /* the second one with the same posts */
static lectern_client *clients[2];
static lectern_client *client; /* of the first */

/* --- two stores --- */

static void make_post(lectern_client *to, int number)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	char title[32];
	char body[64];
	char tag_name[] = "a";
	char series_name[] = "s";
	struct lectern_error err;
	snprintf(title, sizeof title, "Post %d", number);
	snprintf(body, sizeof body, "Words of number %d.", number);
	tag.name = tag_name;
	series.name = series_name;
	series.part = (uint32_t)number;
	post.title = title;
	post.body = body;
	post.tags = tags;
	post.n_tags = 1;
	post.series = &series;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	request.post = &post;
	request.create_missing_terms = true;
	if (!oracle_try(to, "lectern.v1.PostService/CreatePost", &request.base, &err))
		fail_msg("create: %s", err.message);
}

static int set_up(void **state)
{
	for (int i = 0; i < 2; i++) {
		lecternd_start(&servers[i]);
		clients[i] = oracle_connect(servers[i].url);
		for (int number = 1; number <= POSTS; number++)
			make_post(clients[i], number);
	}
	client = clients[0];
	oracle_show_log(fileno(servers[0].log));
	return 0;
}

static uint64_t revision_of(lectern_client *of)
{
	Lectern__V1__CheckRequest request = LECTERN__V1__CHECK_REQUEST__INIT;
	uint64_t revision;
	oracle_free(oracle_call(of, "lectern.v1.HealthService/Check", &request.base,
		&lectern__v1__check_response__descriptor, &revision));
	return revision;
}

static int tear_down(void **state)
{
	for (int i = 0; i < 2; i++) {
		lectern_client_close(clients[i]);
		if (lecternd_stop(&servers[i]) != 0)
			return -1;
	}
	return 0;
}

/* --- what is asked --- */

/* A list with a filter, an order and a token, whatever the method. */
struct question {
	const char *filter, *order_by, *page_token;
	int32_t page_size;
};

static bool list_posts(
	lectern_client *of, const struct question *question, struct lectern_error *err)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.filter = (char *)(question->filter == NULL ? "" : question->filter);
	request.order_by = (char *)(question->order_by == NULL ? "" : question->order_by);
	request.page_token = (char *)(question->page_token == NULL ? "" : question->page_token);
	request.page_size = question->page_size;
	return oracle_try(of, "lectern.v1.PostService/ListPosts", &request.base, err);
}

static bool get_adjacent(
	lectern_client *of, const struct question *question, struct lectern_error *err)
{
	Lectern__V1__GetAdjacentPostsRequest request =
		LECTERN__V1__GET_ADJACENT_POSTS_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_ADJACENT_POSTS_REQUEST__KEY_ID;
	request.id = 1;
	request.filter = (char *)(question->filter == NULL ? "" : question->filter);
	request.order_by = (char *)(question->order_by == NULL ? "" : question->order_by);
	return oracle_try(of, "lectern.v1.PostService/GetAdjacentPosts", &request.base, err);
}

static bool list_dates(
	lectern_client *of, const struct question *question, struct lectern_error *err)
{
	Lectern__V1__ListArchiveDatesRequest request =
		LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
	request.filter = (char *)(question->filter == NULL ? "" : question->filter);
	return oracle_try(of, "lectern.v1.ArchiveService/ListArchiveDates", &request.base, err);
}

static bool search_posts(
	lectern_client *of, const struct question *question, struct lectern_error *err)
{
	static char words[] = "words";
	Lectern__V1__SearchPostsRequest request = LECTERN__V1__SEARCH_POSTS_REQUEST__INIT;
	request.query = words;
	request.filter = (char *)(question->filter == NULL ? "" : question->filter);
	request.page_token = (char *)(question->page_token == NULL ? "" : question->page_token);
	request.page_size = question->page_size;
	return oracle_try(of, "lectern.v1.SearchService/SearchPosts", &request.base, err);
}

static bool get_archive(
	lectern_client *of, const struct question *question, struct lectern_error *err)
{
	static char slug[] = "a";
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
	key.slug = slug;
	request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG;
	request.term = &key;
	request.page_token = (char *)(question->page_token == NULL ? "" : question->page_token);
	request.page_size = question->page_size;
	return oracle_try(of, "lectern.v1.ArchiveService/GetArchive", &request.base, err);
}

static bool list_tags(
	lectern_client *of, const struct question *question, struct lectern_error *err)
{
	Lectern__V1__ListTagsRequest request = LECTERN__V1__LIST_TAGS_REQUEST__INIT;
	request.page_token = (char *)(question->page_token == NULL ? "" : question->page_token);
	return oracle_try(of, "lectern.v1.TagService/ListTags", &request.base, err);
}

typedef bool ask(lectern_client *of, const struct question *question, struct lectern_error *err);

static const struct {
	const char *name;
	ask *ask;
} with_filter[] = { { "ListPosts", list_posts }, { "GetAdjacentPosts", get_adjacent },
	{ "ListArchiveDates", list_dates }, { "SearchPosts", search_posts } };
enum { WITH_FILTER = sizeof with_filter / sizeof *with_filter };

static const struct {
	const char *name;
	ask *ask;
} with_token[] = { { "ListPosts", list_posts }, { "SearchPosts", search_posts },
	{ "GetArchive", get_archive }, { "ListTags", list_tags } };
enum { WITH_TOKEN = sizeof with_token / sizeof *with_token };

static void check_refused(const char *label, bool ok, const struct lectern_error *err,
	const char *reason, const char *field)
{
	if (ok)
		fail_msg("%s: is not refused", label);
	if (err->code != LECTERN_INVALID_ARGUMENT || strcmp(err->reason, reason) != 0 ||
		strcmp(err->field, field) != 0)
		fail_msg("%s: %s %s, field \"%s\": %s", label, lectern_code_name(err->code),
			err->reason, err->field, err->message);
}

/* The place in a text such as "filter: at byte 12: ...", 0 if there is none. */
static unsigned long place_in(const char *message)
{
	const char *at = strstr(message, "at byte ");
	return at == NULL ? 0 : strtoul(at + strlen("at byte "), NULL, 10);
}

/* --- filters --- */

static const struct {
	const char *label, *filter;
	unsigned long place;
} bad_filters[] = {
	{ "an open parenthesis", "(tags:a", 8 },
	{ "an open one inside", "(tags:a AND (tags:b)", 21 },
	{ "one too many closed", "tags:a)", 7 },
	{ "closed first", ")tags:a(", 1 },
	{ "empty parentheses", "()", 2 },
	{ "an unknown field", "colour:red", 1 },
	{ "an unknown field behind", "tags:a AND colour = red", 12 },
	{ "a field of another case", "Tags:a", 1 },
	{ "a number where a time belongs", "publish_time > 12", 16 },
	{ "a word where a time belongs", "publish_time > yesterday", 16 },
	{ "no such day", "publish_time > 2024-02-30", 16 },
	{ "a word where a boolean belongs", "featured = maybe", 12 },
	{ "no such state", "state = BORN", 9 },
	{ "an operator that tags have not", "tags = a", 6 },
	{ "an order of titles", "title < \"a\"", 7 },
	{ "an order of states", "state > DRAFT", 7 },
	{ "a time that is had", "publish_time:2024-01-01", 13 },
	{ "no value", "tags:", 6 },
	{ "no operator", "tags", 1 },
	{ "a value alone", "\"a\"", 1 },
	{ "an open string", "title = \"abc", 9 },
	{ "an operator alone", "= a", 1 },
	{ "AND alone", "AND", 1 },
	{ "AND at the end", "tags:a AND", 11 },
	{ "AND at the beginning", "AND tags:a", 1 },
	{ "OR twice", "tags:a OR OR tags:b", 11 },
	{ "NOT alone", "NOT", 4 },
	{ "a minus alone", "tags:a AND -", 13 },
	{ "two restrictions side by side", "tags:a tags:b", 8 },
	{ "and in lower case", "tags:a and tags:b", 8 },
	{ "operators of C", "tags:a && tags:b", 8 },
	{ "a star in the middle", "slug = \"a*b\"", 8 },
	{ "a prefix of nothing", "slug = \"*\"", 8 },
	{ "a control character", "title = \"a\x01\"", 11 },
};

static void bad_filters_name_the_place(void **state)
{
	for (size_t i = 0; i < sizeof bad_filters / sizeof *bad_filters; i++) {
		struct question question = { .filter = bad_filters[i].filter };
		for (size_t m = 0; m < WITH_FILTER; m++) {
			struct lectern_error err = { 0 };
			char label[128];
			snprintf(label, sizeof label, "%s, %s", bad_filters[i].label,
				with_filter[m].name);
			check_refused(label, with_filter[m].ask(client, &question, &err), &err,
				"FILTER_INVALID", "filter");
			if (place_in(err.message) != bad_filters[i].place)
				fail_msg("%s: not byte %lu: %s", label, bad_filters[i].place,
					err.message);
		}
	}
}

/* How often a part stands in the filter, and what joins them. */
static const struct {
	const char *label, *part, *join, *end;
	int count;
	const char *reason;
} big_filters[] = {
	{ "10,000 restrictions", "tags:a", " OR ", "", 10000, "FIELD_TOO_LONG" },
	{ "101 restrictions", "tags:a", " AND ", "", 101, "FILTER_TOO_COMPLEX" },
	{ "33 levels", "(", "", "tags:a", 33, "FILTER_TOO_COMPLEX" },
	{ "4,000 levels", "(", "", "", 4000, "FILTER_TOO_COMPLEX" },
	{ "2,000 times NOT (", "-(", "", "", 2000, "FILTER_TOO_COMPLEX" },
};

static void big_filters_are_refused(void **state)
{
	static char text[10000 * 16];
	for (size_t i = 0; i < sizeof big_filters / sizeof *big_filters; i++) {
		size_t size = 0;
		for (int part = 0; part < big_filters[i].count; part++)
			size += (size_t)sprintf(text + size, "%s%s",
				part == 0 ? "" : big_filters[i].join, big_filters[i].part);
		strcpy(text + size, big_filters[i].end);
		struct question question = { .filter = text };
		for (size_t m = 0; m < WITH_FILTER; m++) {
			struct lectern_error err = { 0 };
			check_refused(big_filters[i].label,
				with_filter[m].ask(client, &question, &err), &err,
				big_filters[i].reason, "filter");
			if (strcmp(big_filters[i].reason, "FIELD_TOO_LONG") != 0 &&
				place_in(err.message) == 0)
				fail_msg("%s: no place: %s", big_filters[i].label, err.message);
		}
	}
}

static void what_fits_is_answered(void **state)
{
	static char text[FILTER_BYTES_MAX + 1];
	struct lectern_error err;
	size_t size = 0;
	for (int i = 0; i < 100; i++)
		size += (size_t)sprintf(text + size, "%stags:a", i == 0 ? "" : " AND ");
	struct question question = { .filter = text };
	if (!list_posts(client, &question, &err))
		fail_msg("100 restrictions: %s", err.message);
	memset(text, '(', 32);
	strcpy(text + 32, "tags:a");
	memset(text + 38, ')', 32);
	text[70] = '\0';
	if (!list_posts(client, &question, &err))
		fail_msg("32 levels: %s", err.message);
	memset(text, ' ', FILTER_BYTES_MAX);
	memcpy(text + FILTER_BYTES_MAX - 6, "tags:a", 6);
	text[FILTER_BYTES_MAX] = '\0';
	if (!list_posts(client, &question, &err))
		fail_msg("4096 bytes: %s", err.message);
}

/* Filters with bytes changed, left out, doubled and swapped are answered or refused with a place in
 * them. */
static void mutated_filters_are_answered_or_refused(void **state)
{
	static const char *const seeds[] = {
		"tags:\"a\" AND publish_time > \"2024-01-01T00:00:00Z\" AND NOT categories:\"b\"",
		"(series:s OR featured = true) AND -(state = DRAFT) AND title = \"po\\\"st*\"",
		"language != 'en-US' AND slug=\"post-1*\" OR delete_time:* AND NOT authors:*",
		"update_time <= 2024-03-01 OR (create_time>=2020-01-01T00:00:00+02:00)",
	};
	static const char pieces[] = "()\"'\\*:=<>!-ANDORT tags\n\x7f\xc3";
	struct random random = random_start();
	for (int i = 0; i < FUZZED_FILTERS; i++) {
		char text[512];
		strcpy(text, seeds[random_below(&random, 4)]);
		for (uint64_t edits = 1 + random_below(&random, 4); edits > 0; edits--) {
			size_t size = strlen(text);
			size_t at = random_below(&random, size + 1);
			char piece = pieces[random_below(&random, sizeof pieces - 1)];
			if (random_below(&random, 3) == 0 && at < size) {
				memmove(text + at, text + at + 1, size - at);
			} else if (random_below(&random, 2) == 0 && at < size) {
				text[at] = piece;
			} else {
				memmove(text + at + 1, text + at, size - at + 1);
				text[at] = piece;
			}
		}
		struct question question = { .filter = text };
		struct lectern_error err = { 0 };
		if (with_filter[i % WITH_FILTER].ask(client, &question, &err))
			continue;
		bool is_text = strcmp(err.reason, "INVALID_UTF8") == 0;
		unsigned long place = place_in(err.message);
		if (err.code != LECTERN_INVALID_ARGUMENT || strcmp(err.field, "filter") != 0 ||
			(!is_text && (place == 0 || place > strlen(text) + 1)))
			fail_msg("%s: %s %s: %s", text, lectern_code_name(err.code), err.reason,
				err.message);
	}
}

/* --- orders --- */

static const struct {
	const char *order_by, *filter;
} bad_orders[] = { { "colour", "" }, { "publish_time up", "" }, { "publish_time desc asc", "" },
	{ "desc", "" }, { ",", "" }, { "title,", "" }, { "title desc, publish_time", "" },
	{ "series.part", "" }, { "series.part", "tags:a" }, { "series.part", "NOT series:s" },
	{ "series.part", "series:s OR tags:a" }, { "series.part", "series:*" },
	{ "series.part desc", "-(series:s AND tags:a)" }, { "-title", "" }, { "tags", "" },
	{ "\"title\"", "" } };

static void bad_orders_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof bad_orders / sizeof *bad_orders; i++) {
		struct question question = { .filter = bad_orders[i].filter,
			.order_by = bad_orders[i].order_by };
		struct lectern_error err = { 0 };
		char label[128];
		snprintf(label, sizeof label, "\"%s\" of \"%s\"", question.order_by,
			question.filter);
		check_refused(label, list_posts(client, &question, &err), &err, "ORDER_BY_INVALID",
			"order_by");
		check_refused(label, get_adjacent(client, &question, &err), &err,
			"ORDER_BY_INVALID", "order_by");
	}
}

/* --- tokens --- */

static void token_of_list(lectern_client *of, const struct question *question, char token[1025])
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	uint64_t revision;
	request.filter = (char *)question->filter;
	request.order_by = (char *)question->order_by;
	request.page_size = 3;
	Lectern__V1__ListPostsResponse *page = oracle_call(of, "lectern.v1.PostService/ListPosts",
		&request.base, &lectern__v1__list_posts_response__descriptor, &revision);
	strcpy(token, page->next_page_token);
	assert_string_not_equal(token, "");
	oracle_free(page);
}

static void token_of_archive(char token[1025], bool previous)
{
	static char slug[] = "a";
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	uint64_t revision;
	key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
	key.slug = slug;
	request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG;
	request.term = &key;
	request.page_size = 3;
	token[0] = '\0';
	for (int page = 0; page <= (previous ? 1 : 0); page++) {
		request.page_token = token;
		Lectern__V1__GetArchiveResponse *answer =
			oracle_call(client, "lectern.v1.ArchiveService/GetArchive", &request.base,
				&lectern__v1__get_archive_response__descriptor, &revision);
		strcpy(token, page == 1 ? answer->previous_page_token : answer->next_page_token);
		oracle_free(answer);
	}
	assert_string_not_equal(token, "");
}

static void token_of_search(const char *filter, char token[1025])
{
	static char words[] = "words";
	Lectern__V1__SearchPostsRequest request = LECTERN__V1__SEARCH_POSTS_REQUEST__INIT;
	uint64_t revision;
	request.query = words;
	request.filter = (char *)filter;
	request.page_size = 3;
	Lectern__V1__SearchPostsResponse *page =
		oracle_call(client, "lectern.v1.SearchService/SearchPosts", &request.base,
			&lectern__v1__search_posts_response__descriptor, &revision);
	strcpy(token, page->next_page_token);
	assert_string_not_equal(token, "");
	oracle_free(page);
}

static void a_token_belongs_to_its_query(void **state)
{
	static const struct question queries[] = { { .filter = "", .order_by = "" },
		{ .filter = "tags:a", .order_by = "" },
		{ .filter = "tags:a", .order_by = "publish_time" },
		{ .filter = "tags:a", .order_by = "create_time desc" },
		{ .filter = "tags:a", .order_by = "title" },
		{ .filter = "series:s", .order_by = "series.part" },
		{ .filter = "NOT tags:b", .order_by = "" },
		{ .filter = "tags:a OR tags:b", .order_by = "" },
		{ .filter = "state = PUBLISHED", .order_by = "" } };
	enum { QUERIES = sizeof queries / sizeof *queries };
	char token[1025];
	for (int i = 0; i < QUERIES; i++) {
		token_of_list(client, &queries[i], token);
		for (int other = 0; other < QUERIES; other++) {
			struct question question = queries[other];
			struct lectern_error err = { 0 };
			char label[256];
			question.page_token = token;
			question.page_size = 7; /* another one is fine */
			snprintf(label, sizeof label,
				"token of \"%s\" by \"%s\" with \"%s\" by \"%s\"",
				queries[i].filter, queries[i].order_by, question.filter,
				question.order_by);
			bool ok = list_posts(client, &question, &err);
			if (i == other && !ok)
				fail_msg("%s: %s", label, err.message);
			if (i != other)
				check_refused(
					label, ok, &err, "PAGE_TOKEN_OTHER_QUERY", "page_token");
		}
	}
}

static void a_token_belongs_to_its_method(void **state)
{
	static const struct question all = { .filter = "", .order_by = "" };
	char tokens[5][1025];
	static const char *const of[] = { "ListPosts", "SearchPosts", "GetArchive", "GetArchive",
		"SearchPosts" };
	token_of_list(client, &all, tokens[0]);
	token_of_search("", tokens[1]);
	token_of_archive(tokens[2], false);
	token_of_archive(tokens[3], true);
	token_of_search("tags:a", tokens[4]);
	for (int i = 0; i < 5; i++)
		for (size_t m = 0; m < WITH_TOKEN; m++) {
			struct question question = { .filter = i == 4 ? "tags:a" : "",
				.page_token = tokens[i] };
			struct lectern_error err = { 0 };
			char label[128];
			bool ok = with_token[m].ask(client, &question, &err);
			snprintf(label, sizeof label, "token %d of %s at %s", i, of[i],
				with_token[m].name);
			if (strcmp(of[i], with_token[m].name) == 0) {
				if (!ok)
					fail_msg("%s: %s", label, err.message);
				continue;
			}
			if (ok || err.code != LECTERN_INVALID_ARGUMENT ||
				strncmp(err.reason, "PAGE_TOKEN_", 11) != 0 ||
				strcmp(err.field, "page_token") != 0)
				fail_msg("%s: %s", label, ok ? "accepted" : err.message);
		}
}

static void check_broken_token(const struct question *query, size_t method, const char *token)
{
	struct question question = *query;
	struct lectern_error err = { 0 };
	question.page_token = token;
	bool ok = with_token[method].ask(client, &question, &err);
	if (ok || err.code != LECTERN_INVALID_ARGUMENT || strcmp(err.field, "page_token") != 0 ||
		(strcmp(err.reason, "PAGE_TOKEN_FORGED") != 0 &&
			strcmp(err.reason, "PAGE_TOKEN_MALFORMED") != 0))
		fail_msg("%s, token %s: %s %s", with_token[method].name, token,
			ok ? "accepted" : err.reason, ok ? "" : err.message);
}

/* Each byte changed to others, each length, and more behind it. */
static void break_token(const struct question *query, size_t method, char token[1025])
{
	static const char others[] = "Az0-_+/=\n\x7f ";
	size_t size = strlen(token);
	char longer[1100];
	for (size_t i = 0; i < size; i++) {
		char byte = token[i];
		for (const char *other = others; *other != '\0'; other++) {
			token[i] = *other;
			if (*other != byte)
				check_broken_token(query, method, token);
		}
		token[i] = (char)(byte == 'z'			 ? 'y'
				  : isalnum((unsigned char)byte) ? byte + 1
								 : 'x');
		check_broken_token(query, method, token);
		token[i] = '\0';
		if (i > 0)
			check_broken_token(query, method, token);
		token[i] = byte;
	}
	for (const char *other = others; *other != '\0'; other++) {
		snprintf(longer, sizeof longer, "%s%c", token, *other);
		check_broken_token(query, method, longer);
	}
	snprintf(longer, sizeof longer, "%s%s", token, token);
	longer[1024] = '\0';
	check_broken_token(query, method, longer);
}

static void broken_tokens_are_refused(void **state)
{
	static const struct question queries[] = { { .filter = "", .order_by = "" },
		{ .filter = "tags:a", .order_by = "title" } };
	char token[1025];
	for (int i = 0; i < 2; i++) {
		token_of_list(client, &queries[i], token);
		break_token(&queries[i], 0, token);
	}
	token_of_search("", token);
	break_token(&queries[0], 1, token);
	token_of_archive(token, true);
	break_token(&queries[0], 2, token);
}

static void a_token_belongs_to_its_store(void **state)
{
	static const struct question query = { .filter = "tags:a", .order_by = "title" };
	char token[1025];
	struct lectern_error err = { 0 };
	struct question question = query;
	token_of_list(clients[1], &query, token);
	question.page_token = token;
	assert_true(list_posts(clients[1], &question, &err));
	check_refused("token of another store", list_posts(client, &question, &err), &err,
		"PAGE_TOKEN_FORGED", "page_token");
}

static void sizes_are_checked(void **state)
{
	struct question question = { .page_size = -1 };
	struct lectern_error err = { 0 };
	for (size_t m = 0; m + 1 < WITH_TOKEN; m++)
		check_refused(with_token[m].name, with_token[m].ask(client, &question, &err), &err,
			"PAGE_SIZE_NEGATIVE", "page_size");
}

static void nothing_has_changed(void **state)
{
	assert_int_equal(revision_of(clients[0]), revision_of(clients[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_filters_name_the_place),
		cmocka_unit_test(big_filters_are_refused),
		cmocka_unit_test(what_fits_is_answered),
		cmocka_unit_test(mutated_filters_are_answered_or_refused),
		cmocka_unit_test(bad_orders_are_refused),
		cmocka_unit_test(a_token_belongs_to_its_query),
		cmocka_unit_test(a_token_belongs_to_its_method),
		cmocka_unit_test(broken_tokens_are_refused),
		cmocka_unit_test(a_token_belongs_to_its_store),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(nothing_has_changed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
