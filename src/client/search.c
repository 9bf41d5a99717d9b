#include "client/failure.h"
#include "client/invoke.h"
#include "client/objects.h"

#include <lectern/v1/search.pb-c.h>

/* Posts and snippets of the hits; a hit without a post is left out. */
static bool take_hits(lectern_page *page, const Lectern__V1__SearchPostsResponse *found)
{
	if (!page_make_posts(page, found->n_hits))
		return false;
	page->snippets = arena_calloc(&page->arena, found->n_hits, sizeof *page->snippets);
	if (page->snippets == NULL)
		return false;
	size_t kept = 0;
	for (size_t i = 0; i < found->n_hits; i++) {
		const Lectern__V1__SearchHit *hit = found->hits[i];
		if (hit->post == NULL)
			continue;
		page->posts[kept].message = hit->post;
		page->snippets[kept++] = hit->snippet == NULL ? "" : hit->snippet->text;
	}
	page->post_count = kept;
	return true;
}

enum lectern_code lectern_search_posts(lectern_client *client,
	const struct lectern_search_query *query, lectern_page **ret, struct lectern_error *err)
{
	AUTO(page_freep) lectern_page *page = page_new();
	if (page == NULL)
		return failure_memory(err);
	Lectern__V1__SearchPostsRequest request;
	lectern__v1__search_posts_request__init(&request);
	request.query = (char *)(query->query == NULL ? "" : query->query);
	request.filter = (char *)(query->filter == NULL ? "" : query->filter);
	request.language = (char *)(query->language == NULL ? "" : query->language);
	request.view = (Lectern__V1__PostView)query->view;
	request.page_size = page_size_of(query->page_size);
	request.page_token = (char *)(query->page_token == NULL ? "" : query->page_token);
	ProtobufCMessage *message;
	enum lectern_code code = invoke(client, "lectern.v1.SearchService/SearchPosts",
		&request.base, query->timeout_ms, NULL,
		&lectern__v1__search_posts_response__descriptor, &page->arena, &message, NULL, err);
	if (code != LECTERN_OK)
		return code;
	const Lectern__V1__SearchPostsResponse *found = (const void *)message;
	if (!take_hits(page, found))
		return failure_memory(err);
	page->title = "";
	page->next_token = found->next_page_token;
	page->total_size = found->total_size;
	*ret = page;
	page = NULL; /* the caller owns it now */
	return LECTERN_OK;
}
