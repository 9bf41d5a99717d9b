/* Posts and terms in few words, for tests with a local_server (call.h). What a function returns
 * lies in *ret and stays valid until the next use of it. */
#pragma once
#include "support/call.h"

#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>

enum { SKETCH_LIST_MAX = 8 };

/* A post as a request has it. What is NULL or 0 is left out. */
struct sketch {
	uint64_t id;
	const char *slug, *title, *body, *etag;
	Lectern__V1__PostState state;
	Lectern__V1__BodyFormat format;
	int64_t publish_time_us, expire_time_us;
	const char *tags[SKETCH_LIST_MAX], *categories[SKETCH_LIST_MAX]; /* names */
	/* Of the request. */
	const char *mask[SKETCH_LIST_MAX]; /* of an update */
	const char *request_id;
	bool allow_missing, validate_only;
	bool only_known_terms; /* else terms that do not exist are made */
};

enum code create_post(struct local_server *server, const struct sketch *sketch, struct answer *ret);
enum code update_post(struct local_server *server, const struct sketch *sketch, struct answer *ret);

/* The same, and the test program ends if it fails. */
const Lectern__V1__Post *new_post(
	struct local_server *server, const struct sketch *sketch, struct answer *ret);
const Lectern__V1__Post *changed_post(
	struct local_server *server, const struct sketch *sketch, struct answer *ret);

/* "Delete", "Undelete", "Purge", "Publish" or "Unpublish" of one post. */
enum code move_post(struct local_server *server, const char *verb, uint64_t id, const char *etag,
	struct answer *ret);

/* The whole post; the test program ends if there is none. */
const Lectern__V1__Post *read_post(struct local_server *server, uint64_t id, struct answer *ret);
const Lectern__V1__GetPostResponse *read_slug(
	struct local_server *server, const char *slug, struct answer *ret);
/* CODE_OK or NOT_FOUND. */
enum code find_post(struct local_server *server, uint64_t id, struct answer *ret);

uint64_t new_tag(struct local_server *server, const char *name);
/* parent 0 for none. */
uint64_t new_category(struct local_server *server, const char *name, uint64_t parent);
const Lectern__V1__Tag *read_tag(struct local_server *server, uint64_t id, struct answer *ret);
const Lectern__V1__Category *read_category(
	struct local_server *server, uint64_t id, struct answer *ret);
