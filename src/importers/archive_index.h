/* What an import of archive pages knows of all pages at once: each post once, with the places it
 * stands at, and the order of each archive. */
#pragma once
#include "base/arena.h"
#include "importers/archive_order.h"
#include "importers/archive_page.h"
#include "importers/digest.h"

struct archive_post {
	/* Where it is read from: its first appearance. */
	uint32_t file;
	uint32_t bullet_indent;
	uint64_t line;
	uint64_t line_start;
	struct digest title;
	struct digest body;
	const char *slug_base; /* made from the title */
	struct archive_link *archives;
	struct archive_link *last_archive;
	/* The plan. */
	const char *slug;
	struct order_key key;
	int64_t publish_time_us;
};

/* One archive that a post stands on. */
struct archive_link {
	uint32_t archive;
	struct archive_link *next;
};

/* Pages with the same header, in the order they were given. */
struct archive {
	Lectern__V1__ArchiveKind kind;
	const char *name;
	char *folded;
	uint32_t *posts;
	uint32_t count;
	uint32_t capacity;
};

struct archive_index {
	struct arena arena; /* texts and links */
	struct archive_post *posts;
	uint32_t post_count;
	uint32_t post_capacity;
	struct archive *archives;
	uint32_t archive_count;
	uint32_t archive_capacity;
	uint32_t *slots; /* hash table of posts by title and body: number + 1; 0 is empty */
	uint32_t slot_count;
};

void archive_index_init(struct archive_index *index);
void archive_index_done(struct archive_index *index);

/* The archive of the reader's header. */
enum code archive_index_page(struct archive_index *index, const struct page_reader *reader,
	uint32_t *ret_archive, struct error *err) NODISCARD;

/* The reader's post stands next on an archive. */
enum code archive_index_post(struct archive_index *index, const struct page_reader *reader,
	uint32_t file, uint32_t archive, struct error *err) NODISCARD;
