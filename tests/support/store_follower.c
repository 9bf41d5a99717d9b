#include "support/store_follower.h"

#include "base/arena.h"
#include "store/post.h"
#include "store/term.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_BYTES = 64 << 20 };
static const Lectern__V1__Entity POST = LECTERN__V1__ENTITY__ENTITY_POST;

static struct followed *find(struct follower *follower, Lectern__V1__Entity entity, uint64_t id)
{
	for (size_t i = 0; i < follower->count; i++)
		if (follower->entities[i].entity == entity && follower->entities[i].id == id)
			return &follower->entities[i];
	return NULL;
}

static struct followed *add(struct follower *follower, Lectern__V1__Entity entity, uint64_t id)
{
	if (follower->count == follower->capacity) {
		follower->capacity = 2 * follower->capacity + 64;
		follower->entities = realloc(
			follower->entities, follower->capacity * sizeof *follower->entities);
		assert_non_null(follower->entities);
	}
	struct followed *one = &follower->entities[follower->count++];
	*one = (struct followed){ .entity = entity, .id = id };
	return one;
}

static void take(
	struct followed *one, const char *slug, const char *etag, Lectern__V1__PostState state)
{
	snprintf(one->slug, sizeof one->slug, "%s", slug);
	snprintf(one->etag, sizeof one->etag, "%s", etag);
	one->state = state;
}

/* What the change says of before must be what is known. */
static void follow(struct follower *follower, const Lectern__V1__Change *change)
{
	struct followed *one = find(follower, change->entity, change->id);
	bool created = change->kind == LECTERN__V1__CHANGE_KIND__CHANGE_KIND_CREATED;
	if (created != (one == NULL))
		fail_msg("revision %" PRIu64 ": entity (%d, %" PRIu64 ") is %s", change->revision,
			(int)change->entity, change->id, created ? "made again" : "not known");
	if (one == NULL)
		one = add(follower, change->entity, change->id);
	else
		assert_string_equal(one->slug,
			change->former_slug[0] != '\0' ? change->former_slug : change->slug);
	if (change->entity == POST)
		assert_int_equal(change->former_state, one->state);
	bool gone = change->kind == LECTERN__V1__CHANGE_KIND__CHANGE_KIND_PURGED ||
		    (change->kind == LECTERN__V1__CHANGE_KIND__CHANGE_KIND_DELETED &&
			    change->entity != POST);
	assert_true(gone == (change->etag[0] == '\0'));
	if (gone)
		*one = follower->entities[--follower->count];
	else
		take(one, change->slug, change->etag, change->state);
}

/* Calls `visit` for each entity that there is. */
static void each_entity(struct txn *txn, struct follower *follower,
	void (*visit)(struct follower *follower, const struct followed *found))
{
	struct walk walk;
	struct arena arena;
	arena_init(&arena, ARENA_BYTES);
	walk_start(&walk, txn, TABLE_TERM, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		struct followed found = { .id = 0 };
		uint8_t kind;
		arena_reset(&arena);
		assert_true(key_read_term(walk.key, &kind, &found.id));
		if (kind == LECTERN__V1__ENTITY__ENTITY_SERIES)
			continue;
		Lectern__Store__V1__Term *term = term_unpack(txn, &arena, kind, found.id);
		assert_non_null(term);
		found.entity = (Lectern__V1__Entity)kind;
		take(&found, term->slug, term->etag, 0);
		visit(follower, &found);
	}
	walk_end(&walk);
	walk_start(&walk, txn, TABLE_POST, slice_of(NULL, 0));
	while (walk_next(&walk)) {
		struct followed found = { .entity = POST };
		enum post_part part;
		arena_reset(&arena);
		assert_true(key_read_post(walk.key, &found.id, &part));
		if (part != POST_SUMMARY)
			continue;
		Lectern__V1__Post *post = post_unpack_summary(txn, &arena, found.id);
		assert_non_null(post);
		take(&found, post->slug, post->etag, post->state);
		visit(follower, &found);
	}
	walk_end(&walk);
	assert_int_equal(txn_status(txn, NULL), CODE_OK);
	arena_done(&arena);
}

static void read_one(struct follower *follower, const struct followed *found)
{
	*add(follower, found->entity, found->id) = *found;
}

static void read_anew(struct follower *follower, struct txn *txn)
{
	follower->count = 0;
	follower->restarts++;
	follower->revision = txn_revision(txn);
	each_entity(txn, follower, read_one);
}

static void read_log(struct follower *follower, struct txn *txn)
{
	struct key key;
	struct walk walk;
	struct arena arena;
	arena_init(&arena, ARENA_BYTES);
	key_change(&key, follower->revision + 1);
	walk_start(&walk, txn, TABLE_CHANGE, key_slice(&key));
	while (walk_next(&walk)) {
		arena_reset(&arena);
		Lectern__V1__Change *change = lectern__v1__change__unpack(
			&arena.allocator, walk.value.size, walk.value.data);
		assert_non_null(change);
		assert_true(change->revision == follower->revision + 1);
		follow(follower, change);
		follower->revision++;
		follower->changes++;
	}
	walk_end(&walk);
	assert_true(follower->revision == txn_revision(txn));
	arena_done(&arena);
}

void follower_catch_up(struct follower *follower, struct store *store)
{
	struct txn *txn;
	struct error err;
	struct walk walk;
	uint64_t oldest;
	assert_int_equal(store_snapshot(store, &txn, &err), CODE_OK);
	oldest = txn_revision(txn) + 1;
	walk_start(&walk, txn, TABLE_CHANGE, slice_of(NULL, 0));
	if (walk_next(&walk))
		assert_true(key_read_change(walk.key, &oldest));
	walk_end(&walk);
	if (oldest > follower->revision + 1)
		read_anew(follower, txn);
	else
		read_log(follower, txn);
	store_release(store, txn);
}

static size_t compared;

static void compare_one(struct follower *follower, const struct followed *found)
{
	const struct followed *known = find(follower, found->entity, found->id);
	compared++;
	if (known == NULL || strcmp(known->slug, found->slug) != 0 ||
		strcmp(known->etag, found->etag) != 0 || known->state != found->state)
		fail_msg("entity (%d, %" PRIu64 ") is slug %s, etag %s, state %d; the follower has "
			 "slug %s, etag %s, state %d",
			(int)found->entity, found->id, found->slug, found->etag, (int)found->state,
			known == NULL ? "-" : known->slug, known == NULL ? "-" : known->etag,
			known == NULL ? 0 : (int)known->state);
}

void follower_compare(struct follower *follower, struct store *store)
{
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(store, &txn, &err), CODE_OK);
	compared = 0;
	each_entity(txn, follower, compare_one);
	assert_int_equal(compared, follower->count);
	store_release(store, txn);
}

void follower_done(struct follower *follower)
{
	free(follower->entities);
	*follower = (struct follower){ .count = 0 };
}
