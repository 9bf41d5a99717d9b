/*
 * Page tokens that are wrong, to a real server: of another query, method or store, broken at any
 * byte; and sizes of pages. Each is INVALID_ARGUMENT, and the store is unchanged.
 */
#include "e2e/oracle/calls.h"
#include "e2e/questions.h"

#include <ctype.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void token_of_list(
	lectern_client *of, const struct question *question, char token[TOKEN_BYTES])
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

static void token_of_archive(char token[TOKEN_BYTES], bool previous)
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

static void token_of_search(const char *filter, char token[TOKEN_BYTES])
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
	char token[TOKEN_BYTES];
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
	char tokens[5][TOKEN_BYTES];
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
static void break_token(const struct question *query, size_t method, char token[TOKEN_BYTES])
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
	char token[TOKEN_BYTES];
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
	char token[TOKEN_BYTES];
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_belongs_to_its_query),
		cmocka_unit_test(a_token_belongs_to_its_method),
		cmocka_unit_test(broken_tokens_are_refused),
		cmocka_unit_test(a_token_belongs_to_its_store),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(nothing_has_changed),
	};
	return cmocka_run_group_tests(tests, questions_set_up, questions_tear_down);
}
