#include "base/text.h"
#include "client/failure.h"
#include "client/invoke.h"
#include "client/objects.h"

#include <string.h>
#include <times.h>

static char *text_or_empty(const char *text)
{
	return (char *)(text == NULL ? "" : text);
}

/* References to terms by slug where the text may be one, and by name. */
static bool make_refs(
	struct arena *arena, const char *const *terms, size_t count, Lectern__V1__TermRef ***ret)
{
	Lectern__V1__TermRef **refs = arena_calloc(arena, count, sizeof(Lectern__V1__TermRef *));
	Lectern__V1__TermRef *storage = arena_calloc(arena, count, sizeof *storage);
	if (refs == NULL || storage == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct slice term = slice_of_text(terms[i]);
		lectern__v1__term_ref__init(&storage[i]);
		storage[i].name = text_or_empty(terms[i]);
		if (text_find_invalid(term) == term.size && text_is_slug(term))
			storage[i].slug = storage[i].name;
		refs[i] = &storage[i];
	}
	*ret = refs;
	return true;
}

static bool fill_terms(
	struct arena *arena, const struct lectern_new_post *from, Lectern__V1__Post *post)
{
	post->n_tags = from->tag_count;
	post->n_categories = from->category_count;
	post->n_authors = from->author_count;
	return make_refs(arena, from->tags, from->tag_count, &post->tags) &&
	       make_refs(arena, from->categories, from->category_count, &post->categories) &&
	       make_refs(arena, from->authors, from->author_count, &post->authors);
}

enum lectern_code lectern_create_post(lectern_client *client, const struct lectern_new_post *from,
	lectern_post **ret, struct lectern_error *err)
{
	AUTO(post_freep) lectern_post *created = post_new();
	Lectern__V1__Post post;
	lectern__v1__post__init(&post);
	Google__Protobuf__Timestamp publish_time;
	if (created == NULL || !fill_terms(&created->arena, from, &post))
		return failure_memory(err);
	post.title = text_or_empty(from->title);
	post.slug = text_or_empty(from->slug);
	post.excerpt = text_or_empty(from->excerpt);
	post.body = text_or_empty(from->body);
	post.state = from->publish ? LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED
				   : LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	if (from->publish_time_us != 0) {
		timestamp_from_us(&publish_time, from->publish_time_us);
		post.publish_time = &publish_time;
	}
	Lectern__V1__CreatePostRequest request;
	lectern__v1__create_post_request__init(&request);
	request.post = &post;
	request.request_id = text_or_empty(from->request_id);
	request.create_missing_terms = from->create_missing_terms;
	ProtobufCMessage *message;
	enum lectern_code code = invoke(client, "lectern.v1.PostService/CreatePost", &request.base,
		from->timeout_ms, NULL, &lectern__v1__create_post_response__descriptor,
		&created->arena, &message, NULL, err);
	if (code != LECTERN_OK || ret == NULL)
		return code;
	created->message = ((const Lectern__V1__CreatePostResponse *)message)->post;
	if (created->message == NULL)
		return failure(
			err, LECTERN_INTERNAL, "MALFORMED_RESPONSE", "the answer holds no post");
	*ret = created;
	created = NULL; /* the caller owns it now */
	return LECTERN_OK;
}
