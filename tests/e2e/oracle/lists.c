#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "e2e/oracle/reads.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_SIZE_MAX = 50, PAGES_WANTED = 6, MANY_POSTS = 60 };

/* One query and how far its pages have come. */
struct query {
	struct oracle_order order;
	char order_by[64];
	Lectern__V1__PostView view;
	bool begun;
	uint64_t first_revision;
	struct oracle_post last; /* the last post so far, as it stood in its page */
};

void oracle_reader_init(struct oracle_reader *reader, const char *url, struct oracle_log *log,
	const struct oracle_content *content, struct random random)
{
	*reader = (struct oracle_reader){ .client = oracle_connect(url), .random = random };
	oracle_store_init(&reader->store, log, content);
	reader->list = calloc(ORACLE_POSTS_MAX, sizeof *reader->list);
	reader->seen = calloc(ORACLE_POSTS_MAX, sizeof *reader->seen);
}

void oracle_reader_done(struct oracle_reader *reader)
{
	lectern_client_close(reader->client);
	oracle_store_done(&reader->store);
	free(reader->list);
	free(reader->seen);
}

void oracle_reach(struct oracle_reader *reader, uint64_t revision)
{
	if (reader->quiet && revision != reader->store.revision)
		oracle_fail("revision %" PRIu64 " while nobody writes after %" PRIu64, revision,
			reader->store.revision);
	oracle_store_advance(&reader->store, revision);
}

void oracle_pick_order(struct oracle_reader *reader, struct oracle_order *order, char text[64])
{
	static const char *const fields[] = { "publish_time", "create_time", "update_time", "title",
		"series.part" };
	static const char *const directions[] = { "", " asc", " desc" };
	struct random *random = &reader->random;
	uint64_t direction = random_below(random, 3);
	*order = (struct oracle_order){ .descending = direction == 2 };
	if (random_below(random, 3) == 0) {
		*order = (struct oracle_order){ .descending = true };
		text[0] = '\0';
		return;
	}
	order->field = (enum oracle_order_field)random_below(random, 4);
	if (reader->filter.part_order && random_below(random, 2) == 0)
		order->field = ORACLE_BY_PART;
	snprintf(text, 64, "%s%s", fields[order->field], directions[direction]);
}

/* --- one page --- */

/* What the model answers at its revision, all pages together. */
static void list(struct oracle_reader *reader, const struct query *query)
{
	if (reader->list_revision == reader->store.revision)
		return;
	reader->list_revision = reader->store.revision;
	reader->list_count = oracle_list(&reader->store, oracle_filter_matches, &reader->filter,
		&query->order, reader->list);
}

/* Where the page begins: behind the last post so far. */
static size_t find_start(const struct oracle_reader *reader, const struct query *query)
{
	size_t start = 0;
	while (query->begun && start < reader->list_count &&
		oracle_compare(&query->order, reader->list[start], &query->last) <= 0)
		start++;
	return start;
}

static void check_page(struct oracle_reader *reader, struct query *query,
	const Lectern__V1__ListPostsRequest *request, const Lectern__V1__ListPostsResponse *page)
{
	size_t page_size = (size_t)request->page_size;
	list(reader, query);
	size_t start = find_start(reader, query);
	size_t count = reader->list_count - start;
	bool last = count <= page_size;
	count = last ? count : page_size;
	oracle_check_posts(reader->store.content, reader->list + start, count, page->posts,
		page->n_posts, query->view);
	if (page->total_size != reader->list_count &&
		!(request->skip_total_size && page->total_size == 0))
		oracle_fail(
			"total_size is %" PRIu64 ", not %zu", page->total_size, reader->list_count);
	if (last != (page->next_page_token[0] == '\0'))
		oracle_fail("%zu posts are left behind the page, next_page_token is \"%s\"",
			reader->list_count - start - count, page->next_page_token);
	for (size_t i = 0; i < count; i++)
		reader->seen[reader->list[start + i]->id]++;
	if (count > 0)
		query->last = *reader->list[start + count - 1];
	query->begun = query->begun || count > 0;
	reader->pages++;
	reader->posts += count;
}

/* This follows from the pages of a list being right; it is what a caller relies on. */
void oracle_check_seen(struct oracle_reader *reader, uint64_t first_revision)
{
	for (uint64_t id = 1; id <= reader->store.id_max; id++) {
		const struct oracle_post *post = oracle_store_post(&reader->store, id);
		uint8_t seen = reader->seen[id];
		reader->seen[id] = 0;
		if (reader->store.changed_at[id] > first_revision)
			continue;
		bool wanted = post != NULL &&
			      oracle_filter_matches(&reader->filter, &reader->store, post);
		if (seen != wanted)
			oracle_fail("post %" PRIu64 ", which nobody has changed, came %d times", id,
				seen);
	}
}

/* --- a query --- */

/* 1 to 50, but seldom one that makes very many pages. */
static int32_t pick_page_size(struct oracle_reader *reader)
{
	uint64_t least = reader->list_count / PAGES_WANTED;
	if (least < 1 || random_below(&reader->random, 100) == 0)
		least = 1;
	if (least > PAGE_SIZE_MAX)
		least = PAGE_SIZE_MAX;
	return (int32_t)(least + random_below(&reader->random, PAGE_SIZE_MAX - least + 1));
}

/* Long lists are left to one query of four: they take most of the time and show little more. */
static void pick_list(struct oracle_reader *reader, struct query *query)
{
	do {
		oracle_filter_make(&reader->filter, &reader->random, &reader->store);
		oracle_pick_order(reader, &query->order, query->order_by);
		reader->list_revision = 0;
		list(reader, query);
	} while (reader->list_count > MANY_POSTS && random_below(&reader->random, 4) != 0);
}

static void describe(const struct query *query, const Lectern__V1__ListPostsRequest *request)
{
	oracle_doing("ListPosts\nfilter: %s\norder_by: %s\npage_size: %d\npage_token: %s\nview: %d",
		request->filter, query->order_by, request->page_size, request->page_token,
		(int)query->view);
}

void oracle_query(struct oracle_reader *reader)
{
	struct query query = { .begun = false };
	char token[1025] = "";
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	pick_list(reader, &query);
	query.view = random_below(&reader->random, 8) != 0
			     ? LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED
			     : (Lectern__V1__PostView)random_below(&reader->random, 5);
	request.filter = reader->filter.text;
	request.order_by = query.order_by;
	request.page_token = token;
	request.view = query.view;
	do {
		uint64_t revision;
		/* Pages of one query may differ in these. */
		request.skip_total_size = random_below(&reader->random, 2) == 0;
		request.explain = random_below(&reader->random, 16) == 0;
		request.page_size = pick_page_size(reader);
		describe(&query, &request);
		Lectern__V1__ListPostsResponse *page = oracle_call(reader->client,
			"lectern.v1.PostService/ListPosts", &request.base,
			&lectern__v1__list_posts_response__descriptor, &revision);
		if (query.first_revision == 0)
			query.first_revision = revision;
		oracle_reach(reader, revision);
		check_page(reader, &query, &request, page);
		if (strlen(page->next_page_token) >= sizeof token)
			oracle_fail("a page token of %zu bytes", strlen(page->next_page_token));
		strcpy(token, page->next_page_token);
		if (request.explain != (page->plan != NULL))
			oracle_fail("the plan is %s", page->plan == NULL ? "missing" : "there");
		oracle_free(page);
	} while (token[0] != '\0');
	oracle_check_seen(reader, query.first_revision);
	reader->queries++;
	reader->empty_queries += reader->list_count == 0;
}
