#include "store/pages.h"

#include "base/limits.h"
#include "store/env.h"
#include "store/pages_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	META_MAGIC = (int)0xBEEFC0DE, /* MDB_MAGIC */
	META_VERSION = 1,	      /* MDB_DATA_VERSION of 0.9 */
	LIST_CHUNK = 512,	      /* page numbers of the free list that are read at once */
	READS_PER_REPORT = 256,
};

enum code fail_damaged(struct verifier *verifier, const char *fmt, ...)
{
	char what[320];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	return fail_reason(verifier->err, CODE_DATA_LOSS, "STORE_DAMAGED",
		"%s is damaged: %s; restore a backup", verifier->path, what);
}

enum code verifier_read(struct verifier *verifier, void *out, size_t size, uint64_t offset)
{
	uint8_t *at = out;
	if (verifier->progress != NULL && verifier->reads++ % READS_PER_REPORT == 0 &&
		!progress_tell(verifier->progress))
		return fail_stopping(verifier->err);
	while (size > 0) {
		ssize_t done = pread(verifier->file, at, size, (off_t)offset);
		if (done == 0)
			return fail_damaged(verifier, "it became shorter while it was read");
		if (done < 0 && errno != EINTR)
			return fail_mdb(verifier->err, NULL, errno, verifier->path);
		if (done < 0)
			continue;
		at += done;
		size -= (size_t)done;
		offset += (uint64_t)done;
	}
	return CODE_OK;
}

/* False if the page was seen before. */
static bool mark(struct verifier *verifier, uint64_t page)
{
	uint8_t *byte = &verifier->seen[page / 8];
	uint8_t bit = (uint8_t)(1u << (page % 8));
	bool first = (*byte & bit) == 0;
	*byte |= bit;
	return first;
}

enum code verifier_use(struct verifier *verifier, const char *where, uint64_t first, uint64_t count)
{
	if (count == 0)
		return CODE_OK;
	if (first < META_PAGES || first > verifier->last_page ||
		count > verifier->last_page - first + 1)
		return fail_damaged(verifier,
			"%s: there is no page %" PRIu64 ", or not %" PRIu64 " from it on", where,
			first, count);
	if (first + count > verifier->file_bytes / verifier->page_bytes)
		return fail_damaged(verifier,
			"%s: page %" PRIu64 " is missing: the file ends after %" PRIu64 " bytes",
			where, first + count - 1, verifier->file_bytes);
	for (uint64_t page = first; page < first + count; page++)
		if (!mark(verifier, page))
			return fail_damaged(verifier,
				"%s: page %" PRIu64 " is free or has another use, too", where,
				page);
	verifier->used_pages += count;
	return CODE_OK;
}

enum code verifier_free(struct verifier *verifier, const char *where, uint64_t page)
{
	if (page < META_PAGES || page > verifier->last_page)
		return fail_damaged(verifier, "%s: there is no page %" PRIu64, where, page);
	if (!mark(verifier, page))
		return fail_damaged(verifier,
			"%s: page %" PRIu64 " stands in the free list twice, or is in use", where,
			page);
	verifier->free_pages++;
	return CODE_OK;
}

static enum code read_list(struct verifier *verifier, const struct tree_value *value, uint64_t at,
	uint64_t *out, size_t count)
{
	if (value->bytes == NULL)
		return verifier_read(
			verifier, out, count * sizeof *out, value->offset + at * sizeof *out);
	memcpy(out, value->bytes + at * sizeof *out, count * sizeof *out);
	return CODE_OK;
}

/* One MDB_IDL: how many pages follow, and their numbers, the largest first. The value may have room
 * for more. */
static enum code verify_list(
	struct verifier *verifier, const struct tree_value *value, const char *where)
{
	uint64_t pages[LIST_CHUNK];
	uint64_t before = UINT64_MAX;
	uint64_t count = 0;
	if (value->size < sizeof count || value->size % sizeof count != 0)
		return fail_damaged(verifier, "%s has an impossible size", where);
	enum code code = read_list(verifier, value, 0, &count, 1);
	if (code == CODE_OK && count > value->size / sizeof count - 1)
		code = fail_damaged(
			verifier, "%s says that it has more pages than it has room for", where);
	for (uint64_t at = 0; code == CODE_OK && at < count;) {
		size_t chunk = count - at < LIST_CHUNK ? (size_t)(count - at) : LIST_CHUNK;
		code = read_list(verifier, value, 1 + at, pages, chunk);
		for (size_t i = 0; code == CODE_OK && i < chunk; i++) {
			if (pages[i] >= before)
				return fail_damaged(verifier, "%s is not sorted", where);
			before = pages[i];
			code = verifier_free(verifier, where, pages[i]);
		}
		at += chunk;
	}
	return code;
}

/* An entry of the free list. Its key is the transaction that has freed the pages. */
static enum code verify_freed(struct tree_walk *walk, const struct tree_entry *entry)
{
	struct tree_value value;
	uint64_t txnid;
	char where[64];
	memcpy(&txnid, tree_node_at(entry->page, entry->index).key.data, sizeof txnid);
	snprintf(where, sizeof where, "the free list's entry of transaction %" PRIu64, txnid);
	if (txnid == 0 || txnid > walk->verifier->txnid)
		return fail_damaged(walk->verifier, "%s is of none that was committed", where);
	enum code code = tree_value_check(walk, entry, &value);
	return code == CODE_OK ? verify_list(walk->verifier, &value, where) : code;
}

/* An entry of a table, of which only the value's place is known here. */
static enum code verify_entry(struct tree_walk *walk, const struct tree_entry *entry)
{
	struct tree_value value;
	return tree_value_check(walk, entry, &value);
}

/* All pages of a tree, and what `visit` says of its entries. */
static enum code verify_tree(struct verifier *verifier, enum tree_kind kind, const char *name,
	const struct tree_record *record,
	enum code (*visit)(struct tree_walk *walk, const struct tree_entry *entry))
{
	AUTO(tree_walk_done) struct tree_walk walk;
	struct tree_entry entry = { .page = NULL };
	enum code code = tree_walk_start(&walk, verifier, kind, name, record);
	if (code == CODE_OK)
		code = tree_walk_next(&walk, &entry);
	while (code == CODE_OK && entry.page != NULL) {
		code = visit(&walk, &entry);
		if (code == CODE_OK)
			code = tree_walk_next(&walk, &entry);
	}
	return code;
}

/* The name as a text for people; a damaged one may be any bytes. */
static void name_table(struct slice name, char out[TREE_NAME_BYTES])
{
	snprintf(out, TREE_NAME_BYTES, "table %.*s", (int)name.size, (const char *)name.data);
	for (char *at = out; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

static enum code verify_named(struct tree_walk *tables, const struct tree_entry *entry)
{
	struct tree_value value;
	struct tree_record table;
	char name[TREE_NAME_BYTES];
	enum code code = tree_value_check(tables, entry, &value);
	if (code != CODE_OK)
		return code;
	memcpy(&table, value.bytes, sizeof table);
	name_table(tree_node_at(entry->page, entry->index).key, name);
	return verify_tree(tables->verifier, TREE_TABLE, name, &table, verify_entry);
}

/* LMDB may have taken pages behind the file's end and freed them again, in one transaction. It will
 * write them before it reads them. */
static enum code verify_end(struct verifier *verifier)
{
	for (uint64_t page = verifier->file_bytes / verifier->page_bytes;
		page <= verifier->last_page; page++)
		if (mark(verifier, page))
			return fail_damaged(verifier,
				"page %" PRIu64 " is missing: the file ends after %" PRIu64
				" bytes",
				page, verifier->file_bytes);
	return CODE_OK;
}

static enum code verify_pages(struct verifier *verifier, const struct meta_record *meta)
{
	verifier->seen = calloc(1, (size_t)(verifier->last_page / 8 + 1));
	if (verifier->seen == NULL)
		return fail_mdb(verifier->err, NULL, ENOMEM, verifier->path);
	for (uint64_t page = 0; page < META_PAGES; page++)
		mark(verifier, page);
	verifier->used_pages = META_PAGES;
	enum code code = verify_tree(
		verifier, TREE_FREE_LIST, "the free list", &meta->free_list, verify_freed);
	if (code == CODE_OK)
		code = verify_tree(
			verifier, TREE_TABLES, "the list of tables", &meta->tables, verify_named);
	if (code == CODE_OK)
		code = verify_end(verifier);
	free(verifier->seen);
	return code;
}

/* What mdb_env_read_header() wants of either meta page, in its words. */
static enum code read_meta(struct verifier *verifier, uint64_t offset, struct meta_record *ret)
{
	struct {
		struct page_header header;
		struct meta_record meta;
	} page;
	if (offset + sizeof page > verifier->file_bytes)
		return fail_mdb(verifier->err, NULL, MDB_INVALID, verifier->path);
	enum code code = verifier_read(verifier, &page, sizeof page, offset);
	if (code != CODE_OK)
		return code;
	if ((page.header.flags & PAGE_META) == 0 || page.meta.magic != (uint32_t)META_MAGIC)
		return fail_mdb(verifier->err, NULL, MDB_INVALID, verifier->path);
	if (page.meta.version != META_VERSION)
		return fail_mdb(verifier->err, NULL, MDB_VERSION_MISMATCH, verifier->path);
	*ret = page.meta;
	return CODE_OK;
}

static bool is_page_size(uint32_t bytes)
{
	return bytes >= PAGE_BYTES_MIN && bytes <= PAGE_BYTES_MAX && (bytes & (bytes - 1)) == 0;
}

/*
 * Chooses the meta page as mdb_env_pick_meta() does. Of the other one LMDB uses what makes it a
 * meta page, the size of a page, and the transaction number; the rest of it may be anything, and
 * the next commit writes it anew. Its number must be the one before: mdb_txn_renew0() finds the
 * page by whether the number is odd, and a larger one would bring back a state that is gone.
 */
static enum code choose_meta(struct verifier *verifier, struct meta_record *ret)
{
	struct meta_record metas[META_PAGES];
	enum code code = read_meta(verifier, 0, &metas[0]);
	if (code != CODE_OK)
		return code;
	verifier->page_bytes = metas[0].free_list.pad; /* mm_psize */
	if (!is_page_size(verifier->page_bytes))
		return fail_damaged(verifier, "page 0 (meta): pages of %" PRIu32 " bytes",
			verifier->page_bytes);
	code = read_meta(verifier, verifier->page_bytes, &metas[1]);
	if (code != CODE_OK)
		return code;
	if (metas[1].free_list.pad != verifier->page_bytes)
		return fail_damaged(verifier, "page 1 (meta): pages of %" PRIu32 " bytes",
			metas[1].free_list.pad);
	unsigned newer = metas[0].txnid < metas[1].txnid ? 1 : 0;
	uint64_t txnid = metas[newer].txnid;
	bool new_store = txnid == 0;
	if (!new_store && (metas[1 - newer].txnid + 1 != txnid || txnid % META_PAGES != newer))
		return fail_damaged(verifier,
			"the meta pages do not follow each other: transactions %" PRIu64
			" and %" PRIu64,
			metas[0].txnid, metas[1].txnid);
	verifier->txnid = txnid;
	*ret = metas[newer];
	return CODE_OK;
}

/* Each page behind the end of the file must be in the free list, which has eight bytes for it. So
 * this also bounds the memory for a bit of each page. */
static enum code check_length(struct verifier *verifier, const struct meta_record *meta)
{
	uint64_t pages = verifier->file_bytes / verifier->page_bytes;
	verifier->last_page = meta->last_page;
	if (meta->last_page < META_PAGES - 1 ||
		meta->last_page >= pages + verifier->file_bytes / sizeof(uint64_t))
		return fail_damaged(verifier,
			"its pages should go up to number %" PRIu64 "; it ends after %" PRIu64
			" bytes",
			meta->last_page, verifier->file_bytes);
	enum code code =
		tree_record_check(verifier, TREE_FREE_LIST, "the free list", &meta->free_list);
	return code == CODE_OK ? tree_record_check(
					 verifier, TREE_TABLES, "the list of tables", &meta->tables)
			       : code;
}

static enum code verify_file(struct verifier *verifier, bool verify_all, struct pages_report *ret)
{
	struct meta_record meta;
	enum code code = choose_meta(verifier, &meta);
	if (code == CODE_OK)
		code = check_length(verifier, &meta);
	if (code != CODE_OK)
		return code;
	*ret = (struct pages_report){ .file_bytes = verifier->file_bytes,
		.pages = verifier->last_page + 1 };
	ret->walked = verify_all || verifier->file_bytes <= OPEN_VERIFY_BYTES ||
		      ret->pages > verifier->file_bytes / verifier->page_bytes;
	if (!ret->walked)
		return CODE_OK;
	code = verify_pages(verifier, &meta);
	ret->used_pages = verifier->used_pages;
	ret->free_pages = verifier->free_pages;
	ret->lost_pages = ret->pages - ret->used_pages - ret->free_pages;
	return code;
}

/* Not blocking where the path is a pipe. */
static enum code open_file(struct verifier *verifier, struct error *err)
{
	struct stat status;
	verifier->file = open(verifier->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (verifier->file < 0 && errno == ENOENT)
		return CODE_OK;
	if (verifier->file < 0 || fstat(verifier->file, &status) != 0)
		return fail(err, CODE_FAILED_PRECONDITION, "open %s: %s", verifier->path,
			strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fail(err, CODE_FAILED_PRECONDITION, "%s is no regular file", verifier->path);
	verifier->file_bytes = (uint64_t)status.st_size;
	return CODE_OK;
}

static enum code verify(const char *path, bool verify_all, struct progress *progress,
	struct pages_report *ret, struct error *err)
{
	struct verifier verifier = { .file = -1, .path = path, .progress = progress, .err = err };
	struct pages_report report = { .file_bytes = 0 };
	enum code code = open_file(&verifier, err);
	if (code == CODE_OK && verifier.file_bytes > 0)
		code = verify_file(&verifier, verify_all, &report);
	if (verifier.file >= 0)
		close(verifier.file);
	if (code == CODE_OK)
		*ret = report;
	return code;
}

enum code pages_verify(
	const char *path, bool verify_all, struct pages_report *ret, struct error *err)
{
	return verify(path, verify_all, NULL, ret, err);
}

enum code pages_verify_all(
	const char *path, struct progress *progress, struct pages_report *ret, struct error *err)
{
	return verify(path, true, progress, ret, err);
}
