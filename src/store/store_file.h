/*
 * One data file as a store of its own: a backup, or what is to become a store. No process writes
 * it meanwhile; no lock file is made beside it.
 */
#pragma once
#include "base/error.h"
#include "store/progress.h"

#include <stdbool.h>
#include <stdint.h>

/* What is in it. */
struct store_facts {
	uint64_t format;
	uint64_t revision;
	uint64_t post_count; /* in every state */
	/* An older format, or indexes that were made with other libraries: the first start makes
	 * them again, so they cannot be compared with the records yet. */
	bool is_outdated;
};

/*
 * Verifies a whole file: its pages (pages.h), that it is a store of a known format, that every
 * entry has the checksum that was written with it, and, if `check`, that the checker finds no
 * problem. DATA_LOSS, STORE_DAMAGED says what is wrong; FAILED_PRECONDITION, STORE_FORMAT is a
 * newer store; UNAVAILABLE, STOPPING if progress, which may be NULL, has ended it. What an outdated
 * store holds is read only.
 */
enum code store_file_verify(const char *path, bool check, struct progress *progress,
	struct store_facts *ret, struct error *err) NODISCARD;

/* Gives it another epoch, and flushes that. Not for outdated stores, which get one when they are
 * made new. */
enum code store_file_new_epoch(const char *path, struct error *err) NODISCARD;
