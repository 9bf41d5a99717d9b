/* Terms: records, names, ranks, the category tree; and the slugs of everything. */
#include "base/text.h"
#include "store/check_private.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/term.h"

#include <inttypes.h>

enum { CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY };

static void check_parent(struct check *check, const Lectern__Store__V1__Term *term)
{
	struct key key;
	if (term->parent == NULL)
		return;
	Lectern__Store__V1__Term *parent =
		term_unpack(check->txn, &check->scratch, CATEGORY, term->parent->id);
	if (parent == NULL || strcmp(parent->slug, term->parent->slug) != 0 ||
		strcmp(parent->name, term->parent->name) != 0)
		check_record_problem(check,
			"category %" PRIu64
			" names its parent in a way that the parent's record does "
			"not bear out",
			term->id);
	key_child(&key, term->parent->id, term->id);
	check_expect(check, TABLE_CHILD, &key, "category %" PRIu64, term->id);
}

static void name_key(struct key *key, uint8_t kind, const char *name, uint64_t id)
{
	char folded[KEY_BYTES_MAX];
	size_t size = text_fold(slice_of_text(name), folded, sizeof folded);
	key_name(key, kind, slice_of(folded, size), id);
}

void check_term_record(struct check *check, struct slice key, struct slice value)
{
	uint8_t kind;
	uint64_t id;
	struct key expected;
	Lectern__Store__V1__Term *term =
		lectern__store__v1__term__unpack(&check->scratch.allocator, value.size, value.data);
	if (!key_read_term(key, &kind, &id) || term == NULL || term->id != id) {
		check_record_problem(check, "an entry of table term cannot be read");
		return;
	}
	check_expect_slug(check, (enum slug_space)kind, term->slug, id, false);
	for (size_t i = 0; i < term->n_aliases; i++)
		check_expect_slug(check, (enum slug_space)kind, term->aliases[i], id, true);
	name_key(&expected, kind, term->name, id);
	check_expect(check, TABLE_NAME, &expected, "%s %" PRIu64, term_kind_name(kind), id);
	uint8_t list = posting_kind_of_term(kind);
	if (list != 0) {
		key_rank(&expected, kind, posting_count(check->txn, list, id), id);
		check_expect(check, TABLE_RANK, &expected, "%s %" PRIu64, term_kind_name(kind), id);
	}
	check_parent(check, term);
	check_suggested_term(check, kind, term);
}

void check_stray_name(struct check *check, struct slice key, struct slice value)
{
	(void)value;
	uint8_t kind;
	uint64_t id;
	struct slice folded;
	struct key expected;
	if (!key_read_name(key, &kind, &folded, &id)) {
		check_problem(check, "an entry of table name cannot be read");
		return;
	}
	Lectern__Store__V1__Term *term = term_unpack(check->txn, &check->scratch, kind, id);
	if (term != NULL)
		name_key(&expected, kind, term->name, id);
	if (term == NULL || !slice_equals(key, key_slice(&expected)))
		check_problem(check,
			"the index of names has %s %" PRIu64 " by a name that it does "
			"not have",
			term_kind_name(kind), id);
}

void check_stray_rank(struct check *check, struct slice key, struct slice value)
{
	(void)value;
	uint8_t kind;
	uint64_t count;
	uint64_t id;
	struct slice record;
	if (!key_read_rank(key, &kind, &count, &id)) {
		check_problem(check, "an entry of table rank cannot be read");
		return;
	}
	if (!term_read(check->txn, kind, id, &record) ||
		posting_count(check->txn, posting_kind_of_term(kind), id) != count)
		check_problem(check, "the ranks have %s %" PRIu64 " with %" PRIu64 " posts",
			term_kind_name(kind), id, count);
}

void check_stray_child(struct check *check, struct slice key, struct slice value)
{
	(void)value;
	uint64_t parent_id;
	uint64_t child_id;
	struct slice record;
	if (!key_read_child(key, &parent_id, &child_id)) {
		check_problem(check, "an entry of table child cannot be read");
		return;
	}
	if (!term_read(check->txn, CATEGORY, child_id, &record) ||
		term_parent(check->txn, child_id) != parent_id)
		check_problem(check,
			"category %" PRIu64 " is listed below %" PRIu64 ", where it is "
			"not",
			child_id, parent_id);
}

static bool is_alias(char *const *aliases, size_t count, struct slice slug)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equals(slice_of_text(aliases[i]), slug))
			return true;
	return false;
}

static bool has_slug(
	struct check *check, enum slug_space space, uint64_t id, struct slice slug, bool former)
{
	if (space == SLUG_POST_ORIGIN) {
		Lectern__V1__Post *post = post_unpack_summary(check->txn, &check->scratch, id);
		return post != NULL && !former && slice_equals(slice_of_text(post->origin), slug);
	}
	if (space == SLUG_POST) {
		Lectern__V1__Post *post = post_unpack_summary(check->txn, &check->scratch, id);
		return post != NULL && (former ? is_alias(post->aliases, post->n_aliases, slug)
					       : slice_equals(slice_of_text(post->slug), slug));
	}
	Lectern__Store__V1__Term *term =
		term_unpack(check->txn, &check->scratch, (uint8_t)space, id);
	return term != NULL && (former ? is_alias(term->aliases, term->n_aliases, slug)
				       : slice_equals(slice_of_text(term->slug), slug));
}

void check_stray_slug(struct check *check, struct slice key, struct slice value)
{
	enum slug_space space;
	struct slice slug;
	uint64_t id;
	bool former;
	if (!key_read_slug(key, &space, &slug) || !value_read_slug(value, &id, &former)) {
		check_problem(check, "an entry of table slug cannot be read");
		return;
	}
	if (!has_slug(check, space, id, slug, former))
		check_problem(check, "slug \"%.*s\" leads to %" PRIu64 ", which does not have it",
			(int)slug.size, (const char *)slug.data, id);
}
