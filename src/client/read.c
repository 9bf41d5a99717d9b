#include "base/text.h"
#include "client/failure.h"
#include "client/invoke.h"
#include "client/objects.h"

#include <lectern/v1/archive.pb-c.h>

static enum lectern_code get_post(lectern_client *client,
	const Lectern__V1__GetPostRequest *request, uint32_t timeout_ms, lectern_post **ret,
	struct lectern_error *err)
{
	AUTO(post_freep) lectern_post *post = post_new();
	if (post == NULL)
		return failure_memory(err);
	ProtobufCMessage *message;
	enum lectern_code code = invoke(client, "lectern.v1.PostService/GetPost", &request->base,
		timeout_ms, NULL, &lectern__v1__get_post_response__descriptor, &post->arena,
		&message, NULL, err);
	if (code != LECTERN_OK)
		return code;
	post->message = ((const Lectern__V1__GetPostResponse *)message)->post;
	if (post->message == NULL)
		return failure(
			err, LECTERN_INTERNAL, "MALFORMED_RESPONSE", "the answer holds no post");
	*ret = post;
	post = NULL; /* the caller owns it now */
	return LECTERN_OK;
}

enum lectern_code lectern_get_post(lectern_client *client, const char *slug, enum lectern_view view,
	uint32_t timeout_ms, lectern_post **ret, struct lectern_error *err)
{
	Lectern__V1__GetPostRequest request;
	lectern__v1__get_post_request__init(&request);
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_SLUG;
	request.slug = (char *)(slug == NULL ? "" : slug);
	request.view = (Lectern__V1__PostView)view;
	return get_post(client, &request, timeout_ms, ret, err);
}

enum lectern_code lectern_get_post_by_id(lectern_client *client, uint64_t id,
	enum lectern_view view, uint32_t timeout_ms, lectern_post **ret, struct lectern_error *err)
{
	Lectern__V1__GetPostRequest request;
	lectern__v1__get_post_request__init(&request);
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_ID;
	request.id = id;
	request.view = (Lectern__V1__PostView)view;
	return get_post(client, &request, timeout_ms, ret, err);
}

static bool page_take_posts(lectern_page *page, Lectern__V1__Post **posts, size_t count)
{
	if (!page_make_posts(page, count))
		return false;
	for (size_t i = 0; i < count; i++)
		page->posts[i].message = posts[i];
	return true;
}

static const char *archive_title(const Lectern__V1__GetArchiveResponse *archive)
{
	switch (archive->term_case) {
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_TAG:
		return archive->tag->name;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_CATEGORY:
		return archive->category->name;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_AUTHOR:
		return archive->author->name;
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_SERIES:
		return archive->series->name;
	default: /* dates have no name; the enum is protobuf-c's */
		break;
	}
	return "";
}

static enum lectern_code get_archive(lectern_client *client,
	const struct lectern_archive_query *query, const Lectern__V1__TermKey *key,
	lectern_page **ret, struct lectern_error *err)
{
	AUTO(page_freep) lectern_page *page = page_new();
	if (page == NULL)
		return failure_memory(err);
	Lectern__V1__GetArchiveRequest request;
	lectern__v1__get_archive_request__init(&request);
	request.kind = (Lectern__V1__ArchiveKind)query->kind;
	request.term = (Lectern__V1__TermKey *)key;
	request.view = (Lectern__V1__PostView)query->view;
	request.page_size = page_size_of(query->page_size);
	request.page_token = (char *)(query->page_token == NULL ? "" : query->page_token);
	ProtobufCMessage *message;
	enum lectern_code code = invoke(client, "lectern.v1.ArchiveService/GetArchive",
		&request.base, query->timeout_ms, NULL,
		&lectern__v1__get_archive_response__descriptor, &page->arena, &message, NULL, err);
	if (code != LECTERN_OK)
		return code;
	const Lectern__V1__GetArchiveResponse *archive = (const void *)message;
	if (!page_take_posts(page, archive->posts, archive->n_posts))
		return failure_memory(err);
	page->title = archive_title(archive);
	page->next_token = archive->next_page_token;
	page->total_size = archive->total_size;
	*ret = page;
	page = NULL; /* the caller owns it now */
	return LECTERN_OK;
}

/* A text that may be a slug is looked up as one first, then as a name. */
enum lectern_code lectern_get_archive(lectern_client *client,
	const struct lectern_archive_query *query, lectern_page **ret, struct lectern_error *err)
{
	struct slice term = slice_of_text(query->term);
	Lectern__V1__TermKey key;
	lectern__v1__term_key__init(&key);
	if (text_find_invalid(term) == term.size && text_is_slug(term)) {
		key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
		key.slug = (char *)query->term;
		enum lectern_code code = get_archive(client, query, &key, ret, err);
		if (code != LECTERN_NOT_FOUND)
			return code;
	}
	key.key_case = LECTERN__V1__TERM_KEY__KEY_NAME;
	key.name = (char *)(query->term == NULL ? "" : query->term);
	return get_archive(client, query, &key, ret, err);
}

enum lectern_code lectern_list_posts(lectern_client *client, const struct lectern_post_query *query,
	lectern_page **ret, struct lectern_error *err)
{
	AUTO(page_freep) lectern_page *page = page_new();
	if (page == NULL)
		return failure_memory(err);
	Lectern__V1__ListPostsRequest request;
	lectern__v1__list_posts_request__init(&request);
	request.filter = (char *)(query->filter == NULL ? "" : query->filter);
	request.order_by = (char *)(query->order_by == NULL ? "" : query->order_by);
	request.view = (Lectern__V1__PostView)query->view;
	request.page_size = page_size_of(query->page_size);
	request.page_token = (char *)(query->page_token == NULL ? "" : query->page_token);
	ProtobufCMessage *message;
	enum lectern_code code = invoke(client, "lectern.v1.PostService/ListPosts", &request.base,
		query->timeout_ms, NULL, &lectern__v1__list_posts_response__descriptor,
		&page->arena, &message, NULL, err);
	if (code != LECTERN_OK)
		return code;
	const Lectern__V1__ListPostsResponse *list = (const void *)message;
	if (!page_take_posts(page, list->posts, list->n_posts))
		return failure_memory(err);
	page->title = "";
	page->next_token = list->next_page_token;
	page->total_size = list->total_size;
	*ret = page;
	page = NULL; /* the caller owns it now */
	return LECTERN_OK;
}
