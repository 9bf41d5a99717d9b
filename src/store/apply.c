#include "store/apply.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/wire.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/search_index.h"
#include "store/term.h"

#include <inttypes.h>
#include <stdio.h>
#include <times.h>

/* Answers are kept for repeats: the first one counts, whatever the store looks like by now. */
static bool find_answer(struct apply *apply, const Lectern__Store__V1__Command *command,
	struct apply_result *ret, enum code *code, struct error *err)
{
	struct key key;
	struct slice record;
	key_answer(&key, slice_of_text(command->request_id));
	if (!txn_get(apply->txn, TABLE_ANSWER, &key, &record))
		return false;
	Lectern__Store__V1__Answer *answer = lectern__store__v1__answer__unpack(
		&apply->arena->allocator, record.size, record.data);
	if (answer == NULL) {
		txn_fail_corrupt(apply->txn, "answer", 0);
		return false;
	}
	if (answer->expire_time_us <= command->time_us)
		return false;
	if (!slice_equals(slice_of(answer->fingerprint.data, answer->fingerprint.len),
		    slice_of(command->fingerprint.data, command->fingerprint.len))) {
		*code = fail_field(err, CODE_INVALID_ARGUMENT, "REQUEST_ID_REUSED", "request_id",
			"was used for another request within 24 hours; make a new id for each "
			"write");
		return true;
	}
	ret->payload = slice_of(answer->payload.data, answer->payload.len);
	ret->revision = answer->revision;
	*code = CODE_OK;
	return true;
}

/* Removes an answer that is kept too long. */
static void forget_answer(struct apply *apply, struct slice request_id, int64_t expire_time_us)
{
	struct key key;
	key_answer_expiry(&key, expire_time_us, request_id);
	struct key answer_key;
	key_answer(&answer_key, request_id);
	txn_delete(apply->txn, TABLE_ANSWER_EXPIRY, &key);
	txn_delete(apply->txn, TABLE_ANSWER, &answer_key);
}

static void keep_answer(struct apply *apply, const Lectern__Store__V1__Command *command)
{
	struct slice request_id = slice_of_text(command->request_id);
	struct key key;
	struct slice old;
	key_answer(&key, request_id);
	if (txn_get(apply->txn, TABLE_ANSWER, &key, &old)) { /* expired, but not yet removed */
		Lectern__Store__V1__Answer *answer = lectern__store__v1__answer__unpack(
			&apply->arena->allocator, old.size, old.data);
		if (answer != NULL)
			forget_answer(apply, request_id, answer->expire_time_us);
	}
	Lectern__Store__V1__Answer answer = LECTERN__STORE__V1__ANSWER__INIT;
	answer.fingerprint = command->fingerprint;
	answer.expire_time_us = command->time_us + REQUEST_ID_TTL_US;
	answer.payload.data = (uint8_t *)(uintptr_t)apply->payload.data;
	answer.payload.len = apply->payload.size;
	answer.revision = apply->revision - 1;
	struct slice record = arena_pack(apply->arena, &answer.base);
	if (record.data == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	txn_put(apply->txn, TABLE_ANSWER, &key, record);
	key_answer_expiry(&key, answer.expire_time_us, request_id);
	txn_put(apply->txn, TABLE_ANSWER_EXPIRY, &key, slice_of(NULL, 0));
}

static enum code run(
	struct apply *apply, const Lectern__Store__V1__Command *command, struct error *err)
{
	switch (command->operation_case) {
	case LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST:
		return apply_put_post(apply, command->put_post, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_MOVE_POST:
		return apply_move_post(apply, command->move_post, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM:
		return apply_put_term(apply, command->put_term, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_DELETE_TERM:
		return apply_delete_term(apply, command->delete_term, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_DUE:
		return apply_due(apply, command->apply_due, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_SEARCH:
		search_index_merge(apply->txn, apply->words);
		return txn_status(apply->txn, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION__NOT_SET:
	case _LECTERN__STORE__V1__COMMAND__OPERATION__CASE_IS_INT_SIZE:
		break;
	}
	return fail(err, CODE_INTERNAL, "the command has no operation");
}

static enum code apply_in(struct apply *apply, const Lectern__Store__V1__Command *command,
	struct apply_result *ret, struct error *err)
{
	bool has_id = command->request_id[0] != '\0';
	enum code code = CODE_OK;
	if (has_id && find_answer(apply, command, ret, &code, err))
		return code;
	code = run(apply, command, err);
	if (code != CODE_OK)
		return code;
	if (has_id)
		keep_answer(apply, command);
	ret->payload = apply->payload;
	ret->revision = apply->revision - 1;
	return txn_status(apply->txn, err);
}

enum code apply_command(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const Lectern__Store__V1__Command *command, struct apply_result *ret, struct error *err)
{
	struct arena scratch;
	struct arena words;
	arena_init(&scratch, LIMIT_ARENA_BYTES);
	arena_init(&words, SEARCH_ARENA_BYTES);
	struct apply apply = {
		.txn = txn,
		.arena = arena,
		.scratch = &scratch,
		.words = &words,
		.analyzer = analyzer,
		.now_us = command->time_us,
		.revision = txn_revision(txn) + 1,
		.payload = slice_of("", 0),
	};
	enum code code = txn_status(txn, err);
	if (code == CODE_OK)
		code = apply_in(&apply, command, ret, err);
	/* A damaged store is the better explanation of whatever went wrong after it. */
	enum code status = txn_status(txn, err);
	arena_done(&scratch);
	arena_done(&words);
	return status == CODE_OK ? code : status;
}

void apply_log_change(struct apply *apply, const Lectern__Store__V1__Change *change)
{
	Lectern__Store__V1__Change entry = *change;
	entry.revision = apply->revision;
	entry.time_us = apply->now_us;
	struct slice record = arena_pack(apply->arena, &entry.base);
	struct key key;
	key_change(&key, apply->revision);
	if (record.data == NULL)
		txn_fail_memory(apply->txn);
	else
		txn_put(apply->txn, TABLE_CHANGE, &key, record);
	txn_put_meta(apply->txn, META_REVISION, apply->revision);
	apply->revision++;
}

char *apply_etag(struct apply *apply, struct arena *arena)
{
	char *etag = arena_printf(arena, "%" PRIx64, apply->revision);
	if (etag == NULL)
		txn_fail_memory(apply->txn);
	return etag;
}

void apply_answer(struct apply *apply, struct slice piece, struct slice more)
{
	uint8_t *bytes =
		arena_alloc(apply->arena, 2 * WIRE_VARINT_BYTES_MAX + piece.size + more.size);
	if (bytes == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	size_t size = wire_put_bytes_head(bytes, 1, piece.size + more.size);
	if (piece.size > 0)
		memcpy(bytes + size, piece.data, piece.size);
	size += piece.size;
	if (more.size > 0)
		memcpy(bytes + size, more.data, more.size);
	apply->payload = slice_of(bytes, size + more.size);
}

enum code apply_check_etag(
	const char *expected, const char *current, const char *what, struct error *err)
{
	if (expected[0] == '\0' || strcmp(expected, current) == 0)
		return CODE_OK;
	return fail_field(err, CODE_ABORTED, "ETAG_MISMATCH", "etag",
		"the %s has changed: you sent \"%s\", it is \"%s\"; read it again and repeat", what,
		expected, current);
}

static bool slug_is_free(struct apply *apply, enum slug_space space, const char *slug)
{
	struct key key;
	key_slug(&key, space, slice_of_text(slug));
	return !txn_has(apply->txn, TABLE_SLUG, &key);
}

char *apply_free_slug(struct apply *apply, enum slug_space space, const char *base)
{
	enum { SUFFIX_BYTES = 21 }; /* "-" and a 64-bit number */
	struct slice text = slice_of_text(base);
	char *slug = arena_text(apply->arena, text);
	/* Doubling, then halving: a slug used n times costs 2 log n look-ups. */
	uint64_t taken = 1;
	uint64_t free_number = 0;
	for (uint64_t step = 1; slug != NULL && !slug_is_free(apply, space, slug);) {
		if (txn_status(apply->txn, NULL) != CODE_OK)
			return NULL;
		taken = step;
		step = step == 1 ? 2 : step * 2;
		free_number = step;
		size_t kept = text_cut(text, LIMIT_SLUG_BYTES - SUFFIX_BYTES);
		slug = arena_printf(apply->arena, "%.*s-%" PRIu64, (int)kept, base, free_number);
	}
	while (slug != NULL && free_number > taken + 1) {
		uint64_t middle = taken + (free_number - taken) / 2;
		size_t kept = text_cut(text, LIMIT_SLUG_BYTES - SUFFIX_BYTES);
		char *candidate =
			arena_printf(apply->arena, "%.*s-%" PRIu64, (int)kept, base, middle);
		if (candidate == NULL || slug_is_free(apply, space, candidate)) {
			slug = candidate;
			free_number = middle;
		} else {
			taken = middle;
		}
	}
	if (slug == NULL)
		txn_fail_memory(apply->txn);
	return slug;
}

static void put_slug(
	struct apply *apply, enum slug_space space, const char *slug, uint64_t id, bool former)
{
	struct key key;
	uint8_t value[VALUE_SLUG_BYTES];
	key_slug(&key, space, slice_of_text(slug));
	value_slug(value, id, former);
	txn_put(apply->txn, TABLE_SLUG, &key, slice_of(value, sizeof value));
}

static void delete_slug(struct apply *apply, enum slug_space space, const char *slug)
{
	struct key key;
	key_slug(&key, space, slice_of_text(slug));
	txn_delete(apply->txn, TABLE_SLUG, &key);
}

void apply_slug_change(struct apply *apply, enum slug_space space, uint64_t id,
	const char *former_slug, const char *slug, char ***aliases, size_t *alias_count)
{
	if (former_slug != NULL && strcmp(former_slug, slug) == 0)
		return;
	char **list = arena_calloc(apply->arena, *alias_count + 1, sizeof *list);
	if (list == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	size_t count = 0;
	for (size_t i = 0; i < *alias_count; i++)
		if (strcmp((*aliases)[i], slug) != 0)
			list[count++] = (*aliases)[i];
	if (former_slug != NULL) {
		list[count++] = arena_text(apply->arena, slice_of_text(former_slug));
		if (list[count - 1] == NULL) {
			txn_fail_memory(apply->txn);
			return;
		}
		put_slug(apply, space, former_slug, id, true);
	}
	if (count > LIMIT_ALIASES) {
		delete_slug(apply, space, list[0]);
		list++;
		count--;
	}
	put_slug(apply, space, slug, id, false);
	*aliases = list;
	*alias_count = count;
}

void apply_slug_remove(struct apply *apply, enum slug_space space, const char *slug,
	char *const *aliases, size_t alias_count)
{
	delete_slug(apply, space, slug);
	for (size_t i = 0; i < alias_count; i++)
		delete_slug(apply, space, aliases[i]);
}

uint64_t apply_next_id(struct apply *apply, const char *meta_name)
{
	uint64_t id = txn_meta(apply->txn, meta_name) + 1;
	txn_put_meta(apply->txn, meta_name, id);
	return id;
}

Google__Protobuf__Timestamp *apply_timestamp(struct arena *arena, int64_t time_us)
{
	Google__Protobuf__Timestamp *timestamp = arena_alloc(arena, sizeof *timestamp);
	if (timestamp != NULL)
		timestamp_from_us(timestamp, time_us);
	return timestamp;
}

bool apply_next_due_us(struct txn *txn, int64_t *ret)
{
	struct walk walk;
	uint64_t id;
	walk_start(&walk, txn, TABLE_DUE, slice_of(NULL, 0));
	bool found = walk_next(&walk) && key_read_due(walk.key, ret, &id);
	walk_end(&walk);
	return found;
}

bool apply_next_expiry_us(struct txn *txn, int64_t *ret)
{
	struct walk walk;
	struct slice request_id;
	walk_start(&walk, txn, TABLE_ANSWER_EXPIRY, slice_of(NULL, 0));
	bool found = walk_next(&walk) && key_read_answer_expiry(walk.key, ret, &request_id);
	walk_end(&walk);
	return found;
}

/* Publishes or expires one post whose time has come. */
static void apply_due_post(struct apply *apply, uint64_t id, int64_t due_us)
{
	arena_reset(apply->scratch);
	int64_t own_us;
	Lectern__V1__Post *old = post_unpack_summary(apply->txn, apply->scratch, id);
	/* An entry that the post knows nothing of would come up again for ever. */
	if (old == NULL || !post_due_us(old, &own_us) || own_us != due_us) {
		txn_fail_corrupt(apply->txn, "due post", id);
		return;
	}
	Lectern__V1__Post post = *old;
	bool expired =
		post.expire_time != NULL && timestamp_to_us(post.expire_time) <= apply->now_us;
	post.state = expired ? LECTERN__V1__POST_STATE__POST_STATE_EXPIRED
			     : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.update_time = apply_timestamp(apply->scratch, apply->now_us);
	apply_store_post(apply, apply->scratch, old, &post, false);
	Lectern__Store__V1__Change change = LECTERN__STORE__V1__CHANGE__INIT;
	change.entity = LECTERN__STORE__V1__ENTITY__ENTITY_POST;
	change.kind = LECTERN__STORE__V1__CHANGE__KIND__KIND_UPDATED;
	change.id = id;
	change.slug = post.slug;
	change.etag = post.etag;
	apply_log_change(apply, &change);
}

enum code apply_due(struct apply *apply, const Lectern__Store__V1__ApplyDue *op, struct error *err)
{
	int64_t due_us;
	for (uint32_t i = 0; i < op->max_count && apply_next_due_us(apply->txn, &due_us) &&
			     due_us <= apply->now_us;
		i++) {
		struct walk walk;
		uint64_t id = 0;
		walk_start(&walk, apply->txn, TABLE_DUE, slice_of(NULL, 0));
		bool found = walk_next(&walk) && key_read_due(walk.key, &due_us, &id);
		walk_end(&walk);
		if (found)
			apply_due_post(apply, id, due_us);
	}
	for (uint32_t i = 0; i < op->max_count; i++) {
		struct walk walk;
		int64_t expire_us = INT64_MAX;
		struct slice request_id;
		char copy[LIMIT_REQUEST_ID_BYTES];
		walk_start(&walk, apply->txn, TABLE_ANSWER_EXPIRY, slice_of(NULL, 0));
		bool found = walk_next(&walk) &&
			     key_read_answer_expiry(walk.key, &expire_us, &request_id) &&
			     request_id.size <= sizeof copy;
		if (found)
			memcpy(copy, request_id.data, request_id.size);
		walk_end(&walk);
		if (!found || expire_us > apply->now_us)
			break;
		forget_answer(apply, slice_of(copy, request_id.size), expire_us);
	}
	return txn_status(apply->txn, err);
}
