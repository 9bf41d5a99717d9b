/*
 * The history of posts: TABLE_REVISION has a line for each revision that is kept, TABLE_CONTENT the
 * former bodies. The current revision's summary and body are the post's own records.
 */
#pragma once
#include "base/arena.h"
#include "base/limits.h"
#include "store/txn.h"

#include <lectern/store/v1/record.pb-c.h>
#include <lectern/v1/post.pb-c.h>

/* What the history has of one revision. NULL if that is not kept or the transaction has failed. */
Lectern__Store__V1__Revision *history_read(
	struct txn *txn, struct arena *arena, uint64_t post_id, uint64_t revision);

/* The source and html records that a revision of the post had, in the store: former ones or those
 * of the post itself. *former tells which. False if the post has none or the transaction failed. */
bool history_content(struct txn *txn, uint64_t post_id, uint64_t revision, struct slice *source,
	struct slice *html, bool *former);

/* The oldest revision that is kept; 0 if the post has no history. */
uint64_t history_oldest(struct txn *txn, uint64_t post_id);

/* How many revisions are kept, the current one included. */
uint64_t history_count(struct txn *txn, uint64_t post_id);

/* What a change was, in words: "created", "title and tags changed", "published". body tells whether
 * the body changed. */
void history_describe(const Lectern__V1__Post *old, const Lectern__V1__Post *post, bool body,
	char out[LIMIT_NOTE_SUMMARY_BYTES + 1]);
