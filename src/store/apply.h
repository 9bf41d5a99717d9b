/*
 * Applying commands: the only code that changes content. A pure function of the store and the
 * command; no clock, no randomness, no I/O. Everything that can be refused is checked before the
 * first write.
 */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "store/txn.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <lectern/store/v1/command.pb-c.h>

/* One command at work. */
struct apply {
	struct txn *txn;
	struct arena *arena;   /* lives as long as the result */
	struct arena *scratch; /* reset for each of the many posts that a term change touches */
	struct arena *words;   /* reset for each post whose words are indexed */
	struct analyzer *analyzer;
	int64_t now_us;
	uint64_t revision; /* that the next change makes */
	struct slice payload;
};

struct apply_result {
	struct slice payload; /* the response message, encoded, in the arena */
	uint64_t revision;    /* of the store after the command */
};

/* Applies one command; the analyzer is a tool that is made once. After a failure txn_writes() tells
 * whether the transaction is still as it was before. */
enum code apply_command(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const Lectern__Store__V1__Command *command, struct apply_result *ret, struct error *err)
	NODISCARD;

/* The earliest time at which ApplyDue has something to do for a post; false if never. */
bool apply_next_due_us(struct txn *txn, int64_t *ret);

/* The earliest time at which ApplyDue has an answer to forget; false if there is none. */
bool apply_next_expiry_us(struct txn *txn, int64_t *ret);

/* Operations, one file each kind: apply_post.c, apply_term.c. */
enum code apply_put_post(
	struct apply *apply, const Lectern__Store__V1__PutPost *op, struct error *err) NODISCARD;
enum code apply_move_post(
	struct apply *apply, const Lectern__Store__V1__MovePost *op, struct error *err) NODISCARD;
enum code apply_due(struct apply *apply, const Lectern__Store__V1__ApplyDue *op, struct error *err)
	NODISCARD;
enum code apply_put_term(
	struct apply *apply, const Lectern__Store__V1__PutTerm *op, struct error *err) NODISCARD;
enum code apply_delete_term(
	struct apply *apply, const Lectern__Store__V1__DeleteTerm *op, struct error *err) NODISCARD;

/* Tools of the operations. */

/* Writes the change log's entry of one change and moves to the next revision. */
void apply_log_change(struct apply *apply, const Lectern__Store__V1__Change *change);

/* The etag that belongs to the revision that is being made; NULL when out of memory. */
char *apply_etag(struct apply *apply, struct arena *arena);

/* A response whose field 1 is the concatenation of two pieces of one message. */
void apply_answer(struct apply *apply, struct slice piece, struct slice more);

/* CODE_OK if `expected` is empty or the current etag, else ABORTED with both. */
enum code apply_check_etag(
	const char *expected, const char *current, const char *what, struct error *err) NODISCARD;

/* Whether the mask of a PutPost or PutTerm has the field. */
static inline bool mask_has(uint64_t mask, unsigned field_number)
{
	return (mask >> field_number & 1) != 0;
}

/* A slug that is free in its space, "BASE", "BASE-2" and so on; NULL when out of memory. */
char *apply_free_slug(struct apply *apply, enum slug_space space, const char *base);

/* What happens to slug and aliases when an entity gets (another) slug or goes. former_slug is NULL
 * for a new entity. The lists are the record's; *aliases is replaced in the arena. */
void apply_slug_change(struct apply *apply, enum slug_space space, uint64_t id,
	const char *former_slug, const char *slug, char ***aliases, size_t *alias_count);
void apply_slug_remove(struct apply *apply, enum slug_space space, const char *slug,
	char *const *aliases, size_t alias_count);

/* Takes the next number of a sequence in TABLE_META, from 1. */
uint64_t apply_next_id(struct apply *apply, const char *meta_name);

/* A timestamp in the arena; NULL when out of memory. */
Google__Protobuf__Timestamp *apply_timestamp(struct arena *arena, int64_t time_us);

/* Finds the term that a reference means: 0 and an error if there is none (NOT_FOUND) or if it is
 * not clear (FAILED_PRECONDITION, INVALID_ARGUMENT). */
uint64_t apply_find_term(struct apply *apply, uint8_t kind, const Lectern__V1__TermRef *ref,
	const char *field, struct error *err);

/* Makes a term by name (or slug) in the way that create_missing_terms does; its id. */
uint64_t apply_make_term(struct apply *apply, uint8_t kind, const Lectern__V1__TermRef *ref);

/* A reference to an existing term as a record holds it; NULL when out of memory or missing. */
Lectern__V1__TermRef *apply_term_ref(
	struct apply *apply, struct arena *arena, uint8_t kind, uint64_t id);

/* Writes a new term with slug and name, all its index entries and its change; the id. */
uint64_t apply_insert_term(struct apply *apply, uint8_t kind, Lectern__Store__V1__Term *term);

/* Checks that every term that a PutPost names exists or may be made, before the first write. */
enum code apply_check_refs(struct apply *apply, const Lectern__Store__V1__PutPost *op,
	uint64_t mask, struct error *err) NODISCARD;

/* Gives the post the masked terms of `from` as complete references, each once; makes those that
 * are missing. */
void apply_take_refs(
	struct apply *apply, Lectern__V1__Post *post, const Lectern__V1__Post *from, uint64_t mask);

/* Removes a series that no post names any more. */
void apply_drop_unused_series(struct apply *apply, uint64_t id);

/* Writes a post in place of another one (NULL: none) with all its index entries; `content` says
 * whether the heavy part is to be written too. Does not log. */
void apply_store_post(struct apply *apply, struct arena *arena, const Lectern__V1__Post *old,
	Lectern__V1__Post *post, bool content);

/* What search and suggestions hold of a post; NULL: it is not there. To be called while the store
 * still has the records of `before`. If `content` is not set, the html stays as it is there. */
void apply_index_post(struct apply *apply, const Lectern__V1__Post *before,
	const Lectern__V1__Post *after, bool content);

/* What suggestions hold of a term; NULL: no such name. */
void apply_suggest_term(
	struct apply *apply, uint8_t kind, uint64_t id, const char *before, const char *after);

/* Every post of a list and of its hidden twin; ids in the arena. NULL when out of memory. */
uint64_t *apply_posts_of_term(
	struct apply *apply, uint8_t list, uint64_t term_id, size_t *ret_count);

/* Gives the posts that carry a term its new slug and name; replacement NULL takes it off. */
void apply_touch_posts(struct apply *apply, uint8_t kind, uint64_t term_id,
	const Lectern__Store__V1__Term *replacement);

/* The same for the categories below a category, whose records name it. */
void apply_touch_children(struct apply *apply, const Lectern__Store__V1__Term *term);

/* Takes posts out of all their lists, before a category moves, or puts them back into what are
 * theirs then, after it has moved. */
void apply_relist(struct apply *apply, const uint64_t *ids, size_t count, bool after);
