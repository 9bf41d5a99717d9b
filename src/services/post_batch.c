/* BatchGetPosts. A post that is kept is found and copied in the time that protobuf-c takes to
 * unpack the key that names it, so keys are read where they lie. */
#include "base/wire.h"
#include "services/post_parts.h"
#include "services/post_queries.h"

#include <stdio.h>

enum {
	/* Field numbers of the request, of a key and of the response. */
	FIELD_KEYS = 1,
	FIELD_VIEW = 2,
	KEY_ID = 1,
	KEY_SLUG = 2,
	KEY_ORIGIN = 3,
	FIELD_POSTS = 1,
	FIELD_MISSING = 2,
};

/* What the request asks for with one key. */
struct asked {
	struct slice bytes; /* of the key in the request */
	struct entity_key key;
};

/* The view, and how many keys there are. */
static enum code read_view(
	struct slice request, Lectern__V1__PostView *ret, size_t *ret_count, struct error *err)
{
	struct wire_field field;
	*ret_count = 0;
	*ret = LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED;
	while (wire_next(&request, &field)) {
		if (field.number == FIELD_KEYS)
			(*ret_count)++;
		else if (field.number == FIELD_VIEW)
			*ret = (Lectern__V1__PostView)(int32_t)field.value;
	}
	if (*ret_count == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "keys",
			"name 1 to %d posts", LIMIT_BATCH_KEYS);
	return check_view(*ret, err);
}

/* The last one of a oneof counts. */
static enum code read_key(
	struct rpc_call *call, struct slice bytes, struct entity_key *ret, struct error *err)
{
	struct wire_field field;
	*ret = (struct entity_key){ .id = 0 };
	while (wire_next(&bytes, &field)) {
		char *text = NULL;
		if (field.number != KEY_ID && field.number != KEY_SLUG &&
			field.number != KEY_ORIGIN)
			continue;
		if (field.number != KEY_ID) {
			text = arena_text(call->arena, field.bytes);
			if (text == NULL)
				return fail_out_of_memory(err);
		}
		*ret = (struct entity_key){ .id = field.number == KEY_ID ? field.value : 0,
			.slug = field.number == KEY_SLUG ? text : NULL,
			.origin = field.number == KEY_ORIGIN ? text : NULL };
	}
	return CODE_OK;
}

/* All of them before the first is looked up: a processor then begins with a post while it waits for
 * the memory of the one before. */
static enum code read_keys(
	struct rpc_call *call, size_t count, struct asked **ret, struct error *err)
{
	struct slice rest = call->payload;
	struct wire_field field;
	struct asked *asked = arena_calloc(call->arena, count, sizeof *asked);
	size_t index = 0;
	if (asked == NULL)
		return fail_out_of_memory(err);
	*ret = asked;
	while (wire_next(&rest, &field)) {
		if (field.number != FIELD_KEYS)
			continue;
		asked[index].bytes = field.bytes;
		enum code code = read_key(call, field.bytes, &asked[index++].key, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

/* The path of a key takes longer to print than its post to find. */
static enum code check_key(const struct entity_key *key, size_t index, struct error *err)
{
	char path[32];
	if (entity_key_check(key, "keys", err) == CODE_OK)
		return CODE_OK;
	snprintf(path, sizeof path, "keys[%zu]", index);
	return entity_key_check(key, path, err);
}

static enum code add_post(struct rpc_call *call, const struct asked *asked, size_t index,
	Lectern__V1__PostView view, struct error *err)
{
	struct txn *txn = snapshot_of(call);
	struct post_parts parts;
	bool former;
	enum code code = check_key(&asked->key, index, err);
	if (code != CODE_OK)
		return code;
	uint64_t id = post_find(txn, &asked->key, &former);
	if (id != 0 && read_post_parts(call, id, view, &parts))
		reply_message(&call->reply, FIELD_POSTS, parts.parts, parts.count);
	else
		reply_message(&call->reply, FIELD_MISSING, &asked->bytes, 1);
	code = txn_status(txn, err);
	if (code == CODE_OK && call->reply.size_bytes > FULL_PAGE_BYTES)
		code = fail_field(err, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE", "keys",
			"the answer would pass %d bytes at the %zuth post; ask for fewer or for a "
			"smaller view",
			LIMIT_RESPONSE_BYTES, index + 1);
	return code;
}

enum code post_batch_get(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	Lectern__V1__PostView view;
	struct asked *asked = NULL;
	size_t count;
	(void)message;
	enum code code = read_view(call->payload, &view, &count, err);
	if (code == CODE_OK)
		code = read_keys(call, count, &asked, err);
	for (size_t i = 0; i < count && code == CODE_OK; i++)
		code = add_post(call, &asked[i], i, view, err);
	return code;
}
