#include "support/search.h"

#include "base/limits.h"
#include "store/env.h"
#include "store/search_index.h"
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

/* References to terms by name. */
struct refs {
	Lectern__V1__TermRef refs[NOTE_LIST_MAX];
	Lectern__V1__TermRef *list[NOTE_LIST_MAX];
	size_t count;
};

static void fill_refs(struct refs *refs, const char *const *names)
{
	for (refs->count = 0; refs->count < NOTE_LIST_MAX && names[refs->count] != NULL;
		refs->count++) {
		Lectern__V1__TermRef *ref = &refs->refs[refs->count];
		lectern__v1__term_ref__init(ref);
		ref->name = text(names[refs->count]);
		refs->list[refs->count] = ref;
	}
}

static uint64_t create(struct local_server *server, Lectern__V1__Post *post)
{
	struct answer answer = { 0 };
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	request.post = post;
	request.create_missing_terms = true;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(server, "PostService/CreatePost", &request.base, &answer);
	uint64_t id = response->post->id;
	answer_done(&answer);
	return id;
}

static void update(struct local_server *server, Lectern__V1__Post *post)
{
	static const char *const fields[] = { "title", "excerpt", "body", "language", "state",
		"publish_time", "tags", "categories", "authors" };
	enum { FIELDS = sizeof fields / sizeof *fields };
	char *paths[FIELDS];
	for (size_t i = 0; i < FIELDS; i++)
		paths[i] = text(fields[i]);
	struct answer answer = { 0 };
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	mask.paths = paths;
	mask.n_paths = FIELDS;
	request.post = post;
	request.update_mask = &mask;
	request.create_missing_terms = true;
	call_ok(server, "PostService/UpdatePost", &request.base, &answer);
	answer_done(&answer);
}

uint64_t put_note(struct local_server *server, const struct note *note)
{
	struct refs tags, categories, authors;
	Google__Protobuf__Timestamp publish_time;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.id = note->id;
	post.title = text(note->title);
	post.excerpt = text(note->excerpt);
	post.body = text(note->body);
	post.language = text(note->language);
	post.state = note->state != 0 ? note->state : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	timestamp_from_us(&publish_time, note->publish_time_us);
	post.publish_time = note->publish_time_us == 0 ? NULL : &publish_time;
	fill_refs(&tags, note->tags);
	fill_refs(&categories, note->categories);
	fill_refs(&authors, note->authors);
	post.tags = tags.list;
	post.n_tags = tags.count;
	post.categories = categories.list;
	post.n_categories = categories.count;
	post.authors = authors.list;
	post.n_authors = authors.count;
	if (note->id == 0)
		return create(server, &post);
	update(server, &post);
	return note->id;
}

uint64_t put_words(struct local_server *server, const char *title, const char *body)
{
	return put_note(server, &(struct note){ .title = title, .body = body });
}

void merge_search_index(struct local_server *server)
{
	struct txn txn;
	struct error err;
	struct arena arena;
	arena_init(&arena, SEARCH_ARENA_BYTES);
	enum code code = txn_begin_write(&server->store->env, &txn, &err);
	if (code == CODE_OK) {
		search_index_merge(&txn, &arena);
		code = txn_commit(&txn, &err);
	}
	arena_done(&arena);
	if (code != CODE_OK) {
		fprintf(stderr, "merge the search index: %s\n", err.text);
		abort();
	}
}

enum code try_search(struct local_server *server, const struct asked *asked, struct answer *ret)
{
	Lectern__V1__SearchPostsRequest request = LECTERN__V1__SEARCH_POSTS_REQUEST__INIT;
	Lectern__V1__FacetKind facets[NOTE_LIST_MAX];
	memcpy(facets, asked->facets, sizeof facets);
	request.query = text(asked->query);
	request.filter = text(asked->filter);
	request.language = text(asked->language);
	request.page_token = text(asked->page_token);
	request.page_size = asked->page_size;
	request.facet_size = asked->facet_size;
	request.view = asked->view;
	request.facets = facets;
	request.n_facets = asked->facet_count;
	request.explain = asked->explain;
	return call(server, "SearchService/SearchPosts", &request.base, ret);
}

const Lectern__V1__SearchPostsResponse *search(
	struct local_server *server, const struct asked *asked, struct answer *ret)
{
	if (try_search(server, asked, ret) != CODE_OK) {
		fprintf(stderr, "search %s: %s\n", asked->query, ret->err.text);
		abort();
	}
	return (const Lectern__V1__SearchPostsResponse *)ret->message;
}

const char *found_ids(struct local_server *server, const struct asked *asked, struct answer *ret)
{
	static char out[1024];
	size_t size = 0;
	struct asked all = *asked;
	all.page_size = LIMIT_SEARCH_PAGE_SIZE;
	out[0] = '\0';
	const Lectern__V1__SearchPostsResponse *page = search(server, &all, ret);
	for (size_t i = 0; i < page->n_hits; i++)
		size += (size_t)snprintf(out + size, sizeof out - size, "%s%d", i > 0 ? " " : "",
			(int)page->hits[i]->post->id);
	if (page->total_size != page->n_hits) {
		fprintf(stderr, "search %s: %zu of %d posts\n", asked->query, page->n_hits,
			(int)page->total_size);
		abort();
	}
	return out;
}
