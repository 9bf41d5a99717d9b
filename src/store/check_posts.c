/* Posts: records, slugs, posting lists, due times. */
#include "store/check_private.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/term.h"

#include <inttypes.h>

static void check_refs(struct check *check, uint64_t post_id, uint8_t kind,
	Lectern__V1__TermRef *const *refs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		Lectern__Store__V1__Term *term =
			term_unpack(check->txn, &check->scratch, kind, refs[i]->id);
		if (term == NULL || strcmp(term->slug, refs[i]->slug) != 0 ||
			strcmp(term->name, refs[i]->name) != 0)
			check_record_problem(check,
				"post %" PRIu64 " names %s %" PRIu64 " (\"%s\") in a way that its "
				"record does not bear out",
				post_id, term_kind_name(kind), refs[i]->id, refs[i]->slug);
	}
}

static void check_series(
	struct check *check, uint64_t post_id, const Lectern__V1__SeriesRef *series)
{
	Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *refs[] = { &ref };
	if (series == NULL)
		return;
	ref.id = series->id;
	ref.slug = series->slug;
	ref.name = series->name;
	check_refs(check, post_id, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES, refs, 1);
}

static void check_post(struct check *check, uint64_t id, const Lectern__V1__Post *post)
{
	struct posting_set set;
	struct key key;
	int64_t due_us;
	if (post->id != id)
		check_record_problem(
			check, "the record of post %" PRIu64 " has id %" PRIu64, id, post->id);
	for (int part = POST_SUMMARY; part <= POST_HTML; part++) {
		key_post(&key, id, (enum post_part)part);
		check_expect(check, TABLE_POST, &key, "post %" PRIu64, id);
	}
	check_expect_slug(check, SLUG_POST, post->slug, id, false);
	for (size_t i = 0; i < post->n_aliases; i++)
		check_expect_slug(check, SLUG_POST, post->aliases[i], id, true);
	if (post->origin[0] != '\0')
		check_expect_slug(check, SLUG_POST_ORIGIN, post->origin, id, false);
	if (!postings_of_post(check->txn, &check->scratch, post, &set))
		return;
	for (size_t i = 0; i < set.count; i++) {
		if (set.entries[i].kind == POSTING_MONTH)
			continue;
		key_posting(&key, &set.entries[i]);
		check_expect(check, TABLE_POSTING, &key,
			"post %" PRIu64 " in list (%u, %" PRIu64 ")", id, set.entries[i].kind,
			set.entries[i].number);
	}
	if (post_due_us(post, &due_us)) {
		key_due(&key, due_us, id);
		check_expect(check, TABLE_DUE, &key, "post %" PRIu64, id);
	}
	check_refs(
		check, id, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG, post->tags, post->n_tags);
	check_refs(check, id, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, post->categories,
		post->n_categories);
	check_refs(check, id, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR, post->authors,
		post->n_authors);
	check_series(check, id, post->series);
}

/* What follows from a summary record. */
static void check_summary(struct check *check, uint64_t id, const Lectern__V1__Post *post)
{
	struct key line;
	check_post(check, id, post);
	check_suggested_post(check, id, post);
	if (check->naming)
		return;
	key_revision(&line, id, post->revision);
	check_look_up(check, TABLE_REVISION, &line, "post %" PRIu64, id);
	check_post_words(check, id, post);
}

void check_post_record(struct check *check, struct slice key, struct slice value)
{
	uint64_t id;
	enum post_part part;
	if (!key_read_post(key, &id, &part)) {
		check_record_problem(check, "a key of table post cannot be read");
		return;
	}
	Lectern__V1__Post *post =
		lectern__v1__post__unpack(&check->scratch.allocator, value.size, value.data);
	if (post == NULL) {
		check_record_problem(
			check, "part %d of post %" PRIu64 " cannot be read", (int)part, id);
		return;
	}
	if (part == POST_SUMMARY) {
		check_summary(check, id, post);
	} else if (check->naming && check->differs[TABLE_POST]) {
		struct key summary;
		key_post(&summary, id, POST_SUMMARY);
		check_look_up(
			check, TABLE_POST, &summary, "part %d of post %" PRIu64, (int)part, id);
	}
}

/* Whether the post itself says that it stands in this list at this place. */
static bool post_bears_out(struct check *check, const struct posting *posting)
{
	struct posting_set set;
	Lectern__V1__Post *post = post_unpack_summary(check->txn, &check->scratch, posting->id);
	if (post == NULL || !postings_of_post(check->txn, &check->scratch, post, &set))
		return false;
	for (size_t i = 0; i < set.count; i++)
		if (set.entries[i].kind == posting->kind &&
			set.entries[i].number == posting->number)
			return set.entries[i].sort == posting->sort &&
			       slice_equals(set.entries[i].title, posting->title);
	return false;
}

void check_stray_posting(struct check *check, struct slice key, struct slice value)
{
	struct posting posting;
	if (!key_read_posting(key, &posting) || value.size != 0)
		check_problem(check, "an entry of table posting cannot be read");
	else if (!post_bears_out(check, &posting))
		check_problem(check,
			"list (%u, %" PRIu64 ") has post %" PRIu64 ", which does not belong there",
			posting.kind, posting.number, posting.id);
}

void check_stray_due(struct check *check, struct slice key, struct slice value)
{
	(void)value;
	int64_t time_us;
	int64_t due_us;
	uint64_t id;
	if (!key_read_due(key, &time_us, &id)) {
		check_problem(check, "an entry of table due cannot be read");
		return;
	}
	Lectern__V1__Post *post = post_unpack_summary(check->txn, &check->scratch, id);
	if (post == NULL || !post_due_us(post, &due_us) || due_us != time_us)
		check_problem(check, "post %" PRIu64 " is due at a time that it does not have", id);
}
