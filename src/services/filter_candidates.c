#include "services/filter_candidates.h"

#include "base/text.h"
#include "store/posting.h"

#include <string.h>

enum { RECORDS_BETWEEN_CLOCKS = 256, UTF8_BYTES_MAX = 4 };

struct candidates {
	const struct filter *filter;
	const struct filter_node *restriction;
	const struct post_iterator_context *context;
	/* Posts that the index names. Their records are read when it is sure that they are few. */
	uint64_t *ids;
	size_t id_count;
	size_t looked_at; /* entries of the index */
	struct slice *positions;
	size_t count; /* of positions */
};

void filter_time_position(const struct post_fields *post, struct key *ret)
{
	struct posting posting = { .kind = POSTING_LIVE,
		.sort = sort_newest_first(post_fields_sort_us(post)),
		.id = post->id };
	key_posting_position(ret, &posting);
}

/* Counts an entry of the index; false where they are too many. */
static bool step(struct candidates *candidates)
{
	post_iterator_count_key(candidates->context);
	return candidates->looked_at++ < FILTER_CANDIDATES_MAX;
}

/* Keeps a post if it passes the restriction alone. */
static void look_at(struct candidates *candidates, uint64_t id)
{
	const struct post_iterator_context *context = candidates->context;
	struct filter_node alone = *candidates->restriction;
	struct filter filter = { .root = &alone, .all_states = candidates->filter->all_states };
	struct post_fields post;
	struct key position;
	alone.next = NULL;
	if (++context->stats->records_read % RECORDS_BETWEEN_CLOCKS == 0)
		txn_check_deadline(context->txn, context->deadline_ns);
	if (!post_fields_get(context->txn, id, &post) ||
		!filter_matches(&filter, context->txn, &post))
		return;
	filter_time_position(&post, &position);
	uint8_t *kept = arena_alloc(context->arena, position.size);
	if (kept == NULL) {
		txn_fail_memory(context->txn);
		return;
	}
	memcpy(kept, position.bytes, position.size);
	candidates->positions[candidates->count++] = slice_of(kept, position.size);
}

/* The entries of one list from `first` on, as long as they begin with `prefix` and are below
 * `until` (if that has bytes). False where they are too many. */
static bool gather_list(
	struct candidates *candidates, struct slice first, struct slice prefix, struct slice until)
{
	struct txn *txn = candidates->context->txn;
	struct walk walk;
	struct posting posting;
	bool few = true;
	walk_start(&walk, txn, TABLE_POSTING, first);
	while (few && walk_next(&walk) && key_has_prefix(walk.key, prefix)) {
		size_t size = until.size < walk.key.size ? until.size : walk.key.size;
		if (until.size > 0 && memcmp(walk.key.data, until.data, size) >= 0)
			break;
		few = step(candidates);
		if (few && key_read_posting(walk.key, &posting))
			candidates->ids[candidates->id_count++] = posting.id;
	}
	walk_end(&walk);
	return few;
}

/* A key that begins with (kind, 0) and bytes of a position. */
static struct key list_key(uint8_t kind, struct slice position)
{
	struct key key;
	key_posting_list(&key, kind, 0);
	if (position.size > 0)
		memcpy(key.bytes + key.size, position.data, position.size);
	key.size += position.size;
	return key;
}

static bool gather_titles(struct candidates *candidates, uint8_t hidden)
{
	const struct filter_node *node = candidates->restriction;
	uint8_t kind = POSTING_TITLE | hidden;
	size_t size = text_cut(node->text, TITLE_SORT_BYTES_MAX);
	/* A key that was cut has no blank at its end. */
	while (size > 0 && size + UTF8_BYTES_MAX > TITLE_SORT_BYTES_MAX &&
		node->text.data[size - 1] == ' ')
		size--;
	struct key key = list_key(kind, slice_of(node->text.data, size));
	if (!node->prefix && size == node->text.size)
		key.bytes[key.size++] = 0; /* the end of the title in the key */
	return gather_list(candidates, key_slice(&key), key_slice(&key), slice_of(NULL, 0));
}

/* Newest first: the range of a comparison in keys. */
static bool gather_times(struct candidates *candidates, uint8_t kind)
{
	const struct filter_node *node = candidates->restriction;
	uint8_t at[8];
	value_u64(at, sort_newest_first(node->time_us));
	struct key list = list_key(kind, slice_of(NULL, 0));
	struct key bound = list_key(kind, slice_of(at, sizeof at));
	struct slice none = slice_of(NULL, 0);
	bool equal = node->op == FILTER_EQUALS;
	if (equal)
		return gather_list(candidates, key_slice(&bound), key_slice(&bound), none);
	if (node->op == FILTER_LESS || node->op == FILTER_LESS_OR_EQUAL)
		return gather_list(candidates, key_slice(&bound), key_slice(&list), none);
	if (node->op == FILTER_GREATER)
		return gather_list(
			candidates, key_slice(&list), key_slice(&list), key_slice(&bound));
	/* GREATER_OR_EQUAL: up to the first key that is later than those of the bound. */
	value_u64(at, sort_newest_first(node->time_us) + 1);
	bound = list_key(kind, slice_of(at, sizeof at));
	return gather_list(candidates, key_slice(&list), key_slice(&list), key_slice(&bound));
}

static bool gather_slugs(struct candidates *candidates)
{
	struct txn *txn = candidates->context->txn;
	const struct filter_node *node = candidates->restriction;
	struct key key;
	struct walk walk;
	bool few = true;
	key_slug(&key, SLUG_POST, node->text);
	walk_start(&walk, txn, TABLE_SLUG, key_slice(&key));
	while (few && walk_next(&walk) &&
		(node->prefix ? key_has_prefix(walk.key, key_slice(&key))
			      : slice_equals(walk.key, key_slice(&key)))) {
		uint64_t id;
		bool former;
		few = step(candidates);
		if (few && value_read_slug(walk.value, &id, &former) && !former)
			candidates->ids[candidates->id_count++] = id;
	}
	walk_end(&walk);
	return few;
}

static bool gather(struct candidates *candidates)
{
	const struct filter_node *node = candidates->restriction;
	bool all = candidates->filter->all_states;
	switch (node->field) {
	case FILTER_SLUG:
		return node->text.size > 0 && gather_slugs(candidates);
	case FILTER_TITLE:
		return node->text.size > 0 && gather_titles(candidates, 0) &&
		       (!all || gather_titles(candidates, POSTING_HIDDEN));
	case FILTER_CREATE_TIME:
	case FILTER_UPDATE_TIME: {
		uint8_t kind =
			node->field == FILTER_CREATE_TIME ? POSTING_CREATED : POSTING_UPDATED;
		return !node->any && gather_times(candidates, kind) &&
		       (!all || gather_times(candidates, kind | POSTING_HIDDEN));
	}
	case FILTER_TAGS:
	case FILTER_CATEGORIES:
	case FILTER_AUTHORS:
	case FILTER_SERIES:
	case FILTER_STATE:
	case FILTER_FEATURED:
	case FILTER_LANGUAGE:
	case FILTER_PUBLISH_TIME:
	case FILTER_EXPIRE_TIME:
	case FILTER_DELETE_TIME:
		break;
	}
	return false;
}

bool filter_candidates(const struct filter *filter, const struct filter_node *restriction,
	const struct post_iterator_context *context, struct post_iterator **ret)
{
	struct candidates candidates = {
		.filter = filter, .restriction = restriction, .context = context
	};
	*ret = NULL;
	candidates.ids = arena_calloc(context->arena, FILTER_CANDIDATES_MAX, sizeof(uint64_t));
	if (candidates.ids == NULL)
		return true;
	if (!gather(&candidates))
		return false;
	if (candidates.id_count == 0) {
		*ret = post_iterator_empty(context);
		return true;
	}
	candidates.positions =
		arena_calloc(context->arena, candidates.id_count, sizeof *candidates.positions);
	for (size_t i = 0; candidates.positions != NULL && i < candidates.id_count; i++)
		look_at(&candidates, candidates.ids[i]);
	if (candidates.positions != NULL)
		*ret = post_iterator_array(
			context, POSTING_LIVE, candidates.positions, candidates.count);
	return true;
}
