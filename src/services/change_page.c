#include "services/change_page.h"

#include "base/wire.h"
#include "store/change_log.h"
#include "store/post.h"

#include <inttypes.h>

enum {
	/* Field numbers of ListChangesResponse. */
	FIELD_CHANGES = 1,
	FIELD_REVISION = 2,
	FIELD_OLDEST_REVISION = 3,
	FIELD_EPOCH = 4,
	FIELD_POST = 13, /* of Change */
	POST_PARTS_MAX = 3,
	HEAD_BYTES = 2 * WIRE_VARINT_BYTES_MAX,
};

/* A post that changes of the page are about. */
struct changed_post {
	uint64_t id;			  /* 0: the place is free */
	const struct page_change *latest; /* the last one of the page */
	struct post_parts parts;	  /* none where the post is gone */
};

struct page_change {
	struct slice record;
	struct changed_post *post; /* NULL where none is wanted */
};

/* A page on its way. */
struct change_page {
	struct txn *txn;
	struct reply *reply;
	const struct change_query *query;
	struct page_change *changes;
	size_t count;
	size_t size_bytes;	    /* of changes and posts */
	struct changed_post *posts; /* a hash table with open addressing */
	size_t post_places;	    /* a power of two */
};

static void tell_log(struct txn *txn, struct error *err)
{
	struct slice epoch = change_log_epoch(txn);
	error_tell(err, "oldest_revision", "%" PRIu64, change_log_oldest(txn));
	error_tell(err, "revision", "%" PRIu64, txn_revision(txn));
	error_tell(err, "epoch", "%.*s", (int)epoch.size, (const char *)epoch.data);
}

enum code change_query_check(
	struct txn *txn, const struct change_query *query, const char *epoch, struct error *err)
{
	uint64_t after = query->after_revision;
	uint64_t revision = txn_revision(txn);
	uint64_t oldest = change_log_oldest(txn);
	enum code code = txn_status(txn, err);
	if (code != CODE_OK)
		return code;
	if (epoch[0] != '\0' && !slice_equals(slice_of_text(epoch), change_log_epoch(txn)))
		code = fail_field(err, CODE_OUT_OF_RANGE, "EPOCH_CHANGED", "epoch",
			"the store has another history now, and revision %" PRIu64
			" may be another change there; read everything anew",
			after);
	else if (after > revision)
		code = fail_field(err, CODE_OUT_OF_RANGE, "REVISION_AHEAD", "after_revision",
			"the store is at revision %" PRIu64 " and has never been at %" PRIu64
			"; read everything anew",
			revision, after);
	else if (after + 1 < oldest)
		code = fail_field(err, CODE_OUT_OF_RANGE, "CHANGES_TRIMMED", "after_revision",
			"the oldest change that is kept is %" PRIu64 ", those from %" PRIu64
			" on are asked for; read everything anew",
			oldest, after + 1);
	if (code != CODE_OK)
		tell_log(txn, err);
	return code;
}

static bool make_room(struct change_page *page, size_t count_max)
{
	struct arena *arena = page->reply->arena;
	page->changes = arena_calloc(arena, count_max, sizeof *page->changes);
	if (page->query->view == LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED)
		return page->changes != NULL;
	for (page->post_places = 1; page->post_places < 2 * count_max;)
		page->post_places *= 2;
	page->posts = arena_calloc(arena, page->post_places, sizeof *page->posts);
	return page->changes != NULL && page->posts != NULL;
}

/* The place of the post, which is read when it is met for the first time. */
static struct changed_post *find_post(struct change_page *page, uint64_t id)
{
	/* Fibonacci hashing: ids are dense. */
	size_t at = (size_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
	struct changed_post *post = &page->posts[at & (page->post_places - 1)];
	while (post->id != 0 && post->id != id)
		post = &page->posts[++at & (page->post_places - 1)];
	if (post->id == 0) {
		post->id = id;
		if (!post_read(page->txn, id, page->query->view, &post->parts)) {
			if (post->parts.count > 0) /* its summary is there */
				txn_fail_corrupt(page->txn, "post", id);
			post->parts = (struct post_parts){ .count = 0 };
		}
	}
	return post;
}

/* False: an entry of the log is missing or cannot be read. */
static bool fail_page(struct change_page *page, uint64_t revision)
{
	txn_fail_corrupt(page->txn, "change", revision);
	return false;
}

/* False if the page is full without it. */
static bool add_change(struct change_page *page, uint64_t revision, struct slice record)
{
	Lectern__V1__Entity entity;
	uint64_t id;
	struct changed_post *post = NULL;
	size_t size_bytes = record.size + HEAD_BYTES;
	if (!change_log_subject(record, &entity, &id))
		return fail_page(page, revision);
	if (page->posts != NULL && entity == LECTERN__V1__ENTITY__ENTITY_POST)
		post = find_post(page, id);
	if (post != NULL && post->latest == NULL)
		size_bytes += post->parts.size_bytes + HEAD_BYTES;
	if (page->count > 0 && page->size_bytes + size_bytes > page->query->bytes_max)
		return false;
	struct page_change *change = &page->changes[page->count++];
	*change = (struct page_change){ .record = record, .post = post };
	if (post != NULL)
		post->latest = change;
	page->size_bytes += size_bytes;
	return true;
}

static void collect(struct change_page *page, size_t count_max)
{
	struct key key;
	struct walk walk;
	uint64_t revision = page->query->after_revision + 1;
	key_change(&key, revision);
	walk_start(&walk, page->txn, TABLE_CHANGE, key_slice(&key));
	bool more = true;
	for (; more && page->count < count_max; revision++) {
		uint64_t at;
		if (walk_next(&walk) && key_read_change(walk.key, &at) && at == revision)
			more = add_change(page, revision, walk.value);
		else
			more = fail_page(page, revision);
	}
	walk_end(&walk);
}

/* The record and, in the last change of a post, the post as the records that it is made of. */
static void reply_change(struct reply *reply, const struct page_change *change)
{
	struct slice parts[2 + POST_PARTS_MAX] = { change->record };
	size_t count = 1;
	const struct changed_post *post = change->post;
	if (post != NULL && post->latest == change && post->parts.count > 0) {
		uint8_t *head = arena_alloc(reply->arena, HEAD_BYTES);
		if (head == NULL) {
			reply->failed = true;
			return;
		}
		size_t size = wire_put_bytes_head(head, FIELD_POST, post->parts.size_bytes);
		parts[count++] = slice_of(head, size);
		for (size_t i = 0; i < post->parts.count; i++)
			parts[count++] = post->parts.parts[i];
	}
	reply_message(reply, FIELD_CHANGES, parts, count);
}

static void reply_log(struct txn *txn, struct reply *reply)
{
	char *epoch = arena_text(reply->arena, change_log_epoch(txn));
	reply_uint(reply, FIELD_REVISION, txn_revision(txn));
	reply_uint(reply, FIELD_OLDEST_REVISION, change_log_oldest(txn));
	if (epoch == NULL)
		reply->failed = true;
	else
		reply_text(reply, FIELD_EPOCH, epoch);
}

enum code change_page_reply(struct txn *txn, struct reply *reply, const struct change_query *query,
	size_t *count, struct error *err)
{
	struct change_page page = { .txn = txn, .reply = reply, .query = query };
	uint64_t left = txn_revision(txn) - query->after_revision;
	size_t count_max = left < query->page_size ? (size_t)left : query->page_size;
	if (count_max > 0 && !make_room(&page, count_max))
		return fail_out_of_memory(err);
	if (count_max > 0)
		collect(&page, count_max);
	for (size_t i = 0; i < page.count; i++)
		reply_change(reply, &page.changes[i]);
	reply_log(txn, reply);
	*count = page.count;
	return txn_status(txn, err);
}
