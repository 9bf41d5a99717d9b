#include "store/post.h"

#include "base/wire.h"

#include <inttypes.h>

enum { FIELD_BODY_FORMAT = 32, FIELD_HTML = 34 }; /* of lectern.v1.Post */

static uint64_t find_in(struct txn *txn, enum slug_space space, struct slice slug, bool *former)
{
	struct key key;
	struct slice value;
	uint64_t id;
	*former = false;
	key_slug(&key, space, slug);
	if (!txn_get(txn, TABLE_SLUG, &key, &value))
		return 0;
	if (!value_read_slug(value, &id, former)) {
		txn_fail_corrupt(txn, "slug of post", 0);
		return 0;
	}
	return id;
}

uint64_t post_find_slug(struct txn *txn, struct slice slug, bool *former)
{
	return find_in(txn, SLUG_POST, slug, former);
}

uint64_t post_find_origin(struct txn *txn, struct slice origin)
{
	bool former;
	return find_in(txn, SLUG_POST_ORIGIN, origin, &former);
}

static bool wants(Lectern__V1__PostView view, enum post_part part)
{
	switch (part) {
	case POST_SUMMARY:
		return true;
	case POST_SOURCE:
		return view == LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE ||
		       view == LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	case POST_HTML:
		return view == LECTERN__V1__POST_VIEW__POST_VIEW_HTML ||
		       view == LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	}
	return false;
}

enum code post_fail_missing(uint64_t id, const char *origin, const char *slug, struct error *err)
{
	if (id != 0)
		return fail_reason(err, CODE_NOT_FOUND, "POST_NOT_FOUND",
			"there is no post with id %" PRIu64, id);
	return fail_reason(err, CODE_NOT_FOUND, "POST_NOT_FOUND", "there is no post with %s \"%s\"",
		origin != NULL ? "origin" : "slug", origin != NULL ? origin : slug);
}

static void add_part(struct post_parts *parts, struct slice part)
{
	parts->parts[parts->count++] = part;
	parts->size_bytes += part.size;
}

/* The parts lie side by side: one way down the tree, and a step each. */
static bool read_parts(
	struct txn *txn, uint64_t id, Lectern__V1__PostView view, struct post_parts *ret)
{
	struct key key;
	struct walk walk;
	bool found = true;
	walk_open(&walk, txn, TABLE_POST);
	for (int part = POST_SUMMARY; part <= POST_HTML && found; part++) {
		if (!wants(view, (enum post_part)part))
			continue;
		key_post(&key, id, (enum post_part)part);
		found = walk_to(&walk, key_slice(&key));
		if (found)
			add_part(ret, walk.value);
	}
	walk_end(&walk);
	return found;
}

bool post_read(struct txn *txn, uint64_t id, Lectern__V1__PostView view, struct post_parts *ret)
{
	struct key key;
	struct slice summary;
	ret->count = 0;
	ret->size_bytes = 0;
	if (wants(view, POST_SOURCE) || wants(view, POST_HTML))
		return read_parts(txn, id, view, ret);
	key_post(&key, id, POST_SUMMARY);
	bool found = txn_get(txn, TABLE_POST, &key, &summary);
	if (found)
		add_part(ret, summary);
	return found;
}

bool post_html(struct txn *txn, uint64_t id, struct slice *ret)
{
	struct key key;
	struct slice record;
	struct wire_field field;
	*ret = slice_of(NULL, 0);
	key_post(&key, id, POST_HTML);
	if (!txn_get(txn, TABLE_POST, &key, &record))
		return false;
	while (wire_next(&record, &field))
		if (field.number == FIELD_HTML && field.type == WIRE_BYTES)
			*ret = field.bytes;
	if (record.size != 0)
		txn_fail_corrupt(txn, "html of post", id);
	return record.size == 0;
}

bool post_body_format(struct txn *txn, uint64_t id, Lectern__V1__BodyFormat *ret)
{
	struct key key;
	struct slice record;
	struct wire_field field;
	*ret = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_UNSPECIFIED;
	key_post(&key, id, POST_SOURCE);
	if (!txn_get(txn, TABLE_POST, &key, &record))
		return false;
	while (wire_next(&record, &field))
		if (field.number == FIELD_BODY_FORMAT && field.type == WIRE_VARINT)
			*ret = (Lectern__V1__BodyFormat)field.value;
	if (record.size != 0)
		txn_fail_corrupt(txn, "source of post", id);
	return record.size == 0;
}

Lectern__V1__Post *post_unpack_summary(struct txn *txn, struct arena *arena, uint64_t id)
{
	struct post_parts parts;
	if (!post_read(txn, id, LECTERN__V1__POST_VIEW__POST_VIEW_BASIC, &parts))
		return NULL;
	Lectern__V1__Post *post = lectern__v1__post__unpack(
		&arena->allocator, parts.parts[0].size, parts.parts[0].data);
	if (post == NULL)
		txn_fail_corrupt(txn, "post", id);
	return post;
}

static void put(struct txn *txn, uint64_t id, enum post_part part, struct slice record)
{
	struct key key;
	key_post(&key, id, part);
	if (record.data == NULL)
		txn_fail_memory(txn);
	else
		txn_put(txn, TABLE_POST, &key, record);
}

struct slice post_pack_summary(struct arena *arena, const Lectern__V1__Post *post)
{
	const Lectern__V1__Post empty = LECTERN__V1__POST__INIT;
	Lectern__V1__Post summary = *post;
	summary.body_format = empty.body_format;
	summary.body = empty.body;
	summary.html = empty.html;
	summary.outline = NULL;
	summary.n_outline = 0;
	return arena_pack(arena, &summary.base);
}

void post_put_summary(struct txn *txn, uint64_t id, struct slice record)
{
	put(txn, id, POST_SUMMARY, record);
}

void post_put_content(struct txn *txn, struct arena *arena, const Lectern__V1__Post *post)
{
	Lectern__V1__Post source = LECTERN__V1__POST__INIT;
	source.body_format = post->body_format;
	source.body = post->body;
	put(txn, post->id, POST_SOURCE, arena_pack(arena, &source.base));

	Lectern__V1__Post html = LECTERN__V1__POST__INIT;
	html.html = post->html;
	html.outline = post->outline;
	html.n_outline = post->n_outline;
	put(txn, post->id, POST_HTML, arena_pack(arena, &html.base));
}

void post_delete_records(struct txn *txn, uint64_t id)
{
	struct key key;
	for (int part = POST_SUMMARY; part <= POST_HTML; part++) {
		key_post(&key, id, (enum post_part)part);
		txn_delete(txn, TABLE_POST, &key);
	}
}
