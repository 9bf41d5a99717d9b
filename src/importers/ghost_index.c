#include "importers/ghost_index.h"

#include "importers/ghost_term.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

static const char *const table_names[GHOST_TABLES] = {
	[GHOST_TABLE_TAGS] = "tags",
	[GHOST_TABLE_USERS] = "users",
	[GHOST_TABLE_POSTS_TAGS] = "posts_tags",
	[GHOST_TABLE_POSTS_AUTHORS] = "posts_authors",
	[GHOST_TABLE_POSTS] = "posts",
};

void ghost_index_init(struct ghost_index *index)
{
	*index = (struct ghost_index){ .span_count = 0 };
	arena_init(&index->names, SIZE_MAX / 2);
}

static void free_terms(struct ghost_terms *terms)
{
	free(terms->list);
	free(terms->relations);
}

void ghost_index_done(struct ghost_index *index)
{
	free_terms(&index->tags);
	free_terms(&index->authors);
	arena_done(&index->names);
	ghost_index_init(index);
}

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "read the export: out of memory");
}

/* Room for one more; false when out of memory. */
static bool grow(void **list, size_t count, size_t *capacity, size_t item_bytes)
{
	if (count < *capacity)
		return true;
	size_t more = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
	void *grown = realloc(*list, more * item_bytes);
	if (grown == NULL)
		return false;
	*list = grown;
	*capacity = more;
	return true;
}

static void note_damage(struct ghost_index *index, const struct json_walk *walk)
{
	if (walk->problem == NULL || index->damage != NULL)
		return;
	index->damage = walk->problem;
	index->damage_line = walk->line;
}

/* Counts the whole records of a list. */
static bool scan_list(struct json_walk *walk, uint64_t *count)
{
	if (!walk_open(walk, '['))
		return false;
	while (walk_entry(walk, '[')) {
		if (!walk_value(walk, NULL))
			return false;
		++*count;
	}
	return walk->problem == NULL;
}

static enum ghost_table find_table(const char *key)
{
	unsigned table = 0;
	while (table < GHOST_TABLES && strcmp(table_names[table], key) != 0)
		table++;
	return (enum ghost_table)table;
}

/* One member of "data". */
static bool scan_table(struct ghost_index *index, struct json_walk *walk)
{
	char key[WALK_KEY_BYTES];
	if (!walk_key(walk, key))
		return false;
	enum ghost_table table = find_table(key);
	if (table == GHOST_TABLES || walk_peek(walk) != '[')
		return walk_value(walk, NULL);
	if (index->span_count == GHOST_SPANS_MAX) {
		walk->problem = "too many tables of the same name";
		return false;
	}
	struct ghost_span *span = &index->spans[index->span_count++];
	*span = (struct ghost_span){
		.table = table, .offset = walk_offset(walk), .line = walk->line
	};
	bool whole = scan_list(walk, &span->count);
	index->has_table[table] = whole;
	return whole;
}

static bool scan_data(struct ghost_index *index, struct json_walk *walk)
{
	if (walk_peek(walk) != '{')
		return walk_value(walk, NULL);
	bool going = walk_open(walk, '{');
	while (going && walk_entry(walk, '{'))
		going = scan_table(index, walk);
	index->is_whole = walk->problem == NULL;
	return index->is_whole;
}

/* {"meta": ..., "data": {...}} */
static bool scan_export(struct ghost_index *index, struct json_walk *walk)
{
	if (walk_peek(walk) != '{')
		return walk_value(walk, NULL);
	bool going = walk_open(walk, '{');
	while (going && walk_entry(walk, '{')) {
		char key[WALK_KEY_BYTES];
		if (!walk_key(walk, key))
			return false;
		going = strcmp(key, "data") == 0 ? scan_data(index, walk) : walk_value(walk, NULL);
	}
	return walk->problem == NULL;
}

static bool scan_exports(struct ghost_index *index, struct json_walk *walk)
{
	if (walk_peek(walk) != '[')
		return walk_value(walk, NULL);
	bool going = walk_open(walk, '[');
	while (going && walk_entry(walk, '['))
		going = scan_export(index, walk);
	return walk->problem == NULL;
}

/* The whole file: an export, or a list of them in "db". */
static void scan_file(struct ghost_index *index, struct json_walk *walk)
{
	bool going = walk_open(walk, '{');
	while (going && walk_entry(walk, '{')) {
		char key[WALK_KEY_BYTES];
		going = walk_key(walk, key);
		if (going && strcmp(key, "db") == 0)
			going = scan_exports(index, walk);
		else if (going && strcmp(key, "data") == 0)
			going = scan_data(index, walk);
		else if (going)
			going = walk_value(walk, NULL);
	}
	if (walk->problem == NULL && walk_peek(walk) != 0)
		walk->problem = "not JSON: something stands behind the end of the export";
	note_damage(index, walk);
}

bool ghost_span_open(const struct ghost_span *span, struct json_walk *walk)
{
	if (span->offset > INT64_MAX || fseeko(walk->file, (off_t)span->offset, SEEK_SET) != 0)
		return false;
	walk_file(walk, walk->file, walk->chunk, span->offset, span->line);
	return walk_open(walk, '[');
}

static enum code add_term(struct ghost_index *index, struct ghost_terms *terms,
	struct ghost_record *record, bool internal_tags, struct error *err)
{
	struct ghost_names names = { .slug = NULL };
	void *list = terms->list;
	uint64_t key = ghost_record_key(record, GHOST_ID);
	if (key == 0)
		return CODE_OK; /* no post can name it */
	if (terms->count == GHOST_NO_TERM - 1 ||
		!grow(&list, terms->count, &terms->capacity, sizeof *terms->list))
		return fail_memory(err);
	terms->list = list;
	if (!ghost_term_names(record, &index->names, &names))
		names.slug = NULL;
	bool is_left_out = names.is_internal && terms == &index->tags && !internal_tags;
	terms->list[terms->count++] = (struct ghost_term){ .key = key,
		.slug = is_left_out ? NULL : names.slug,
		.name = names.name,
		.is_internal = is_left_out };
	return CODE_OK;
}

static enum code add_relation(struct ghost_terms *terms, struct ghost_record *record,
	enum ghost_field id, struct error *err)
{
	uint64_t post = ghost_record_key(record, GHOST_POST_ID);
	uint64_t key = ghost_record_key(record, id);
	if (post == 0 || key == 0)
		return CODE_OK;
	void *list = terms->relations;
	if (!grow(&list, terms->relation_count, &terms->relation_capacity,
		    sizeof *terms->relations))
		return fail_memory(err);
	terms->relations = list;
	const struct ghost_term *term = ghost_terms_find(terms, key);
	size_t place = terms->relation_count++;
	/* Ghost has kept an order since 0.5; before, it was the order of the rows. */
	uint32_t missing = place > UINT32_MAX ? UINT32_MAX : (uint32_t)place;
	terms->relations[place] = (struct ghost_relation){ .post = post,
		.term = term == NULL ? GHOST_NO_TERM : (uint32_t)(term - terms->list),
		.order = ghost_record_order(record, GHOST_SORT_ORDER, missing) };
	return CODE_OK;
}

static enum code add(struct ghost_index *index, enum ghost_table table, struct ghost_record *record,
	bool internal_tags, struct error *err)
{
	switch (table) {
	case GHOST_TABLE_TAGS:
		return add_term(index, &index->tags, record, internal_tags, err);
	case GHOST_TABLE_USERS:
		return add_term(index, &index->authors, record, internal_tags, err);
	case GHOST_TABLE_POSTS_TAGS:
		return add_relation(&index->tags, record, GHOST_TAG_ID, err);
	case GHOST_TABLE_POSTS_AUTHORS:
		return add_relation(&index->authors, record, GHOST_AUTHOR_ID, err);
	case GHOST_TABLE_POSTS:
	case GHOST_TABLES:
		break;
	}
	return CODE_OK;
}

/* Adds all records of one kind. */
static enum code add_table(struct ghost_index *index, enum ghost_table table,
	struct json_walk *walk, struct ghost_record *record, bool internal_tags, struct error *err)
{
	static const uint64_t relation_fields = GHOST_BIT(GHOST_POST_ID) | GHOST_BIT(GHOST_TAG_ID) |
						GHOST_BIT(GHOST_AUTHOR_ID) |
						GHOST_BIT(GHOST_SORT_ORDER);
	uint64_t fields = table == GHOST_TABLE_TAGS    ? ghost_tag_fields
			  : table == GHOST_TABLE_USERS ? ghost_user_fields
						       : relation_fields;
	for (size_t i = 0; i < index->span_count; i++) {
		const struct ghost_span *span = &index->spans[i];
		bool going = span->table == table && ghost_span_open(span, walk);
		for (uint64_t n = 0; going && n < span->count; n++) {
			going = walk_entry(walk, '[') && ghost_record_read(record, walk, fields);
			if (!going)
				break;
			enum code code = add(index, table, record, internal_tags, err);
			if (code != CODE_OK)
				return code;
		}
		if (!going && span->table == table)
			return fail(err, CODE_ABORTED,
				"the file was changed while it was read; start again");
	}
	return CODE_OK;
}

static int compare_terms(const void *a, const void *b)
{
	const struct ghost_term *left = a;
	const struct ghost_term *right = b;
	return (left->key > right->key) - (left->key < right->key);
}

static int compare_relations(const void *a, const void *b)
{
	const struct ghost_relation *left = a;
	const struct ghost_relation *right = b;
	if (left->post != right->post)
		return left->post > right->post ? 1 : -1;
	if (left->order != right->order)
		return left->order > right->order ? 1 : -1;
	return (left->term > right->term) - (left->term < right->term);
}

static void sort_terms(struct ghost_terms *terms)
{
	if (terms->count > 1)
		qsort(terms->list, terms->count, sizeof *terms->list, compare_terms);
}

static void sort_relations(struct ghost_terms *terms)
{
	if (terms->relation_count > 1)
		qsort(terms->relations, terms->relation_count, sizeof *terms->relations,
			compare_relations);
}

enum code ghost_index_read(struct ghost_index *index, struct json_walk *walk,
	struct ghost_record *record, bool internal_tags, struct error *err)
{
	scan_file(index, walk);
	if (walk->is_unreadable)
		return fail(
			err, CODE_UNKNOWN, "cannot be read beyond line %ju", (uintmax_t)walk->line);
	for (unsigned table = 0; table < GHOST_TABLE_POSTS; table++) {
		enum code code =
			add_table(index, (enum ghost_table)table, walk, record, internal_tags, err);
		if (code != CODE_OK)
			return code;
		if (table == GHOST_TABLE_USERS) { /* relations look them up */
			sort_terms(&index->tags);
			sort_terms(&index->authors);
		}
	}
	sort_relations(&index->tags);
	sort_relations(&index->authors);
	return CODE_OK;
}

const struct ghost_term *ghost_terms_find(const struct ghost_terms *terms, uint64_t key)
{
	const struct ghost_term wanted = { .key = key };
	if (key == 0 || terms->count == 0)
		return NULL;
	return bsearch(&wanted, terms->list, terms->count, sizeof wanted, compare_terms);
}

const struct ghost_relation *ghost_terms_of(
	const struct ghost_terms *terms, uint64_t post, size_t *ret_count)
{
	size_t from = 0;
	size_t to = terms->relation_count;
	*ret_count = 0;
	if (post == 0 || to == 0)
		return NULL;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (terms->relations[middle].post < post)
			from = middle + 1;
		else
			to = middle;
	}
	const struct ghost_relation *first = terms->relations + from;
	while (from + *ret_count < terms->relation_count && first[*ret_count].post == post)
		++*ret_count;
	return first;
}
