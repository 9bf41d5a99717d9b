/* SearchPosts: words that every post has, among the posts of a random filter, every page. */
#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "e2e/oracle/reads.h"

#include <inttypes.h>
#include <lectern/v1/search.pb-c.h>
#include <string.h>

/* What writes.c puts into each body. */
static const char *const queries[] = { "text", "\"some TEXT\"", "versi*", "text -nowhere",
	"some version" };

/* Posts stand in the order of their scores, of equal ones the larger id first, over all pages. */
struct place {
	double score;
	uint64_t id;
};

static void check_hits(struct oracle_reader *reader, struct place *last,
	const Lectern__V1__SearchPostsResponse *page)
{
	for (size_t i = 0; i < page->n_hits; i++) {
		const Lectern__V1__SearchHit *hit = page->hits[i];
		uint64_t id = hit->post->id;
		const struct oracle_post *post = oracle_store_post(&reader->store, id);
		if (post == NULL || !oracle_filter_matches(&reader->filter, &reader->store, post))
			oracle_fail("post %" PRIu64 " is found, but not in the filter", id);
		oracle_check_post(reader->store.content, post, hit->post,
			LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
		if (last->id != 0 &&
			(hit->score > last->score || (hit->score == last->score && id >= last->id)))
			oracle_fail("post %" PRIu64 " with score %.17g stands behind %" PRIu64
				    " with %.17g",
				id, hit->score, last->id, last->score);
		*last = (struct place){ .score = hit->score, .id = id };
		reader->seen[id]++;
	}
}

static void check_size(struct oracle_reader *reader, const Lectern__V1__SearchPostsResponse *page)
{
	uint64_t size = 0;
	for (uint64_t id = 1; id <= reader->store.id_max; id++) {
		const struct oracle_post *post = oracle_store_post(&reader->store, id);
		size += post != NULL &&
			oracle_filter_matches(&reader->filter, &reader->store, post);
	}
	if (page->total_size != size)
		oracle_fail("total_size is %" PRIu64 ", not %" PRIu64, page->total_size, size);
}

void oracle_page_search(struct oracle_reader *reader)
{
	Lectern__V1__SearchPostsRequest request = LECTERN__V1__SEARCH_POSTS_REQUEST__INIT;
	char token[1025] = "";
	struct place last = { .id = 0 };
	uint64_t first_revision = 0;
	oracle_filter_make(&reader->filter, &reader->random, &reader->store);
	request.query =
		(char *)queries[random_below(&reader->random, sizeof queries / sizeof *queries)];
	request.filter = reader->filter.text;
	request.page_token = token;
	do {
		uint64_t revision;
		request.page_size = 10 + (int32_t)random_below(&reader->random, 91);
		oracle_doing("SearchPosts of %s\nfilter: %s\npage_size: %d\npage_token: %s",
			request.query, request.filter, request.page_size, token);
		Lectern__V1__SearchPostsResponse *page = oracle_call(reader->client,
			"lectern.v1.SearchService/SearchPosts", &request.base,
			&lectern__v1__search_posts_response__descriptor, &revision);
		if (first_revision == 0)
			first_revision = revision;
		oracle_reach(reader, revision);
		check_hits(reader, &last, page);
		check_size(reader, page);
		strcpy(token, page->next_page_token);
		if (token[0] != '\0' && page->n_hits != (size_t)request.page_size)
			oracle_fail("a page of %zu posts has one behind it", page->n_hits);
		oracle_free(page);
		reader->others++;
	} while (token[0] != '\0');
	oracle_check_seen(reader, first_revision);
}
