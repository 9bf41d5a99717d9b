/* Posts out of the items of an export. */
#pragma once
#include "importers/wxr_origin.h"
#include "importers/wxr_terms.h"

enum { WXR_COVERS_BYTES = 12 * 1024 * 1024 };

/* The addresses of attachments, which posts name by ids as their featured images. */
struct wxr_covers {
	struct arena arena;
	struct wxr_cover {
		uint64_t blog; /* digest_number() of its address */
		uint64_t id;
		const char *url;
	} * covers; /* owned */
	size_t count;
	size_t capacity;
	bool incomplete; /* there were more than fit */
};

void wxr_covers_init(struct wxr_covers *covers);
void wxr_covers_done(struct wxr_covers *covers);

/* Takes the address of the record where that is an attachment. */
void wxr_covers_take(struct wxr_covers *covers, const struct wxr_reader *reader);

/* When all are there. */
void wxr_covers_sort(struct wxr_covers *covers);

/* The address of an attachment, borrowed; NULL if it is not known. */
const char *wxr_covers_find(const struct wxr_covers *covers, uint64_t blog, uint64_t id);

/* What items are made posts with. */
struct wxr_posts {
	const struct wxr_terms *terms;
	const struct wxr_covers *covers;
	bool pages;
	int64_t now_us;
	struct wxr_origins origins;
	struct buffer scratch;
	struct buffer text;
};

void wxr_posts_init(struct wxr_posts *posts);
void wxr_posts_done(struct wxr_posts *posts);

/* Whether the record, an item, is imported; else why not. */
bool wxr_is_wanted(const struct wxr_reader *reader, bool pages, char reason[256]);

/* Fills the item from the record: READY, REFUSED or SKIPPED. Fails when out of memory. */
enum code wxr_make_post(struct wxr_posts *posts, const struct wxr_reader *reader,
	struct arena *arena, struct import_item *item, struct error *err) NODISCARD;
