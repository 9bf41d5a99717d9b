#include "services/search_reply.h"

#include "base/buffer.h"
#include "base/wire.h"
#include "services/post_parts.h"
#include "services/search_post.h"

#include <inttypes.h>

enum {
	FIELD_HIT_POST = 1, /* of SearchHit */
	SNIPPET_BYTES = 240,
	/* Room for what stands beside the post in a hit: title, snippet and a hundred ranges of
	 * each. */
	HIT_REST_BYTES_MAX = 8 * 1024,
	PLAN_BYTES_MAX = 64 * 1024,
};

/* From the body; from the excerpt where only that has what was found, or where there is no body. */
static bool make_snippet(const struct search_page *page, const struct search_text *text,
	Lectern__V1__HighlightedText *ret)
{
	struct arena *arena = page->call->arena;
	Lectern__V1__HighlightedText from_excerpt;
	if (!search_text_snippet(arena, page->analyzer, page->query, page->scorer->idf, text->body,
		    text->language, SNIPPET_BYTES, ret))
		return false;
	if (ret->n_ranges > 0 || text->excerpt.size == 0)
		return true;
	if (!search_text_snippet(arena, page->analyzer, page->query, page->scorer->idf,
		    text->excerpt, text->language, SNIPPET_BYTES, &from_excerpt))
		return false;
	if (from_excerpt.n_ranges > 0 || text->body.size == 0)
		*ret = from_excerpt;
	return true;
}

/* All of a hit but its post, encoded into `room`; without bytes when the transaction has failed. */
static struct slice pack_rest(const struct search_page *page, const struct search_place *place,
	uint8_t room[HIT_REST_BYTES_MAX])
{
	struct txn *txn = snapshot_of(page->call);
	struct arena *arena = page->call->arena;
	struct post_fields fields;
	struct search_text text;
	Lectern__V1__HighlightedText title;
	Lectern__V1__HighlightedText snippet;
	Lectern__V1__SearchHit rest = LECTERN__V1__SEARCH_HIT__INIT;
	if (!post_fields_get(txn, place->id, &fields)) {
		txn_fail_corrupt(txn, "search index of post", place->id);
		return slice_of(NULL, 0);
	}
	if (!search_post_text(txn, arena, &fields, &text))
		return slice_of(NULL, 0);
	(void)deadline_passed(page->deadline, search_text_steps(&text));
	bool made = search_text_highlight(arena, page->analyzer, page->query, text.title,
			    text.language, &title) &&
		    make_snippet(page, &text, &snippet);
	rest.score = place->score;
	rest.title = &title;
	rest.snippet = &snippet;
	if (!made || protobuf_c_message_get_packed_size(&rest.base) > HIT_REST_BYTES_MAX) {
		txn_fail_memory(txn);
		return slice_of(NULL, 0);
	}
	return slice_of(room, protobuf_c_message_pack(&rest.base, room));
}

/* The encoded pieces of a hit. */
struct hit_parts {
	struct slice parts[5];
	size_t count;
	size_t size_bytes;
};

static void append(struct hit_parts *hit, struct slice bytes)
{
	hit->parts[hit->count++] = bytes;
	hit->size_bytes += bytes.size;
}

static bool make_hit(
	const struct search_page *page, const struct search_place *place, struct hit_parts *ret)
{
	struct txn *txn = snapshot_of(page->call);
	struct post_parts post;
	uint8_t *room = arena_alloc(page->call->arena, HIT_REST_BYTES_MAX);
	uint8_t *head = arena_alloc(page->call->arena, 2 * WIRE_VARINT_BYTES_MAX);
	if (room == NULL || head == NULL) {
		txn_fail_memory(txn);
		return false;
	}
	/* The text of a post may be megabytes. */
	struct arena_mark mark = arena_mark(page->call->arena);
	struct slice rest = pack_rest(page, place, room);
	arena_rewind(page->call->arena, mark);
	if (rest.size == 0 || !read_post_parts(page->call, place->id, page->view, &post))
		return false;
	*ret = (struct hit_parts){ .count = 0 };
	append(ret, slice_of(head, wire_put_bytes_head(head, FIELD_HIT_POST, post.size_bytes)));
	for (size_t i = 0; i < post.count; i++)
		append(ret, post.parts[i]);
	append(ret, rest);
	return true;
}

size_t search_reply_hits(const struct search_page *page, uint32_t number,
	const struct search_place *places, size_t count)
{
	struct reply *reply = &page->call->reply;
	for (size_t i = 0; i < count; i++) {
		struct hit_parts hit;
		if (deadline_passed(page->deadline, 1) || !make_hit(page, &places[i], &hit))
			return i;
		if (i > 0 && reply->size_bytes + hit.size_bytes > FULL_PAGE_BYTES)
			return i;
		reply_message(reply, number, hit.parts, hit.count);
	}
	return count;
}

/* --- The plan --- */

static void describe_clause(struct buffer *out, const struct search_clause *clause)
{
	switch (clause->kind) {
	case SEARCH_WORD:
		buffer_append_text(out, "word \"");
		break;
	case SEARCH_PREFIX:
		buffer_append_text(out, "words from \"");
		break;
	case SEARCH_PHRASE:
		buffer_append_text(out, "phrase \"");
		break;
	}
	for (size_t i = 0; i < clause->word_count; i++) {
		if (i > 0)
			buffer_append_char(out, ' ');
		buffer_append(out, clause->words[i].word.data, clause->words[i].word.size);
	}
	buffer_append_char(out, '"');
}

static void describe_half(struct buffer *out, const struct search_match *match)
{
	buffer_append_text(
		out, match->lookup.hidden ? "; among those that are not public " : "leap over ");
	for (size_t i = 0; i < match->required_count; i++) {
		const struct search_operand *operand = match->required[i];
		if (i > 0)
			buffer_append_text(out, " and ");
		describe_clause(out, operand->clause);
		buffer_printf(out, " (%" PRIu64 " posts)", operand->documents);
	}
	for (size_t i = 0; i < match->operand_count; i++) {
		if (!match->operands[i].clause->excluded)
			continue;
		buffer_append_text(out, " and not ");
		describe_clause(out, match->operands[i].clause);
	}
}

void search_reply_plan(struct rpc_call *call, uint32_t number,
	const struct search_match *const *halves, size_t half_count)
{
	const struct search_effort *effort = halves[0]->effort;
	Lectern__V1__QueryPlan plan = LECTERN__V1__QUERY_PLAN__INIT;
	struct buffer text;
	buffer_init(&text, PLAN_BYTES_MAX);
	for (size_t h = 0; h < half_count; h++)
		describe_half(&text, halves[h]);
	if (halves[0]->candidates->ids != NULL)
		buffer_printf(&text, " and filter (%zu posts)", halves[0]->candidates->count);
	if (effort->filtered > 0)
		buffer_printf(&text, "; filter tested on %" PRIu64 " records", effort->filtered);
	if (effort->proved > 0)
		buffer_printf(&text, "; words of %" PRIu64 " posts looked at", effort->proved);
	plan.text = buffer_text(&text);
	plan.keys_read = effort->keys_read;
	plan.records_read = effort->records_read;
	if (plan.text == NULL)
		txn_fail_memory(snapshot_of(call));
	else
		reply_pack(&call->reply, number, &plan.base);
	buffer_done(&text);
}
