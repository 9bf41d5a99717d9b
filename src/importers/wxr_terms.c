#include "importers/wxr_terms.h"

#include "base/text.h"
#include "importers/digest.h"
#include "importers/wxr_text.h"

#include <stdlib.h>

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED,
		"the terms of the export do not fit into %d MiB of memory", WXR_TERMS_BYTES >> 20);
}

void wxr_terms_init(struct wxr_terms *terms)
{
	*terms = (struct wxr_terms){ .count = 0 };
	arena_init(&terms->arena, WXR_TERMS_BYTES);
	terms->last_note = &terms->notes;
}

void wxr_terms_done(struct wxr_terms *terms)
{
	arena_done(&terms->arena);
	free(terms->terms);
	free(terms->slots);
}

bool wxr_terms_note(struct wxr_terms *terms, const char *path, uint64_t line, const char *text)
{
	if (terms->note_count >= WXR_NOTES_MAX)
		return true;
	struct wxr_note *note = arena_alloc(&terms->arena, sizeof *note);
	char *copy = arena_text(&terms->arena, slice_of_text(text));
	if (note == NULL || copy == NULL)
		return false;
	*note = (struct wxr_note){ .path = path, .line = line, .text = copy };
	*terms->last_note = note;
	terms->last_note = &note->next;
	terms->note_count++;
	return true;
}

/* FNV-1a. */
static uint32_t hash_key(enum import_kind kind, bool by_name, const char *text)
{
	uint32_t hash = (2166136261u ^ ((unsigned)kind * 2 + by_name)) * 16777619u;
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static const char *key_of(const struct wxr_term *term, bool by_name)
{
	return by_name ? term->folded : term->slug;
}

/* The slot of a key: its low bit tells names from slugs. */
static uint32_t *find_slot(
	const struct wxr_terms *terms, enum import_kind kind, bool by_name, const char *text)
{
	uint32_t mask = terms->slot_count - 1;
	for (uint32_t at = hash_key(kind, by_name, text) & mask;; at = (at + 1) & mask) {
		uint32_t slot = terms->slots[at];
		if (slot == 0)
			return &terms->slots[at];
		const struct wxr_term *term = &terms->terms[slot / 2 - 1];
		if ((slot & 1) == by_name && term->kind == kind &&
			strcmp(key_of(term, by_name), text) == 0)
			return &terms->slots[at];
	}
}

static uint32_t find(
	const struct wxr_terms *terms, enum import_kind kind, bool by_name, const char *text)
{
	uint32_t slot = terms->slot_count == 0 ? 0 : *find_slot(terms, kind, by_name, text);
	if (slot == 0)
		return WXR_NO_TERM;
	uint32_t same = terms->terms[slot / 2 - 1].same;
	return same != WXR_NO_TERM ? same : slot / 2 - 1;
}

uint32_t wxr_terms_find_parent(const struct wxr_terms *terms, const struct wxr_term *term)
{
	if (term->parent_slug == NULL)
		return WXR_NO_TERM;
	uint32_t found = find(terms, IMPORT_CATEGORY, false, term->parent_slug);
	return found != WXR_NO_TERM ? found : find(terms, IMPORT_CATEGORY, true, term->parent_name);
}

static void index_term(struct wxr_terms *terms, uint32_t place, bool by_name)
{
	const struct wxr_term *term = &terms->terms[place];
	uint32_t *slot = find_slot(terms, term->kind, by_name, key_of(term, by_name));
	if (*slot != 0)
		return; /* the first with a name has it */
	*slot = (place + 1) * 2 + by_name;
	terms->used_slots++;
}

/* Makes room for one more term. */
static bool reserve(struct wxr_terms *terms)
{
	if (terms->count == terms->capacity) {
		uint32_t capacity = terms->capacity == 0 ? 64 : terms->capacity * 2;
		struct wxr_term *more = capacity > WXR_TERMS_BYTES / sizeof *more
						? NULL
						: realloc(terms->terms, capacity * sizeof *more);
		if (more == NULL)
			return false;
		terms->terms = more;
		terms->capacity = capacity;
	}
	if ((terms->used_slots + 2) * 2 <= terms->slot_count)
		return true;
	uint32_t slot_count = terms->slot_count == 0 ? 256 : terms->slot_count * 2;
	uint32_t *slots = calloc(slot_count, sizeof *slots);
	if (slots == NULL)
		return false;
	free(terms->slots);
	terms->slots = slots;
	terms->slot_count = slot_count;
	terms->used_slots = 0;
	for (uint32_t i = 0; i < terms->count; i++) {
		index_term(terms, i, false);
		index_term(terms, i, true);
	}
	return true;
}

/* A text of the arena; NULL when out of memory. */
static char *clean(struct wxr_terms *terms, struct slice html, size_t bytes_max, bool lines)
{
	struct buffer text;
	char *copy = NULL;
	buffer_init(&text, html.size * 4 + 16);
	if (lines ? wxr_plain_lines(html, &text) : wxr_plain_line(html, &text))
		copy = arena_text(&terms->arena,
			slice_of(text.data, text_cut(slice_of(text.data, text.size), bytes_max)));
	buffer_done(&text);
	return copy;
}

static char *fold(struct wxr_terms *terms, const char *name)
{
	char folded[4 * LIMIT_NAME_BYTES];
	size_t size = text_fold(slice_of_text(name), folded, sizeof folded);
	return arena_text(&terms->arena, slice_of(folded, size));
}

/* A name for programs that every run makes again. */
static char *make_slug(struct wxr_terms *terms, struct slice given, const char *name)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	bool changed;
	wxr_slug(given, slug, &changed);
	if (slug[0] == '\0')
		text_slug(slice_of_text(name), slug, sizeof slug);
	if (slug[0] == '\0') {
		struct digest digest = digest_of(slice_of_text(name));
		return arena_printf(&terms->arena, "%02x%02x%02x%02x", digest.bytes[0],
			digest.bytes[1], digest.bytes[2], digest.bytes[3]);
	}
	return arena_text(&terms->arena, slice_of_text(slug));
}

/* What a file says of a term. */
struct given {
	enum import_kind kind;
	bool defined;
	struct slice slug, name, description, parent;
};

static bool note_same_name(struct wxr_terms *terms, const struct wxr_term *term)
{
	const struct wxr_term *same = &terms->terms[term->same];
	char text[256];
	snprintf(text, sizeof text,
		"the tag \"%.60s\" with the slug %.60s is taken for \"%.60s\": tags have different "
		"names",
		term->name, term->slug, same->name);
	text[text_find_invalid(slice_of_text(text))] = '\0';
	return wxr_terms_note(terms, term->path, term->line, text);
}

/* What an element of its own says goes before what items said. */
static bool define(struct wxr_terms *terms, struct wxr_term *term, const struct given *given)
{
	if (!given->defined || term->defined)
		return true;
	term->defined = true;
	term->description = clean(terms, given->description, LIMIT_DESCRIPTION_BYTES, true);
	char *name = clean(terms, given->name, LIMIT_NAME_BYTES, false);
	if (term->description == NULL || name == NULL)
		return false;
	if (name[0] != '\0')
		term->name = name;
	if (given->parent.size == 0)
		return true;
	char *parent = clean(terms, given->parent, LIMIT_NAME_BYTES, false);
	if (parent == NULL)
		return false;
	term->parent_slug = make_slug(terms, given->parent, parent);
	term->parent_name = fold(terms, parent);
	return term->parent_slug != NULL && term->parent_name != NULL;
}

static enum code add(struct wxr_terms *terms, const struct wxr_reader *reader,
	const struct given *given, struct error *err)
{
	struct wxr_term term = { .kind = given->kind,
		.parent = WXR_NO_TERM,
		.same = WXR_NO_TERM,
		.description = "",
		.path = reader->input.path,
		.line = reader->line };
	if (given->slug.size == 0 && given->name.size == 0)
		return CODE_OK;
	struct arena_mark mark = arena_mark(&terms->arena);
	struct slice name = given->name.size == 0 ? given->slug : given->name;
	term.name = clean(terms, name, LIMIT_NAME_BYTES, false);
	if (term.name != NULL && term.name[0] == '\0') /* nothing but markup */
		term.name = arena_text(
			&terms->arena, slice_of(name.data, text_cut(name, LIMIT_NAME_BYTES)));
	if (term.name == NULL)
		return fail_memory(err);
	term.slug = make_slug(terms, given->slug, term.name);
	if (term.slug == NULL)
		return fail_memory(err);
	uint32_t found = find(terms, term.kind, false, term.slug);
	if (found != WXR_NO_TERM) {
		arena_rewind(&terms->arena, mark);
		return define(terms, &terms->terms[found], given) ? CODE_OK : fail_memory(err);
	}
	term.folded = fold(terms, term.name);
	if (term.folded == NULL || !define(terms, &term, given) || !reserve(terms))
		return fail_memory(err);
	if (term.kind == IMPORT_TAG)
		term.same = find(terms, IMPORT_TAG, true, term.folded);
	if (term.same != WXR_NO_TERM && !note_same_name(terms, &term))
		return fail_memory(err);
	terms->terms[terms->count++] = term;
	index_term(terms, terms->count - 1, false);
	index_term(terms, terms->count - 1, true);
	return CODE_OK;
}

static bool kind_of(struct slice taxonomy, enum import_kind *ret)
{
	static const struct {
		const char *taxonomy;
		enum import_kind kind;
	} kinds[] = { { "category", IMPORT_CATEGORY }, { "", IMPORT_CATEGORY },
		{ "post_tag", IMPORT_TAG }, { "tag", IMPORT_TAG },
		{ "author", IMPORT_AUTHOR } }; /* of the plug-in Co-Authors Plus */
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (slice_equals(taxonomy, slice_of_text(kinds[i].taxonomy))) {
			*ret = kinds[i].kind;
			return true;
		}
	return false;
}

/* Tells once that terms of a taxonomy are left out. */
static bool note_taxonomy(
	struct wxr_terms *terms, const struct wxr_reader *reader, struct slice taxonomy)
{
	char text[256];
	enum { KNOWN_MAX = sizeof terms->taxonomies / sizeof terms->taxonomies[0] };
	for (size_t i = 0; i < terms->taxonomy_count; i++)
		if (slice_equals(taxonomy, slice_of_text(terms->taxonomies[i])))
			return true;
	if (terms->taxonomy_count == KNOWN_MAX)
		return true;
	char *copy = arena_text(&terms->arena, slice_of(taxonomy.data, text_cut(taxonomy, 100)));
	if (copy == NULL)
		return false;
	terms->taxonomies[terms->taxonomy_count++] = copy;
	snprintf(text, sizeof text,
		"terms of the taxonomy \"%s\" are left out: only categories and tags are imported",
		copy);
	return wxr_terms_note(terms, reader->input.path, reader->line, text);
}

enum code wxr_terms_take(
	struct wxr_terms *terms, const struct wxr_reader *reader, struct error *err)
{
	struct given given = { .kind = IMPORT_AUTHOR, .defined = true };
	if (reader->record == WXR_AUTHOR) {
		given.slug = wxr_value(reader, WXR_LOGIN);
		given.name = wxr_value(reader, WXR_DISPLAY_NAME);
		return add(terms, reader, &given, err);
	}
	struct slice taxonomy = wxr_value(reader, WXR_TAXONOMY);
	if (!kind_of(taxonomy, &given.kind))
		return note_taxonomy(terms, reader, taxonomy) ? CODE_OK : fail_memory(err);
	if (given.kind == IMPORT_AUTHOR)
		return CODE_OK; /* posts name them; <wp:author> says more of them */
	given.slug = wxr_value(reader, WXR_TERM_SLUG);
	given.name = wxr_value(reader, WXR_TERM_NAME);
	given.description = wxr_value(reader, WXR_TERM_DESCRIPTION);
	if (given.kind == IMPORT_CATEGORY)
		given.parent = wxr_value(reader, WXR_TERM_PARENT);
	return add(terms, reader, &given, err);
}

static struct slice trimmed(const char *text)
{
	struct slice slice = slice_of_text(text);
	while (slice.size > 0 && slice.data[0] <= ' ')
		slice = slice_of(slice.data + 1, slice.size - 1);
	while (slice.size > 0 && slice.data[slice.size - 1] <= ' ')
		slice.size--;
	return slice;
}

/* What an item says of a term. */
static bool given_of(const struct wxr_term_ref *ref, struct given *ret)
{
	*ret = (struct given){ .slug = trimmed(ref->nicename), .name = trimmed(ref->name) };
	if (!kind_of(trimmed(ref->taxonomy), &ret->kind))
		return false;
	if (ret->kind == IMPORT_AUTHOR && ret->slug.size > 4 &&
		memcmp(ret->slug.data, "cap-", 4) == 0)
		ret->slug = slice_of(ret->slug.data + 4, ret->slug.size - 4);
	return true;
}

static uint32_t find_by_name_slug(const struct wxr_terms *terms, const struct given *given)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	bool changed;
	wxr_slug(given->name, slug, &changed);
	return find(terms, given->kind, false, slug);
}

static uint32_t find_by_name(const struct wxr_terms *terms, const struct given *given)
{
	char folded[4 * LIMIT_NAME_BYTES];
	uint32_t found = WXR_NO_TERM;
	struct buffer name;
	buffer_init(&name, given->name.size * 4 + 16);
	if (wxr_plain_line(given->name, &name)) {
		size_t size = text_cut(slice_of(name.data, name.size), LIMIT_NAME_BYTES);
		text_fold(slice_of(name.data, size), folded, sizeof folded);
		found = find(terms, given->kind, true, folded);
	}
	buffer_done(&name);
	return found;
}

/* Finds by slug; by name alone in files of version 1.0. An author's name is the login there, which
 * the slug may differ from: WordPress makes "anna-k" of "anna.k". */
static uint32_t find_given(const struct wxr_terms *terms, const struct given *given)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	bool changed;
	if (given->slug.size == 0)
		return find_by_name(terms, given);
	wxr_slug(given->slug, slug, &changed);
	uint32_t found = find(terms, given->kind, false, slug);
	return found == WXR_NO_TERM && given->kind == IMPORT_AUTHOR
		       ? find_by_name_slug(terms, given)
		       : found;
}

static struct given creator_of(const struct wxr_reader *reader)
{
	struct slice login = wxr_value(reader, WXR_CREATOR);
	return (struct given){ .kind = IMPORT_AUTHOR, .slug = login, .name = login };
}

enum code wxr_terms_take_item(
	struct wxr_terms *terms, const struct wxr_reader *reader, struct error *err)
{
	struct given creator = creator_of(reader);
	enum code code = add(terms, reader, &creator, err);
	/* Those without a slug last: mostly they are there with one, too. */
	for (int with_slug = 1; code == CODE_OK && with_slug >= 0; with_slug--) {
		struct wxr_term_ref ref;
		size_t at = 0;
		while (code == CODE_OK && wxr_next_term(reader, &at, &ref)) {
			struct given given;
			bool known = given_of(&ref, &given);
			if (!known && with_slug &&
				!note_taxonomy(terms, reader, trimmed(ref.taxonomy)))
				code = fail_memory(err);
			if (known && (given.slug.size > 0) == with_slug &&
				find_given(terms, &given) == WXR_NO_TERM)
				code = add(terms, reader, &given, err);
		}
	}
	return code;
}

static bool contains(const uint32_t *places, size_t count, uint32_t place)
{
	for (size_t i = 0; i < count; i++)
		if (places[i] == place)
			return true;
	return false;
}

size_t wxr_terms_of_item(const struct wxr_terms *terms, const struct wxr_reader *reader,
	enum import_kind kind, uint32_t *ret, size_t max, bool *ret_more)
{
	struct wxr_term_ref ref;
	struct given given;
	size_t count = 0;
	*ret_more = false;
	for (size_t at = 0; wxr_next_term(reader, &at, &ref);) {
		if (!given_of(&ref, &given) || given.kind != kind)
			continue;
		uint32_t place = find_given(terms, &given);
		if (place == WXR_NO_TERM || contains(ret, count, place))
			continue;
		if (count == max)
			*ret_more = true;
		else
			ret[count++] = place;
	}
	given = creator_of(reader);
	if (kind == IMPORT_AUTHOR && count == 0 && given.slug.size > 0) {
		ret[0] = find_given(terms, &given);
		count = ret[0] != WXR_NO_TERM;
	}
	return count;
}
