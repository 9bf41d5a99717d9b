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

/* Answers are kept for repeats: the first one counts, whatever the store looks like by now. One
 * that is there counts even if the clock says that its time is over: the clock may have jumped. */
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
	if (!slice_equals(slice_of(answer->fingerprint.data, answer->fingerprint.len),
		    slice_of(command->fingerprint.data, command->fingerprint.len))) {
		*code = fail_field(err, CODE_INVALID_ARGUMENT, "REQUEST_ID_REUSED", "request_id",
			"was used for another request; make a new id for each write");
		return true;
	}
	ret->payload = slice_of(answer->payload.data, answer->payload.len);
	ret->revision = answer->revision;
	*code = CODE_OK;
	return true;
}

static void keep_answer(struct apply *apply, const Lectern__Store__V1__Command *command)
{
	struct slice request_id = slice_of_text(command->request_id);
	struct key key;
	key_answer(&key, request_id);
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
	case LECTERN__STORE__V1__COMMAND__OPERATION_ROLLBACK_POST:
		return apply_rollback_post(apply, command->rollback_post, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_TERMS:
		return apply_merge_terms(apply, command->merge_terms, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_RETENTION:
		return apply_retention(apply, command->apply_retention, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_POST:
		return apply_import_post(apply, command->import_post, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_REVISION:
		return apply_import_revision(apply, command->import_revision, err);
	case LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_TERM:
		return apply_import_term(apply, command->import_term, err);
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

/* Of an import come more posts. */
static uint64_t recent_posts(const Lectern__Store__V1__Command *command)
{
	return command->operation_case == LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_POST
		       ? SEARCH_RECENT_IMPORTED
		       : SEARCH_RECENT_POSTS;
}

enum code apply_command(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const struct search_prepared *prepared, const Lectern__Store__V1__Command *command,
	struct apply_result *ret, struct error *err)
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
		.prepared = prepared,
		.recent_posts = recent_posts(command),
		.now_us = command->time_us,
		.revisions_kept = command->revisions_kept,
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

void apply_answer_result(struct apply *apply, uint32_t field_number, int result)
{
	struct slice payload = apply->payload;
	uint8_t *bytes = arena_alloc(apply->arena, payload.size + 2 * WIRE_VARINT_BYTES_MAX);
	if (bytes == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	if (payload.size > 0)
		memcpy(bytes, payload.data, payload.size);
	size_t size = wire_put_uint(bytes + payload.size, field_number, (uint64_t)result);
	apply->payload = slice_of(bytes, payload.size + size);
}

enum code apply_check_etag(
	const char *expected, const char *current, const char *what, struct error *err)
{
	if (expected[0] == '\0' || strcmp(expected, current) == 0)
		return CODE_OK;
	fail_field(err, CODE_ABORTED, "ETAG_MISMATCH", "etag",
		"the %s has changed: you sent \"%s\", it is \"%s\"; read it again and repeat", what,
		expected, current);
	error_tell(err, "etag_sent", "%s", expected);
	error_tell(err, "etag_current", "%s", current);
	return CODE_ABORTED;
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
