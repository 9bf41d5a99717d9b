#include "client/invoke.h"
#include "importers/target.h"

enum { LOOKUP_KEYS_MAX = 64 }; /* of one call; their bodies come along */

/* The answer names the missing keys in the order of the request and leaves their posts out. */
static enum code fill_all(const Lectern__V1__BatchGetPostsResponse *response,
	const char *const *slugs, size_t count, const Lectern__V1__Post **ret, struct error *err)
{
	size_t missing = 0;
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		const Lectern__V1__PostKey *key =
			missing < response->n_missing ? response->missing[missing] : NULL;
		ret[i] = NULL;
		if (key != NULL && key->key_case == LECTERN__V1__POST_KEY__KEY_SLUG &&
			strcmp(key->slug, slugs[i]) == 0)
			missing++;
		else if (found < response->n_posts)
			ret[i] = response->posts[found++];
		else
			return fail(err, CODE_INTERNAL, "look up posts: the answer is incomplete");
	}
	return CODE_OK;
}

static enum lectern_code batch_get(const struct target *target, const char *const *slugs,
	size_t count, struct arena *arena, ProtobufCMessage **ret, struct lectern_error *err)
{
	Lectern__V1__PostKey storage[LOOKUP_KEYS_MAX];
	Lectern__V1__PostKey *keys[LOOKUP_KEYS_MAX];
	for (size_t i = 0; i < count; i++) {
		lectern__v1__post_key__init(&storage[i]);
		storage[i].key_case = LECTERN__V1__POST_KEY__KEY_SLUG;
		storage[i].slug = (char *)slugs[i];
		keys[i] = &storage[i];
	}
	Lectern__V1__BatchGetPostsRequest request;
	lectern__v1__batch_get_posts_request__init(&request);
	request.keys = keys;
	request.n_keys = count;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE;
	return invoke(target->client, "lectern.v1.PostService/BatchGetPosts", &request.base,
		target->timeout_ms, NULL, &lectern__v1__batch_get_posts_response__descriptor, arena,
		ret, NULL, err);
}

enum code target_find_posts(void *arg, const char *const *slugs, size_t count, struct arena *arena,
	const Lectern__V1__Post **ret, struct error *err)
{
	const struct target *target = arg;
	size_t most = LOOKUP_KEYS_MAX;
	while (count > 0) {
		size_t now = count < most ? count : most;
		struct lectern_error failure;
		ProtobufCMessage *response;
		enum lectern_code code = batch_get(target, slugs, now, arena, &response, &failure);
		if (code == LECTERN_RESOURCE_EXHAUSTED && now > 1) {
			most = now / 2; /* large posts: fewer of them fit into one answer */
			continue;
		}
		if (code != LECTERN_OK)
			return fail(err, (enum code)code, "look up posts: %s", failure.message);
		enum code filled = fill_all((const void *)response, slugs, now, ret, err);
		if (filled != CODE_OK)
			return filled;
		slugs += now;
		ret += now;
		count -= now;
	}
	return CODE_OK;
}
