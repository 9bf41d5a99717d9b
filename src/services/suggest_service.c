#include "services/suggest_service.h"

#include "services/analyzers.h"
#include "store/post_fields.h"
#include "store/posting.h"
#include "store/suggest.h"
#include "store/term.h"

#include <lectern/v1/search.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIELD_SUGGESTIONS = 1, /* of SuggestTermsResponse */
	DEFAULT_PAGE_SIZE = 10,
	LOOKED_AT_MAX = 1000, /* entries of the index */
};

/* A post or term with a word that begins with what was typed. */
struct candidate {
	enum suggest_kind kind;
	uint64_t id;
	unsigned ordinal; /* of the first such word */
	uint64_t post_count;
	int64_t publish_us; /* of a post */
};

struct suggest {
	struct rpc_call *call;
	struct analyzer *analyzer;
	char prefix[SUGGEST_BYTES_MAX + 1]; /* folded */
	size_t prefix_bytes;
	bool wanted[SUGGEST_AUTHOR + 1]; /* by kind */
	struct candidate *candidates;
	size_t count;
};

/* --- The request --- */

static enum code read_kinds(
	struct suggest *suggest, const Lectern__V1__SuggestTermsRequest *request, struct error *err)
{
	for (size_t kind = SUGGEST_POST; kind <= SUGGEST_AUTHOR; kind++)
		suggest->wanted[kind] = request->n_kinds == 0;
	for (size_t i = 0; i < request->n_kinds; i++) {
		int kind = (int)request->kinds[i];
		char field[32];
		snprintf(field, sizeof field, "kinds[%zu]", i);
		if (kind < SUGGEST_POST || kind > SUGGEST_AUTHOR)
			return fail_field(err, CODE_INVALID_ARGUMENT, "ENUM_INVALID", field,
				"%d is none of POST, TAG, CATEGORY and AUTHOR", kind);
		suggest->wanted[kind] = true;
	}
	return CODE_OK;
}

/* --- Finding --- */

static int by_name(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* Those that begin so first, terms before posts, the most used or newest first. */
static int by_rank(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;
	if ((x->ordinal == 0) != (y->ordinal == 0))
		return x->ordinal == 0 ? -1 : 1;
	if ((x->kind == SUGGEST_POST) != (y->kind == SUGGEST_POST))
		return y->kind == SUGGEST_POST ? -1 : 1;
	if (x->post_count != y->post_count)
		return x->post_count > y->post_count ? -1 : 1;
	if (x->publish_us != y->publish_us)
		return x->publish_us > y->publish_us ? -1 : 1;
	return by_name(a, b);
}

static uint8_t term_kind_of(enum suggest_kind kind)
{
	switch (kind) {
	case SUGGEST_TAG:
		return LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG;
	case SUGGEST_CATEGORY:
		return LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY;
	case SUGGEST_AUTHOR:
		return LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR;
	case SUGGEST_POST:
		break;
	}
	return LECTERN__STORE__V1__TERM_KIND__TERM_KIND_UNSPECIFIED;
}

/* What orders it; false for a term without published posts. */
static bool weigh(struct txn *txn, struct candidate *candidate)
{
	if (candidate->kind == SUGGEST_POST) {
		struct post_fields post;
		if (!post_fields_get(txn, candidate->id, &post)) {
			txn_fail_corrupt(txn, "suggested post", candidate->id);
			return false;
		}
		candidate->publish_us = post_fields_sort_us(&post);
		return true;
	}
	uint8_t list = candidate->kind == SUGGEST_CATEGORY
			       ? POSTING_SUBTREE
			       : posting_kind_of_term(term_kind_of(candidate->kind));
	candidate->post_count = posting_count(txn, list, candidate->id);
	return candidate->post_count > 0;
}

/* Each post and term once, in the order of the answer. */
static void find(struct suggest *suggest)
{
	struct txn *txn = snapshot_of(suggest->call);
	struct suggest_walk walk;
	suggest_walk_start(&walk, txn, slice_of(suggest->prefix, suggest->prefix_bytes));
	for (size_t i = 0; i < LOOKED_AT_MAX && suggest_walk_next(&walk); i++)
		if (suggest->wanted[walk.found.kind])
			suggest->candidates[suggest->count++] =
				(struct candidate){ .kind = walk.found.kind,
					.id = walk.found.id,
					.ordinal = walk.found.ordinal };
	suggest_walk_end(&walk);
	qsort(suggest->candidates, suggest->count, sizeof *suggest->candidates, by_name);
	size_t kept = 0;
	const struct candidate *last = NULL;
	for (size_t i = 0; i < suggest->count; i++) {
		struct candidate candidate = suggest->candidates[i];
		bool again =
			last != NULL && last->kind == candidate.kind && last->id == candidate.id;
		if (again || !weigh(txn, &candidate))
			continue;
		suggest->candidates[kept++] = candidate;
		last = &suggest->candidates[kept - 1];
	}
	suggest->count = kept;
	qsort(suggest->candidates, suggest->count, sizeof *suggest->candidates, by_rank);
}

/* --- What was typed, in the text --- */

/* The end of the shortest beginning of a word that folds to at least so many bytes, marks that
 * belong to its last letter included. */
static size_t end_of_part(
	struct analyzer *analyzer, struct slice text, size_t start, size_t end, size_t folded_bytes)
{
	size_t found = 0;
	for (size_t at = start + 1; at <= end; at++) {
		struct token token;
		if (at < end && (text.data[at] & 0xC0) == 0x80)
			continue; /* inside a character */
		analyzer_start(analyzer, slice_of(text.data + start, at - start), "");
		if (!analyzer_next(analyzer, &token) || token.word.size < folded_bytes)
			continue;
		if (found == 0 || token.word.size == folded_bytes)
			found = start + token.end;
		if (token.word.size > folded_bytes)
			break;
	}
	return found == 0 ? end : found;
}

static size_t character_size(struct slice text)
{
	size_t size = 1;
	while (size < text.size && (text.data[size] & 0xC0) == 0x80)
		size++;
	return size;
}

/* From the word where the folded prefix begins on, the words joined as suggest_read() does. */
static void find_range(const struct suggest *suggest, unsigned ordinal, struct slice text,
	Lectern__V1__TextRange *ret)
{
	struct analyzer *analyzer = suggest->analyzer;
	struct token token;
	size_t left = suggest->prefix_bytes;
	bool in_run = false;
	analyzer_start(analyzer, text, "");
	for (unsigned i = 0; analyzer_next(analyzer, &token); i++) {
		if (i < ordinal)
			continue;
		bool pair = token.kind == TOKEN_PAIR; /* here for its first character */
		size_t size = pair ? character_size(token.word) : token.word.size;
		if (i == ordinal)
			ret->start = (uint32_t)token.start;
		else if (!in_run)
			left--; /* a blank */
		if (left == 0)
			return;
		ret->end = (uint32_t)token.end;
		if (left < size && token.kind == TOKEN_WORD)
			ret->end =
				(uint32_t)end_of_part(analyzer, text, token.start, token.end, left);
		else if (left <= size && pair && analyzer_next(analyzer, &token))
			ret->end = (uint32_t)token.start;
		if (left <= size)
			return;
		left -= size;
		in_run = pair;
	}
}

/* --- The answer --- */

/* The slug of a post or term, and its title or name. */
static bool read_texts(
	struct txn *txn, const struct candidate *candidate, struct slice *slug, struct slice *text)
{
	struct post_fields post;
	struct slice record;
	if (candidate->kind == SUGGEST_POST) {
		if (!post_fields_get(txn, candidate->id, &post))
			return false;
		*slug = post.slug;
		*text = post.title;
		return true;
	}
	if (!term_read(txn, term_kind_of(candidate->kind), candidate->id, &record)) {
		txn_fail_corrupt(txn, "suggested term", candidate->id);
		return false;
	}
	*slug = term_slug(record);
	*text = term_name(record);
	return true;
}

static enum code reply_suggestion(
	const struct suggest *suggest, const struct candidate *candidate, struct error *err)
{
	struct rpc_call *call = suggest->call;
	Lectern__V1__Suggestion suggestion = LECTERN__V1__SUGGESTION__INIT;
	Lectern__V1__HighlightedText text = LECTERN__V1__HIGHLIGHTED_TEXT__INIT;
	Lectern__V1__TextRange range = LECTERN__V1__TEXT_RANGE__INIT;
	Lectern__V1__TextRange *ranges[] = { &range };
	struct slice slug;
	struct slice name;
	if (!read_texts(snapshot_of(call), candidate, &slug, &name))
		return txn_status(snapshot_of(call), err);
	find_range(suggest, candidate->ordinal, name, &range);
	suggestion.kind = (Lectern__V1__SuggestionKind)candidate->kind;
	suggestion.id = candidate->id;
	suggestion.slug = arena_text(call->arena, slug);
	suggestion.text = &text;
	suggestion.post_count = candidate->post_count;
	text.text = arena_text(call->arena, name);
	text.ranges = ranges;
	text.n_ranges = range.end > range.start;
	if (suggestion.slug == NULL || text.text == NULL)
		return fail_out_of_memory(err);
	reply_pack(&call->reply, FIELD_SUGGESTIONS, &suggestion.base);
	return CODE_OK;
}

/* The numbers of the index are those of the schema. */
_Static_assert(
	(int)SUGGEST_POST == (int)LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_POST &&
		(int)SUGGEST_TAG == (int)LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_TAG &&
		(int)SUGGEST_CATEGORY ==
			(int)LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_CATEGORY &&
		(int)SUGGEST_AUTHOR == (int)LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_AUTHOR,
	"kinds of suggestions");

static enum code answer(
	struct suggest *suggest, const char *prefix, size_t page_size, struct error *err)
{
	suggest->prefix_bytes =
		suggest_fold(suggest->analyzer, slice_of_text(prefix), suggest->prefix);
	if (suggest->prefix_bytes == 0) /* no letter or digit yet */
		return CODE_OK;
	find(suggest);
	enum code code = txn_status(snapshot_of(suggest->call), err);
	for (size_t i = 0; i < suggest->count && i < page_size && code == CODE_OK; i++)
		code = reply_suggestion(suggest, &suggest->candidates[i], err);
	return code == CODE_OK ? txn_status(snapshot_of(suggest->call), err) : code;
}

enum code suggest_terms(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__SuggestTermsRequest *request =
		(const Lectern__V1__SuggestTermsRequest *)message;
	struct suggest suggest = { .call = call };
	size_t page_size;
	if (request->prefix[0] == '\0')
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "prefix",
			"must not be empty");
	enum code code = page_size_of(request->page_size, DEFAULT_PAGE_SIZE, &page_size, err);
	if (code == CODE_OK)
		code = read_kinds(&suggest, request, err);
	if (code != CODE_OK)
		return code;
	if (page_size > LIMIT_SEARCH_PAGE_SIZE)
		page_size = LIMIT_SEARCH_PAGE_SIZE;
	suggest.candidates = arena_calloc(call->arena, LOOKED_AT_MAX, sizeof *suggest.candidates);
	suggest.analyzer = analyzers_take(services_of(call)->analyzers);
	if (suggest.candidates == NULL || suggest.analyzer == NULL)
		code = fail_out_of_memory(err);
	else
		code = answer(&suggest, request->prefix, page_size, err);
	analyzers_give(services_of(call)->analyzers, suggest.analyzer);
	return code;
}
