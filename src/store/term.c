#include "store/term.h"

#include "base/text.h"
#include "base/wire.h"
#include "store/posting.h"

enum {
	/* Field numbers of store.v1.Term and lectern.v1.TermRef. */
	FIELD_TERM_SLUG = 2,
	FIELD_TERM_NAME = 3,
	FIELD_TERM_PARENT = 11,
	FIELD_REF_ID = 1,
	/* Of lectern.v1.Tag, Category and Author, and of Series. */
	FIELD_POST_COUNT = 5,
	FIELD_SUBTREE_POST_COUNT = 12,
	FIELD_SERIES_POST_COUNT = 4,
};

const char *term_kind_name(uint8_t kind)
{
	switch (kind) {
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG:
		return "tag";
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY:
		return "category";
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR:
		return "author";
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES:
		return "series";
	default:
		return "term";
	}
}

uint64_t term_find_slug(struct txn *txn, uint8_t kind, struct slice slug, bool *former)
{
	struct key key;
	struct slice value;
	uint64_t id;
	*former = false;
	key_slug(&key, (enum slug_space)kind, slug);
	if (!txn_get(txn, TABLE_SLUG, &key, &value))
		return 0;
	if (!value_read_slug(value, &id, former)) {
		txn_fail_corrupt(txn, "slug of term", 0);
		return 0;
	}
	return id;
}

bool term_same_name(const char *a, const char *b)
{
	char left[KEY_BYTES_MAX];
	char right[KEY_BYTES_MAX];
	size_t left_bytes = text_fold(slice_of_text(a), left, sizeof left);
	size_t right_bytes = text_fold(slice_of_text(b), right, sizeof right);
	return left_bytes > 0 &&
	       slice_equals(slice_of(left, left_bytes), slice_of(right, right_bytes));
}

enum code term_fail_ambiguous(uint8_t kind, const char *name, const char *field, struct error *err)
{
	return fail_field(err, CODE_FAILED_PRECONDITION, "NAME_AMBIGUOUS", field,
		"several of kind %s are named \"%s\"; give the slug", term_kind_name(kind), name);
}

uint64_t term_find_name(struct txn *txn, uint8_t kind, struct slice name, bool *ambiguous)
{
	char folded[KEY_BYTES_MAX];
	size_t size = text_fold(name, folded, sizeof folded);
	struct key prefix;
	key_name_prefix(&prefix, kind, slice_of(folded, size));
	*ambiguous = false;
	uint64_t found = 0;
	struct walk walk;
	walk_start(&walk, txn, TABLE_NAME, key_slice(&prefix));
	while (walk_next(&walk) && key_has_prefix(walk.key, key_slice(&prefix))) {
		uint8_t entry_kind;
		struct slice entry_name;
		uint64_t id;
		if (!key_read_name(walk.key, &entry_kind, &entry_name, &id)) {
			txn_fail_corrupt(txn, "name of term", 0);
			break;
		}
		*ambiguous = found != 0;
		if (found != 0)
			break;
		found = id;
	}
	walk_end(&walk);
	return found;
}

bool term_read(struct txn *txn, uint8_t kind, uint64_t id, struct slice *ret)
{
	struct key key;
	key_term(&key, kind, id);
	return txn_get(txn, TABLE_TERM, &key, ret);
}

Lectern__Store__V1__Term *term_unpack(
	struct txn *txn, struct arena *arena, uint8_t kind, uint64_t id)
{
	struct slice record;
	if (!term_read(txn, kind, id, &record))
		return NULL;
	Lectern__Store__V1__Term *term =
		lectern__store__v1__term__unpack(&arena->allocator, record.size, record.data);
	if (term == NULL)
		txn_fail_corrupt(txn, term_kind_name(kind), id);
	return term;
}

static bool find_bytes(struct slice record, uint32_t number, struct slice *ret)
{
	struct wire_field field;
	while (wire_next(&record, &field)) {
		if (field.number != number || field.type != WIRE_BYTES)
			continue;
		*ret = field.bytes;
		return true;
	}
	return false;
}

struct slice term_slug(struct slice record)
{
	struct slice slug = slice_of("", 0);
	(void)find_bytes(record, FIELD_TERM_SLUG, &slug);
	return slug;
}

struct slice term_name(struct slice record)
{
	struct slice name = slice_of("", 0);
	(void)find_bytes(record, FIELD_TERM_NAME, &name);
	return name;
}

uint64_t term_parent_ref(struct txn *txn, uint64_t category_id, struct slice *ret)
{
	struct slice record;
	struct wire_field field;
	if (!term_read(
		    txn, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, category_id, &record)) {
		txn_fail_corrupt(txn, "category", category_id);
		return 0;
	}
	if (!find_bytes(record, FIELD_TERM_PARENT, ret))
		return 0;
	struct slice ref = *ret;
	while (wire_next(&ref, &field))
		if (field.number == FIELD_REF_ID && field.type == WIRE_VARINT)
			return field.value;
	return 0;
}

uint64_t term_parent(struct txn *txn, uint64_t category_id)
{
	struct slice ref;
	return term_parent_ref(txn, category_id, &ref);
}

void term_put(
	struct txn *txn, struct arena *arena, uint8_t kind, const Lectern__Store__V1__Term *term)
{
	struct slice record = arena_pack(arena, &term->base);
	struct key key;
	key_term(&key, kind, term->id);
	if (record.data == NULL)
		txn_fail_memory(txn);
	else
		txn_put(txn, TABLE_TERM, &key, record);
}

static void name_key(struct key *key, uint8_t kind, const char *name, uint64_t id)
{
	char folded[KEY_BYTES_MAX];
	size_t size = text_fold(slice_of_text(name), folded, sizeof folded);
	key_name(key, kind, slice_of(folded, size), id);
}

void term_name_insert(struct txn *txn, uint8_t kind, const char *name, uint64_t id)
{
	struct key key;
	name_key(&key, kind, name, id);
	txn_put(txn, TABLE_NAME, &key, slice_of(NULL, 0));
}

void term_name_remove(struct txn *txn, uint8_t kind, const char *name, uint64_t id)
{
	struct key key;
	name_key(&key, kind, name, id);
	txn_delete(txn, TABLE_NAME, &key);
}

size_t term_children(struct txn *txn, uint64_t category_id, uint64_t *ids, size_t max)
{
	struct key from;
	key_child(&from, category_id, 0);
	struct slice prefix = slice_of(from.bytes, 8);
	size_t count = 0;
	struct walk walk;
	walk_start(&walk, txn, TABLE_CHILD, key_slice(&from));
	while (count < max && walk_next(&walk) && key_has_prefix(walk.key, prefix)) {
		uint64_t parent_id;
		uint64_t child_id;
		if (!key_read_child(walk.key, &parent_id, &child_id)) {
			txn_fail_corrupt(txn, "child of category", category_id);
			break;
		}
		if (ids != NULL)
			ids[count] = child_id;
		count++;
	}
	walk_end(&walk);
	return count;
}

size_t term_counts(struct txn *txn, uint8_t kind, uint64_t id, uint8_t out[TERM_COUNTS_BYTES])
{
	if (kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES)
		return wire_put_uint(
			out, FIELD_SERIES_POST_COUNT, posting_count(txn, POSTING_SERIES, id));
	size_t size = wire_put_uint(
		out, FIELD_POST_COUNT, posting_count(txn, posting_kind_of_term(kind), id));
	if (kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY)
		size += wire_put_uint(out + size, FIELD_SUBTREE_POST_COUNT,
			posting_count(txn, POSTING_SUBTREE, id));
	return size;
}
