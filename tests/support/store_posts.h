/* Posts for tests of the store that need some and do not care which. */
#pragma once
#include "support/store_fixture.h"

/* Publishes posts "post-FIRST" and so on, each with a tag and a body of about so many bytes. What
 * stands in a body is "body of post-N", and then dots. */
void store_posts_add(struct store_fixture *fixture, int first, int count, size_t body_bytes);

/* Writes what no command would: closes the store, lets `edit` write to its tables, and leaves it
 * closed. */
void store_posts_edit(
	struct store_fixture *fixture, void (*edit)(struct txn *txn, void *context), void *context);

/* The digest of everything that a store holds but the epoch, as a snapshot of it sees it. */
uint64_t store_posts_digest(struct store_fixture *fixture, uint64_t *ret_revision);

/* The same without the numbers and keys in TABLE_META. */
uint64_t store_posts_digest_tables(struct store_fixture *fixture);

/* The files of a directory, "." and ".." left out; the name of one of them, unless NULL. */
int count_files(const char *directory, char one[256]);

/* A file's bytes, which the caller frees. */
uint8_t *read_whole(const char *path, size_t *ret_size);
void write_whole(const char *path, const uint8_t *bytes, size_t size);
