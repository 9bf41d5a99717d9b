/* The tree of categories: whatever the parents are that a file names, what comes out of it is one
 * that the server takes. */
#include "base/limits.h"
#include "base/text.h"
#include "importers/wxr_terms.h"

#include <stdlib.h>

enum { NOT_SEEN = 0, ON_PATH = UINT32_MAX }; /* beside depths */

static bool set_note(struct wxr_terms *terms, struct wxr_term *term, const char *what)
{
	char *note =
		arena_printf(&terms->arena, "its parent \"%.100s\" %s", term->parent_slug, what);
	if (note == NULL)
		return false;
	note[text_find_invalid(slice_of_text(note))] = '\0';
	term->note = note;
	return true;
}

/* Gives a category whose parent has its depth its own. */
static bool set_depth(struct wxr_terms *terms, struct wxr_term *term)
{
	uint32_t parent_depth = term->parent == WXR_NO_TERM ? 0 : terms->terms[term->parent].depth;
	if (parent_depth == LIMIT_CATEGORY_DEPTH) {
		term->parent = terms->terms[term->parent].parent;
		parent_depth--;
		if (!set_note(terms, term, "stands 16 levels deep, so it is put beside it"))
			return false;
	}
	term->depth = parent_depth + 1;
	return true;
}

/* Goes up from a category and back, setting parents and depths on the way. The way back is kept in
 * path. */
static bool climb(struct wxr_terms *terms, uint32_t place, uint32_t *path)
{
	size_t length = 0;
	for (;;) {
		struct wxr_term *term = &terms->terms[place];
		term->depth = ON_PATH;
		path[length++] = place;
		term->parent = wxr_terms_find_parent(terms, term);
		if (term->parent_slug != NULL && term->parent == WXR_NO_TERM &&
			!set_note(terms, term, "is not in the export; it is put at the top"))
			return false;
		if (term->parent != WXR_NO_TERM && terms->terms[term->parent].depth == ON_PATH) {
			term->parent = WXR_NO_TERM;
			if (!set_note(terms, term, "stands below it; it is put at the top"))
				return false;
		}
		if (term->parent == WXR_NO_TERM || terms->terms[term->parent].depth != NOT_SEEN)
			break;
		place = term->parent;
	}
	while (length > 0)
		if (!set_depth(terms, &terms->terms[path[--length]]))
			return false;
	return true;
}

static void freep(uint32_t **pointer)
{
	free(*pointer);
}

enum code wxr_terms_arrange(struct wxr_terms *terms, struct error *err)
{
	AUTO(freep) uint32_t *path = calloc(terms->count + 1u, sizeof *path);
	bool done = path != NULL;
	for (uint32_t i = 0; done && i < terms->count; i++)
		if (terms->terms[i].kind == IMPORT_CATEGORY && terms->terms[i].depth == NOT_SEEN)
			done = climb(terms, i, path);
	return done ? CODE_OK : fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
}
