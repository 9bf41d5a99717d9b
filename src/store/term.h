/*
 * Terms: tags, categories, authors and series are one thing in the store, told apart by their kind
 * (store.v1.TermKind, which is also their slug space).
 */
#pragma once
#include "base/arena.h"
#include "store/txn.h"

#include <lectern/store/v1/record.pb-c.h>

/* "tag", "category", "author", "series". */
const char *term_kind_name(uint8_t kind);

/* The id that a slug stands for, 0 if none; *former tells whether it is one that the term had
 * before. */
uint64_t term_find_slug(struct txn *txn, uint8_t kind, struct slice slug, bool *former);

/* The term with a name, case and width folded: 0 if none. *ambiguous if several have it; then the
 * oldest is returned. */
uint64_t term_find_name(struct txn *txn, uint8_t kind, struct slice name, bool *ambiguous);

/* Whether two names are one, as term_find_name() compares them. */
bool term_same_name(const char *a, const char *b);

/* For a name that several have. */
enum code term_fail_ambiguous(uint8_t kind, const char *name, const char *field, struct error *err);

/* The record, in the store. False if there is none or the transaction has failed. */
bool term_read(struct txn *txn, uint8_t kind, uint64_t id, struct slice *ret);

/* The record, unpacked. NULL if there is none or the transaction has failed. */
Lectern__Store__V1__Term *term_unpack(
	struct txn *txn, struct arena *arena, uint8_t kind, uint64_t id);

/* Of a record. */
struct slice term_slug(struct slice record);
struct slice term_name(struct slice record);

/* The category above a category, 0 at the top. */
uint64_t term_parent(struct txn *txn, uint64_t category_id);
/* The same with *ret: an encoded TermRef, in the store; not set at the top. */
uint64_t term_parent_ref(struct txn *txn, uint64_t category_id, struct slice *ret);

/* Writes the record alone. */
void term_put(
	struct txn *txn, struct arena *arena, uint8_t kind, const Lectern__Store__V1__Term *term);

/* The entry in the index of names. */
void term_name_insert(struct txn *txn, uint8_t kind, const char *name, uint64_t id);
void term_name_remove(struct txn *txn, uint8_t kind, const char *name, uint64_t id);

/* How many children a category has, counted up to max; their ids, unless ids is NULL. */
size_t term_children(struct txn *txn, uint64_t category_id, uint64_t *ids, size_t max);

enum { TERM_COUNTS_BYTES = 40 };

/* The counts of a term as the fields that its public message has for them, to be put behind the
 * record's bytes; returns their size. */
size_t term_counts(struct txn *txn, uint8_t kind, uint64_t id, uint8_t out[TERM_COUNTS_BYTES]);
