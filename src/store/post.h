/* Post records: reading, and the primitive writes that apply builds on. */
#pragma once
#include "base/arena.h"
#include "store/txn.h"

#include <lectern/v1/post.pb-c.h>

/* The encoded pieces of one post, in the store. Their concatenation is a lectern.v1.Post. */
struct post_parts {
	struct slice parts[3];
	size_t count;
	size_t size_bytes; /* of all of them */
};

/* The id that a slug stands for, 0 if none; *former tells whether it is one that the post had
 * before. */
uint64_t post_find_slug(struct txn *txn, struct slice slug, bool *former);

/* The id of the post that was imported from there, 0 if none. */
uint64_t post_find_origin(struct txn *txn, struct slice origin);

/* For a post that is not there, named by id or, where that is 0, by origin or, where that is NULL,
 * by slug. */
enum code post_fail_missing(uint64_t id, const char *origin, const char *slug, struct error *err);

/* The pieces that the view asks for (UNSPECIFIED counts as BASIC). False if there is no such post
 * or the transaction has failed. */
bool post_read(struct txn *txn, uint64_t id, Lectern__V1__PostView view, struct post_parts *ret);

/* The rendered html, in the store. False if there is no such post, or its record cannot be read, or
 * the transaction has failed. */
bool post_html(struct txn *txn, uint64_t id, struct slice *ret);

/* How the body is written. False as post_html(). */
bool post_body_format(struct txn *txn, uint64_t id, Lectern__V1__BodyFormat *ret);

/* The summary record, unpacked. NULL if there is none or the transaction has failed. */
Lectern__V1__Post *post_unpack_summary(struct txn *txn, struct arena *arena, uint64_t id);

/* The summary record: the post without its heavy part. data is NULL when out of memory. */
struct slice post_pack_summary(struct arena *arena, const Lectern__V1__Post *post);

/* Write the records. A record without data makes the transaction fail for lack of memory. */
void post_put_summary(struct txn *txn, uint64_t id, struct slice record);
void post_put_content(struct txn *txn, struct arena *arena, const Lectern__V1__Post *post);

/* Removes all records of a post. */
void post_delete_records(struct txn *txn, uint64_t id);
