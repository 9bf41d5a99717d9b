/* What search and suggestions hold of posts and terms. */
#include "store/apply.h"
#include "store/post.h"
#include "store/search_document.h"
#include "store/suggest.h"

/* The title that suggestions have of a post: nothing of one that is not public. */
static struct slice public_title(const Lectern__V1__Post *post)
{
	if (post == NULL || post->state != LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED)
		return slice_of(NULL, 0);
	return slice_of_text(post->title);
}

static void index_words(struct apply *apply, const Lectern__V1__Post *before,
	const Lectern__V1__Post *after, bool content)
{
	struct search_document old;
	struct search_document new;
	struct slice html = slice_of(NULL, 0);
	uint64_t id = before != NULL ? before->id : after->id;
	if (before != NULL)
		search_document_of(before, html, &old);
	if (after != NULL)
		search_document_of(after, html, &new);
	/* Most changes touch no word: terms renamed, times moved. They are not to read any html. */
	if (before != NULL && after != NULL && !content && search_document_equals(&old, &new))
		return;
	if (before != NULL && !post_html(apply->txn, id, &html)) {
		txn_fail_corrupt(apply->txn, "html of post", id);
		return;
	}
	old.html = html;
	new.html = content ? slice_of_text(after->html) : html;
	arena_reset(apply->words);
	search_index_replace(apply->txn, apply->words, apply->analyzer, apply->prepared,
		before == NULL ? NULL : &old, after == NULL ? NULL : &new);
	search_index_settle(apply->txn, apply->words, apply->recent_posts);
}

void apply_index_post(struct apply *apply, const Lectern__V1__Post *before,
	const Lectern__V1__Post *after, bool content)
{
	index_words(apply, before, after, content);
	suggest_replace(apply->txn, apply->analyzer, SUGGEST_POST,
		before != NULL ? before->id : after->id, public_title(before), public_title(after));
}

void apply_suggest_term(
	struct apply *apply, uint8_t kind, uint64_t id, const char *before, const char *after)
{
	enum suggest_kind suggest_kind;
	if (suggest_kind_of_term(kind, &suggest_kind))
		suggest_replace(apply->txn, apply->analyzer, suggest_kind, id,
			slice_of_text(before), slice_of_text(after));
}
