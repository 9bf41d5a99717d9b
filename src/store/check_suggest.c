/* The suggestions: made again from titles and names. */
#include "store/check_private.h"
#include "store/post.h"
#include "store/suggest.h"
#include "store/term.h"

#include <inttypes.h>

static void check_text(struct check *check, enum suggest_kind kind, uint64_t id, struct slice text)
{
	struct suggest_text folded;
	struct key key;
	if (check->naming && !check->differs[TABLE_SUGGEST])
		return;
	suggest_read(check->analyzer, text, &folded);
	for (size_t i = 0; i < folded.count; i++) {
		suggest_key(&key, &folded, i, kind, id);
		check_expect(check, TABLE_SUGGEST, &key,
			"word %zu of the title or name of %d:%" PRIu64, i, (int)kind, id);
	}
}

void check_suggested_post(struct check *check, uint64_t id, const Lectern__V1__Post *post)
{
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED)
		check_text(check, SUGGEST_POST, id, slice_of_text(post->title));
}

void check_suggested_term(struct check *check, uint8_t kind, const Lectern__Store__V1__Term *term)
{
	enum suggest_kind suggest_kind;
	if (suggest_kind_of_term(kind, &suggest_kind))
		check_text(check, suggest_kind, term->id, slice_of_text(term->name));
}

/* The text that should be found under a suggestion's id; empty: none. */
static struct slice suggested_text(struct check *check, uint8_t kind, uint64_t id)
{
	if (kind == SUGGEST_POST) {
		Lectern__V1__Post *post = post_unpack_summary(check->txn, &check->scratch, id);
		bool live = post != NULL &&
			    post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
		return slice_of_text(live ? post->title : NULL);
	}
	for (uint8_t term_kind = SLUG_TAG; term_kind <= SLUG_AUTHOR; term_kind++) {
		enum suggest_kind own;
		if (!suggest_kind_of_term(term_kind, &own) || own != kind)
			continue;
		Lectern__Store__V1__Term *term =
			term_unpack(check->txn, &check->scratch, term_kind, id);
		return slice_of_text(term == NULL ? NULL : term->name);
	}
	return slice_of(NULL, 0);
}

void check_stray_suggestion(struct check *check, struct slice key, struct slice value)
{
	struct suggest_text text;
	struct slice folded;
	uint8_t kind;
	uint8_t ordinal;
	uint64_t id;
	struct key expected;
	if (!key_read_suggest(key, &folded, &kind, &ordinal, &id) || value.size != 0) {
		check_problem(check, "an entry of table suggest cannot be read");
		return;
	}
	suggest_read(check->analyzer, suggested_text(check, kind, id), &text);
	if (ordinal < text.count) {
		suggest_key(&expected, &text, ordinal, (enum suggest_kind)kind, id);
		if (slice_equals(key, key_slice(&expected)))
			return;
	}
	check_problem(check,
		"the suggestions have \"%.*s\" of %u:%" PRIu64 ", which has no such word",
		(int)folded.size, (const char *)folded.data, kind, id);
}
