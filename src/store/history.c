#include "store/history.h"

#include "store/post.h"

#include <stdio.h>
#include <times.h>

Lectern__Store__V1__Revision *history_read(
	struct txn *txn, struct arena *arena, uint64_t post_id, uint64_t revision)
{
	struct key key;
	struct slice record;
	key_revision(&key, post_id, revision);
	if (!txn_get(txn, TABLE_REVISION, &key, &record))
		return NULL;
	Lectern__Store__V1__Revision *ret =
		lectern__store__v1__revision__unpack(&arena->allocator, record.size, record.data);
	if (ret == NULL)
		txn_fail_corrupt(txn, "history of post", post_id);
	return ret;
}

uint64_t history_oldest(struct txn *txn, uint64_t post_id)
{
	struct key key;
	struct walk walk;
	uint64_t id;
	uint64_t revision = 0;
	key_revision(&key, post_id, 0);
	walk_start(&walk, txn, TABLE_REVISION, key_slice(&key));
	bool found =
		walk_next(&walk) && key_read_revision(walk.key, &id, &revision) && id == post_id;
	walk_end(&walk);
	return found ? revision : 0;
}

static uint64_t newest(struct txn *txn, uint64_t post_id)
{
	struct key behind;
	struct walk walk;
	uint64_t id;
	uint64_t revision = 0;
	key_revision(&behind, post_id + 1, 0);
	walk_start(&walk, txn, TABLE_REVISION, key_slice(&behind));
	bool found = walk_previous(&walk) && key_read_revision(walk.key, &id, &revision) &&
		     id == post_id;
	walk_end(&walk);
	return found ? revision : 0;
}

/* There are no gaps: the oldest ones go first. */
uint64_t history_count(struct txn *txn, uint64_t post_id)
{
	uint64_t oldest = history_oldest(txn, post_id);
	return oldest == 0 ? 0 : newest(txn, post_id) + 1 - oldest;
}

/* The revision whose former body this one shares: the first from it on that has one. 0: it is the
 * present body. */
static uint64_t content_revision(struct txn *txn, uint64_t post_id, uint64_t revision)
{
	struct key key;
	struct walk walk;
	uint64_t id;
	uint64_t holder = 0;
	key_revision(&key, post_id, revision);
	walk_start(&walk, txn, TABLE_CONTENT, key_slice(&key));
	bool found = walk_next(&walk) && key_read_revision(walk.key, &id, &holder) && id == post_id;
	walk_end(&walk);
	return found ? holder : 0;
}

bool history_content(struct txn *txn, uint64_t post_id, uint64_t revision, struct slice *source,
	struct slice *html, bool *former)
{
	uint64_t holder = content_revision(txn, post_id, revision);
	struct slice *parts[] = { source, html };
	*former = holder != 0;
	for (int part = POST_SOURCE; part <= POST_HTML; part++) {
		struct key key;
		if (*former)
			key_content(&key, post_id, holder, (enum post_part)part);
		else
			key_post(&key, post_id, (enum post_part)part);
		if (!txn_get(txn, *former ? TABLE_CONTENT : TABLE_POST, &key,
			    parts[part - POST_SOURCE]))
			return false;
	}
	return true;
}

static bool same_refs(Lectern__V1__TermRef *const *a, size_t a_count,
	Lectern__V1__TermRef *const *b, size_t b_count)
{
	bool same = a_count == b_count;
	for (size_t i = 0; same && i < a_count; i++)
		same = a[i]->id == b[i]->id;
	return same;
}

static bool same_time(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return timestamp_to_us(a) == timestamp_to_us(b);
}

static bool same_series(const Lectern__V1__SeriesRef *a, const Lectern__V1__SeriesRef *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->id == b->id && a->part == b->part;
}

static bool same_attributes(const Lectern__V1__Post *a, const Lectern__V1__Post *b)
{
	bool same = a->n_attributes == b->n_attributes;
	for (size_t i = 0; same && i < a->n_attributes; i++)
		same = strcmp(a->attributes[i]->key, b->attributes[i]->key) == 0 &&
		       strcmp(a->attributes[i]->value, b->attributes[i]->value) == 0;
	return same;
}

/* What became of the state; NULL where it is the same. */
static const char *state_change(const Lectern__V1__Post *old, const Lectern__V1__Post *post)
{
	if (old->state == post->state)
		return NULL;
	if (old->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		return "taken out of the trash";
	switch (post->state) {
	case LECTERN__V1__POST_STATE__POST_STATE_DRAFT:
		return "made a draft";
	case LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED:
		return "scheduled";
	case LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED:
		return "published";
	case LECTERN__V1__POST_STATE__POST_STATE_EXPIRED:
		return "expired";
	case LECTERN__V1__POST_STATE__POST_STATE_TRASHED:
		return "put into the trash";
	case LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED:
	case _LECTERN__V1__POST_STATE_IS_INT_SIZE:
		break;
	}
	return NULL;
}

enum { FIELDS_MAX = 16 };

static size_t changed_fields(const Lectern__V1__Post *old, const Lectern__V1__Post *post, bool body,
	const char *names[FIELDS_MAX])
{
	const struct {
		bool changed;
		const char *name;
	} fields[] = {
		{ strcmp(old->title, post->title) != 0, "title" },
		{ body, "body" },
		{ strcmp(old->excerpt, post->excerpt) != 0, "excerpt" },
		{ strcmp(old->slug, post->slug) != 0, "slug" },
		{ !same_refs(old->tags, old->n_tags, post->tags, post->n_tags), "tags" },
		{ !same_refs(
			  old->categories, old->n_categories, post->categories, post->n_categories),
			"categories" },
		{ !same_refs(old->authors, old->n_authors, post->authors, post->n_authors),
			"authors" },
		{ !same_series(old->series, post->series), "series" },
		{ !same_time(old->publish_time, post->publish_time), "publish time" },
		{ !same_time(old->expire_time, post->expire_time), "expire time" },
		{ strcmp(old->language, post->language) != 0, "language" },
		{ old->featured != post->featured, "featured" },
		{ strcmp(old->cover_image_url, post->cover_image_url) != 0, "cover image" },
		{ strcmp(old->canonical_url, post->canonical_url) != 0, "canonical URL" },
		{ !same_attributes(old, post), "attributes" },
	};
	_Static_assert(sizeof fields / sizeof *fields <= FIELDS_MAX, "every name has its place");
	size_t count = 0;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields[i].changed)
			names[count++] = fields[i].name;
	return count;
}

void history_describe(const Lectern__V1__Post *old, const Lectern__V1__Post *post, bool body,
	char out[LIMIT_NOTE_SUMMARY_BYTES + 1])
{
	const size_t size = LIMIT_NOTE_SUMMARY_BYTES + 1;
	const char *names[FIELDS_MAX];
	const char *state = old == NULL ? "created" : state_change(old, post);
	size_t count = old == NULL ? 0 : changed_fields(old, post, body, names);
	size_t used = 0;
	/* The names and what stands between them are far shorter than a summary may be. */
	if (state != NULL)
		used = (size_t)snprintf(out, size, "%s%s", state, count > 0 ? "; " : "");
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s",
			i == 0		 ? ""
			: i + 1 == count ? " and "
					 : ", ",
			names[i]);
	if (count > 0)
		snprintf(out + used, size - used, " changed");
	else if (state == NULL)
		snprintf(out, size, "rendered anew");
}
