#include "importers/ghost_refs.h"

#include "base/limits.h"
#include "importers/ghost_term.h"
#include "importers/ghost_text.h"

/* A list of a post that grows. */
struct refs {
	Lectern__V1__TermRef **list; /* room for count_max */
	size_t count;
	size_t count_max;
	size_t left_out; /* beyond it */
	size_t unknown;	 /* without a term */
	const char *what;
	struct arena *arena;
	bool no_memory;
};

static bool has(const struct refs *refs, const char *slug)
{
	for (size_t i = 0; i < refs->count; i++)
		if (strcmp(refs->list[i]->slug, slug) == 0)
			return true;
	return false;
}

static void add(struct refs *refs, const char *slug, const char *name)
{
	if (slug == NULL || has(refs, slug))
		return;
	if (refs->count == refs->count_max) {
		refs->left_out++;
		return;
	}
	Lectern__V1__TermRef *ref = arena_alloc(refs->arena, sizeof *ref);
	if (ref == NULL) {
		refs->no_memory = true;
		return;
	}
	lectern__v1__term_ref__init(ref);
	ref->slug = arena_text(refs->arena, slice_of_text(slug));
	ref->name = arena_text(refs->arena, slice_of_text(name));
	refs->no_memory = refs->no_memory || ref->slug == NULL || ref->name == NULL;
	if (!refs->no_memory)
		refs->list[refs->count++] = ref;
}

/* A term by its id: one that is not imported counts as unknown, unless that is by intent. */
static void add_term(struct refs *refs, const struct ghost_term *term)
{
	if (term == NULL || (term->slug == NULL && !term->is_internal))
		refs->unknown++;
	else
		add(refs, term->slug, term->name);
}

static bool add_relations(struct refs *refs, const struct ghost_terms *terms, uint64_t post)
{
	size_t count;
	const struct ghost_relation *relations = ghost_terms_of(terms, post, &count);
	for (size_t i = 0; i < count; i++)
		add_term(refs, relations[i].term == GHOST_NO_TERM
				       ? NULL
				       : &terms->list[relations[i].term]);
	return count > 0;
}

/* An entry of a list within a post: the term itself, or its id. */
static bool add_nested(struct refs *refs, const struct ghost_terms *terms, struct json_walk *walk,
	struct ghost_record *entry, bool internal_tags)
{
	if (walk_peek(walk) != '{') {
		struct buffer text;
		buffer_init(&text, LIMIT_NAME_BYTES);
		bool going = walk_value(walk, &text);
		struct slice id = slice_of(text.data, text.size);
		if (id.size >= 2 && id.data[0] == '"')
			id = slice_of(id.data + 1, id.size - 2);
		add_term(refs, text.overflow ? NULL : ghost_terms_find(terms, ghost_key(id)));
		buffer_done(&text);
		return going;
	}
	if (!ghost_record_read(entry, walk, ghost_tag_fields))
		return false;
	struct ghost_names names;
	const struct ghost_term *term = ghost_terms_find(terms, ghost_record_key(entry, GHOST_ID));
	if (term != NULL)
		add_term(refs, term);
	else if (!ghost_term_names(entry, refs->arena, &names))
		refs->unknown++;
	else if (!names.is_internal || internal_tags)
		add(refs, names.slug, names.name);
	return true;
}

/* The list that a post has of its own, as exports before 0.5 and those of other tools do. */
static bool add_list(struct refs *refs, const struct ghost_terms *terms,
	const struct ghost_record *record, enum ghost_field field, bool internal_tags)
{
	struct slice json = ghost_record_json(record, field);
	if (json.size == 0 || json.data[0] != '[')
		return false;
	struct json_walk walk;
	struct ghost_record entry;
	ghost_record_init(&entry);
	walk_text(&walk, json);
	bool going = walk_open(&walk, '[');
	while (going && walk_entry(&walk, '['))
		going = add_nested(refs, terms, &walk, &entry, internal_tags);
	ghost_record_done(&entry);
	return true;
}

static bool finish(struct refs *refs, struct import_item *item)
{
	if (refs->left_out > 0)
		item_note(item, "%s: the first %zu were taken, %zu left out", refs->what,
			refs->count_max, refs->left_out);
	if (refs->unknown > 0)
		item_note(item, "%s: %zu left out that the export does not have", refs->what,
			refs->unknown);
	return !refs->no_memory;
}

static bool start(struct refs *refs, const char *what, size_t count_max, struct arena *arena)
{
	*refs = (struct refs){ .what = what, .count_max = count_max, .arena = arena };
	refs->list = arena_calloc(arena, count_max, sizeof(Lectern__V1__TermRef *));
	return refs->list != NULL;
}

static bool fill_tags(struct ghost_record *record, const struct ghost_index *index,
	bool internal_tags, struct import_item *item, struct refs *refs, bool *ret)
{
	uint64_t key = ghost_record_key(record, GHOST_ID);
	bool has_tables =
		index->has_table[GHOST_TABLE_TAGS] && index->has_table[GHOST_TABLE_POSTS_TAGS];
	*ret = has_tables;
	if (!add_relations(refs, &index->tags, key))
		*ret = add_list(refs, &index->tags, record, GHOST_TAGS, internal_tags) ||
		       has_tables;
	return finish(refs, item);
}

/* Ghost has had several authors of a post since 1.22, before that one. */
static bool fill_authors(struct ghost_record *record, const struct ghost_index *index,
	struct import_item *item, struct refs *refs, bool *ret)
{
	uint64_t key = ghost_record_key(record, GHOST_ID);
	bool has_tables =
		index->has_table[GHOST_TABLE_USERS] && index->has_table[GHOST_TABLE_POSTS_AUTHORS];
	*ret = has_tables;
	if (add_relations(refs, &index->authors, key))
		return finish(refs, item);
	if (add_list(refs, &index->authors, record, GHOST_AUTHORS, true)) {
		*ret = true;
		return finish(refs, item);
	}
	enum ghost_field field =
		ghost_record_has(record, GHOST_AUTHOR_ID) ? GHOST_AUTHOR_ID : GHOST_AUTHOR;
	const struct ghost_term *author =
		ghost_terms_find(&index->authors, ghost_record_key(record, field));
	if (author != NULL)
		add_term(refs, author);
	*ret = has_tables || author != NULL;
	return finish(refs, item);
}

bool ghost_refs(struct ghost_record *record, const struct ghost_index *index, bool internal_tags,
	struct arena *arena, struct import_item *item, Lectern__V1__Post *post, bool *ret_tags,
	bool *ret_authors)
{
	struct refs tags;
	struct refs authors;
	if (!start(&tags, "tags", LIMIT_POST_TAGS, arena) ||
		!start(&authors, "authors", LIMIT_POST_AUTHORS, arena) ||
		!fill_tags(record, index, internal_tags, item, &tags, ret_tags) ||
		!fill_authors(record, index, item, &authors, ret_authors))
		return false;
	post->tags = tags.list;
	post->n_tags = tags.count;
	post->authors = authors.list;
	post->n_authors = authors.count;
	return true;
}
