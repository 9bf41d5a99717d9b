/*
 * The verifier of the data file. LMDB 0.9 maps data.mdb and follows every page number, offset and
 * size in it unchecked, so a damaged file would end the process or give wrong answers. This is
 * looked at beforehand, page by page, without LMDB: what it would follow leads to where it should.
 *
 * What keys and values mean is not looked at; that is the checker's (check.h).
 */
#pragma once
#include "base/error.h"
#include "store/progress.h"

#include <stdbool.h>
#include <stdint.h>

struct pages_report {
	uint64_t file_bytes;
	uint64_t pages; /* up to the last one that was ever used; 0 for a new store */
	bool walked;	/* the rest is only known then, else 0 */
	uint64_t used_pages;
	uint64_t free_pages;
	/* Neither used nor free: lost space that harms nothing. Sound files have none, and LMDB
	 * makes no compact copy of one that has. */
	uint64_t lost_pages;
};

/*
 * Verifies the data file at `path`, which no process may be writing. The meta pages and the file's
 * length always; all pages if the file has at most OPEN_VERIFY_BYTES or if `verify_all`. *ret is
 * set on success only. An absent or empty file is a new store: CODE_OK and no pages.
 *
 * DATA_LOSS, STORE_DAMAGED names the page and what is wrong with it. FAILED_PRECONDITION,
 * STORE_FORMAT is a file of another version of LMDB. Takes time in proportion to the pages of the
 * trees, and memory of one bit a page.
 */
enum code pages_verify(
	const char *path, bool verify_all, struct pages_report *ret, struct error *err) NODISCARD;

/* The same for all pages of any file. UNAVAILABLE, STOPPING if progress, which may be NULL, ends
 * it; nothing is counted there. */
enum code pages_verify_all(const char *path, struct progress *progress, struct pages_report *ret,
	struct error *err) NODISCARD;
