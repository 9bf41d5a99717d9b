/* The categories, tags and authors of an export. They are all kept, as items name them by slug,
 * categories by their parents, and some exports tell of them in their items only. */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "importers/source.h"
#include "importers/wxr_reader.h"

enum {
	WXR_TERMS_BYTES = 32 * 1024 * 1024, /* of all terms together */
	WXR_NOTES_MAX = 1000,
};
#define WXR_NO_TERM UINT32_MAX

struct wxr_term {
	enum import_kind kind;
	bool defined; /* by an element of its own, not just by an item */
	const char *slug;
	const char *name;
	const char *folded; /* the name, as text_fold() has it */
	const char *description;
	const char *parent_slug; /* NULL: none */
	const char *parent_name; /* what stands for it in files of version 1.0, folded */
	uint32_t parent;	 /* WXR_NO_TERM: none */
	uint32_t same;		 /* the term that it is taken for; WXR_NO_TERM: itself */
	uint32_t depth;		 /* of categories: 1 for one without parent */
	const char *path;
	uint64_t line;
	const char *note; /* what was changed, or NULL */
};

/* Something to tell that belongs to no item. */
struct wxr_note {
	struct wxr_note *next;
	const char *path;
	uint64_t line;
	const char *text;
};

struct wxr_terms {
	struct arena arena;
	struct wxr_term *terms; /* owned */
	uint32_t count;
	uint32_t capacity;
	uint32_t *slots; /* owned; a hash table of places in terms, from 1 */
	uint32_t slot_count;
	uint32_t used_slots;
	struct wxr_note *notes;
	struct wxr_note **last_note;
	uint32_t note_count;
	const char *taxonomies[64]; /* that are passed over and were told */
	size_t taxonomy_count;
};

void wxr_terms_init(struct wxr_terms *terms);
void wxr_terms_done(struct wxr_terms *terms);

/* Takes the record, an author or a term. */
enum code wxr_terms_take(
	struct wxr_terms *terms, const struct wxr_reader *reader, struct error *err) NODISCARD;

/* Takes the terms and authors that the record, an item, names. */
enum code wxr_terms_take_item(
	struct wxr_terms *terms, const struct wxr_reader *reader, struct error *err) NODISCARD;

/* The place of the category that a category names as its parent; WXR_NO_TERM. */
uint32_t wxr_terms_find_parent(const struct wxr_terms *terms, const struct wxr_term *term);

/* Finds the parents and depths of categories, when all are there. */
enum code wxr_terms_arrange(struct wxr_terms *terms, struct error *err) NODISCARD;

/* The places of the item's terms of a kind, each once; at most max. Returns how many. *ret_more:
 * there are more. */
size_t wxr_terms_of_item(const struct wxr_terms *terms, const struct wxr_reader *reader,
	enum import_kind kind, uint32_t *ret, size_t max, bool *ret_more);

/* Tells something. False when out of memory. */
bool wxr_terms_note(struct wxr_terms *terms, const char *path, uint64_t line, const char *text);
