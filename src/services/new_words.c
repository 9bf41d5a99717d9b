#include "services/new_words.h"

#include "store/post.h"
#include "store/search_document.h"

static bool is_there(struct txn *snapshot, const Lectern__V1__Post *post)
{
	bool former;
	if (post->origin[0] != '\0')
		return post_find_origin(snapshot, slice_of_text(post->origin)) != 0;
	return post->slug[0] != '\0' &&
	       post_find_slug(snapshot, slice_of_text(post->slug), &former) != 0;
}

/* An import that is repeated finds its posts: their words would be made for nothing. */
static bool is_new_import(const struct write *write)
{
	struct txn *snapshot;
	struct error err;
	if (store_snapshot(write->store, &snapshot, &err) != CODE_OK)
		return false;
	bool found = is_there(snapshot, write->command.import_post->post);
	store_release(write->store, snapshot);
	return !found;
}

static bool is_new(const struct write *write)
{
	switch (write->command.operation_case) {
	case LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST:
		return write->command.put_post->key == NULL;
	case LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_POST:
		return is_new_import(write);
	default:
		return false;
	}
}

const struct search_prepared *new_words(const struct write *write, struct analyzer *analyzer)
{
	struct search_document document;
	struct arena scratch;
	if (write->command.validate_only || !is_new(write))
		return NULL;
	search_document_of(write->render, slice_of_text(write->render->html), &document);
	arena_init(&scratch, SEARCH_ARENA_BYTES);
	const struct search_prepared *prepared =
		search_prepare(write->call->arena, &scratch, analyzer, &document);
	arena_done(&scratch);
	return prepared;
}
