#include "e2e/questions.h"

#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "integration/lecternd.h"

#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { POSTS = 30 };

static struct lecternd servers[2]; /* the second one with the same posts */
lectern_client *clients[2];
lectern_client *client; /* of the first */

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

int questions_set_up(void **state)
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

int questions_tear_down(void **state)
{
	for (int i = 0; i < 2; i++) {
		lectern_client_close(clients[i]);
		if (lecternd_stop(&servers[i]) != 0)
			return -1;
	}
	return 0;
}

/* --- what is asked --- */

bool list_posts(lectern_client *of, const struct question *question, struct lectern_error *err)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.filter = (char *)(question->filter == NULL ? "" : question->filter);
	request.order_by = (char *)(question->order_by == NULL ? "" : question->order_by);
	request.page_token = (char *)(question->page_token == NULL ? "" : question->page_token);
	request.page_size = question->page_size;
	return oracle_try(of, "lectern.v1.PostService/ListPosts", &request.base, err);
}

bool get_adjacent(lectern_client *of, const struct question *question, struct lectern_error *err)
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

const struct method with_filter[WITH_FILTER] = { { "ListPosts", list_posts },
	{ "GetAdjacentPosts", get_adjacent }, { "ListArchiveDates", list_dates },
	{ "SearchPosts", search_posts } };

const struct method with_token[WITH_TOKEN] = { { "ListPosts", list_posts },
	{ "SearchPosts", search_posts }, { "GetArchive", get_archive }, { "ListTags", list_tags } };

void check_refused(const char *label, bool ok, const struct lectern_error *err, const char *reason,
	const char *field)
{
	if (ok)
		fail_msg("%s: is not refused", label);
	if (err->code != LECTERN_INVALID_ARGUMENT || strcmp(err->reason, reason) != 0 ||
		strcmp(err->field, field) != 0)
		fail_msg("%s: %s %s, field \"%s\": %s", label, lectern_code_name(err->code),
			err->reason, err->field, err->message);
}

void nothing_has_changed(void **state)
{
	assert_int_equal(revision_of(clients[0]), revision_of(clients[1]));
}
