/* Tags, categories and authors, in the many forms that front matter has them in. */
#include "base/text.h"
#include "importers/front_matter_draft.h"

#include <stdio.h>

struct names {
	struct front_matter_draft *draft;
	const char *kind; /* for notes */
	size_t max;
	size_t count;
	char *names[LIMIT_POST_TAGS];
	char *folded[LIMIT_POST_TAGS];
	bool noted_dropped;
	bool noted_same;
};

_Static_assert(LIMIT_POST_CATEGORIES <= LIMIT_POST_TAGS && LIMIT_POST_AUTHORS <= LIMIT_POST_TAGS,
	"a list of tags is the longest");

static void add(struct names *names, struct slice text)
{
	struct front_matter_draft *draft = names->draft;
	char folded[4 * LIMIT_NAME_BYTES];
	char *name = draft_plain(draft, text, true, LIMIT_NAME_BYTES, names->kind);
	if (text_fold(slice_of_text(name), folded, sizeof folded) == 0)
		return;
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->folded[i], folded) != 0)
			continue;
		if (strcmp(names->names[i], name) != 0 && !names->noted_same)
			draft_note(draft, "%s '%.40s' and '%.40s' are the same", names->kind,
				names->names[i], name);
		names->noted_same = names->noted_same || strcmp(names->names[i], name) != 0;
		return;
	}
	if (names->count == names->max) {
		if (!names->noted_dropped)
			draft_note(draft, "more than %zu %s: the rest was left out", names->max,
				names->kind);
		names->noted_dropped = true;
		return;
	}
	names->names[names->count] = name;
	names->folded[names->count++] = draft_text(draft, slice_of_text(folded));
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "a, b c" is two names, "a b" two as well: so Jekyll and Hugo read it. */
static void add_split(struct names *names, struct slice text)
{
	bool commas = text.size > 0 && memchr(text.data, ',', text.size) != NULL;
	size_t start = 0;
	for (size_t i = 0; i <= text.size; i++) {
		if (i < text.size && (commas ? text.data[i] != ',' : !is_blank(text.data[i])))
			continue;
		add(names, slice_of(text.data + start, i - start));
		start = i + 1;
	}
}

/* The text that names a map: "name: X" and the like; of "C++: 11", which was meant as a text, that
 * text. False if it has none. */
static bool add_map(struct names *names, const struct value *map)
{
	static const char *const keys[] = { "name", "title", "label", "slug", "id" };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct value *value = value_find(map, keys[i]);
		if (value_is_text(value)) {
			add(names, value->text);
			return true;
		}
	}
	const struct value *only = map->first;
	if (only == NULL || only->next != NULL || !value_is_text(only))
		return false;
	char text[2 * LIMIT_NAME_BYTES];
	snprintf(text, sizeof text, "%.200s: %.*s", only->key,
		(int)(only->text.size < LIMIT_NAME_BYTES ? only->text.size : LIMIT_NAME_BYTES),
		(const char *)only->text.data);
	struct slice name = slice_of_text(text);
	name.size = text_find_invalid(name);
	add(names, name);
	return true;
}

/* All names in the value, whatever it nests. */
static void add_all(struct names *names, const struct value *value)
{
	const struct value *stack[VALUE_DEPTH_MAX]; /* what comes next at each level */
	unsigned depth = 0;
	unsigned visited = 0;
	stack[depth++] = value;
	while (depth > 0) {
		const struct value *one = stack[depth - 1];
		if (one == NULL || (depth == 1 && one != value)) {
			depth--;
			continue;
		}
		stack[depth - 1] = one->next;
		if (++visited > DRAFT_NAMES_VISITED_MAX) {
			draft_note(names->draft, "%s: only the first %d values were read",
				names->kind, DRAFT_NAMES_VISITED_MAX);
			return;
		}
		if (one->kind == VALUE_LIST || one->kind == VALUE_MAP) {
			if ((one->kind == VALUE_LIST || !add_map(names, one)) &&
				depth < VALUE_DEPTH_MAX)
				stack[depth++] = one->first;
		} else if (one->kind != VALUE_NULL) {
			add(names, one->text);
		} else if (one->key != NULL && depth > 1) {
			add(names, slice_of_text(one->key));
		}
	}
}

/* A field; its text is one name or, if it is split, several. */
static void add_field(struct names *names, const struct value *value, bool split)
{
	if (value == NULL || value->kind == VALUE_NULL)
		return;
	if (split && value_is_text(value))
		add_split(names, value->text);
	else
		add_all(names, value);
}

/* Lectern's exports tell the slugs that names alone would not give. */
static char *find_slug(const struct names *names, const char *name)
{
	char key[32];
	snprintf(key, sizeof key, "%sslugs", names->kind);
	const struct value *slugs = value_find(names->draft->own, key);
	const struct value *slug =
		slugs != NULL && slugs->kind == VALUE_MAP ? value_entry(slugs, name) : NULL;
	static char none[1];
	return value_is_text(slug) && text_is_slug(slug->text)
		       ? draft_text(names->draft, slug->text)
		       : none;
}

static Lectern__V1__TermRef **make_refs(struct names *names)
{
	struct arena *arena = names->draft->arena;
	Lectern__V1__TermRef **refs =
		arena_calloc(arena, names->count, sizeof(Lectern__V1__TermRef *));
	Lectern__V1__TermRef *storage = arena_calloc(arena, names->count, sizeof *storage);
	if (refs == NULL || storage == NULL) {
		names->draft->out_of_memory = true;
		names->count = 0;
		return NULL;
	}
	for (size_t i = 0; i < names->count; i++) {
		lectern__v1__term_ref__init(&storage[i]);
		storage[i].name = names->names[i];
		storage[i].slug = find_slug(names, names->names[i]);
		refs[i] = &storage[i];
	}
	return refs;
}

/* A field at the top or, as Zola has it, among the taxonomies. */
static const struct value *find_terms(const struct value *front, const char *name)
{
	const struct value *value = value_find(front, name);
	return value != NULL ? value : value_find(value_find(front, "taxonomies"), name);
}

static void fill_tags(struct names *names)
{
	const struct value *front = names->draft->front;
	add_field(names, find_terms(front, "tags"), true);
	add_field(names, find_terms(front, "tag"), false);
}

static void fill_categories(struct names *names)
{
	const struct value *front = names->draft->front;
	struct slice folders = names->draft->path->category_folders;
	add_field(names, find_terms(front, "categories"), true);
	add_field(names, find_terms(front, "category"), false);
	for (size_t start = 0, i = 0; i < folders.size && !names->draft->exact; i++) {
		if (folders.data[i] != '/')
			continue;
		struct slice folder = slice_of(folders.data + start, i - start);
		if (text_find_invalid(folder) == folder.size)
			add(names, folder);
		start = i + 1;
	}
}

static void fill_authors(struct names *names)
{
	const struct value *front = names->draft->front;
	add_field(names, find_terms(front, "authors"), false);
	add_field(names, find_terms(front, "author"), false);
}

void draft_fill_names(struct front_matter_draft *draft)
{
	Lectern__V1__Post *post = draft->post;
	const struct {
		const char *kind;
		size_t max;
		void (*fill)(struct names *names);
		size_t *count;
		Lectern__V1__TermRef ***refs;
	} lists[] = {
		{ "tags", LIMIT_POST_TAGS, fill_tags, &post->n_tags, &post->tags },
		{ "categories", LIMIT_POST_CATEGORIES, fill_categories, &post->n_categories,
			&post->categories },
		{ "authors", LIMIT_POST_AUTHORS, fill_authors, &post->n_authors, &post->authors },
	};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct names *names = arena_calloc(draft->arena, 1, sizeof *names);
		if (names == NULL) {
			draft->out_of_memory = true;
			return;
		}
		names->draft = draft;
		names->kind = lists[i].kind;
		names->max = lists[i].max;
		lists[i].fill(names);
		*lists[i].refs = make_refs(names);
		*lists[i].count = names->count;
		draft_decide(draft, lists[i].kind);
	}
}
