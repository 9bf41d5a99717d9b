/* From the tree of a filter to an iterator over posting lists. */
#include "services/filter_candidates.h"
#include "store/posting.h"

#include <inttypes.h>
#include <string.h>

struct planner {
	const struct filter *filter;
	const struct post_iterator_context *context;
	struct buffer *text; /* may be NULL */
};

/* What the index knows of one node. Without a set it knows nothing, unless there are bounds. */
struct part {
	struct post_iterator *set;
	bool negated; /* the posts are those that are not in the set */
	bool exact;   /* the set is the node's posts; else they are among it */
	bool failed;  /* out of memory */
	/* Positions of the node's posts: from <= position < until; without bytes: no bound. */
	struct key from;
	struct key until;
};

static void say(const struct planner *planner, const char *text)
{
	if (planner->text != NULL)
		buffer_append_text(planner->text, text);
}

static void say_list(const struct planner *planner, const char *name, uint64_t number,
	const struct post_iterator *set)
{
	if (planner->text == NULL || set == NULL)
		return;
	buffer_printf(planner->text, "%s", name);
	if (number != 0)
		buffer_printf(planner->text, " %" PRIu64, number);
	buffer_printf(planner->text, " [%" PRIu64 "]", post_iterator_cost(set));
}

static struct post_iterator **array_of(const struct planner *planner, size_t count)
{
	return arena_calloc(planner->context->arena, count, sizeof(struct post_iterator *));
}

/* A list of what the filter is about: public posts, or these and the hidden ones. */
static struct post_iterator *list(const struct planner *planner, uint8_t kind, uint64_t number)
{
	if (!planner->filter->all_states)
		return post_iterator_list(planner->context, kind, number);
	struct post_iterator **both = array_of(planner, 2);
	if (both == NULL)
		return NULL;
	both[0] = post_iterator_list(planner->context, kind, number);
	both[1] = post_iterator_list(planner->context, kind | POSTING_HIDDEN, number);
	return post_iterator_union(planner->context, both, 2);
}

static struct part part_of_set(struct post_iterator *set, bool exact)
{
	return (struct part){ .set = set, .exact = exact, .failed = set == NULL };
}

static struct part plan_list(const struct planner *planner, const char *name, uint8_t kind,
	const struct filter_node *node)
{
	if (node->any) {
		say(planner, "test");
		return (struct part){ .exact = false };
	}
	struct post_iterator *set = node->number == 0 ? post_iterator_empty(planner->context)
						      : list(planner, kind, node->number);
	say_list(planner, name, node->number, set);
	return part_of_set(set, true);
}

static struct part plan_featured(const struct planner *planner)
{
	struct post_iterator *set = list(planner, POSTING_FEATURED, 0);
	say_list(planner, "featured", 0, set);
	return part_of_set(set, true);
}

static struct part plan_language(const struct planner *planner, const struct filter_node *node)
{
	uint64_t number = language_number(node->text);
	if (node->any || node->prefix || number == 0) {
		say(planner, "test");
		return (struct part){ .exact = false };
	}
	struct post_iterator *set = list(planner, POSTING_LANGUAGE, number);
	say_list(planner, "language", 0, set);
	return part_of_set(set, node->text.size < sizeof number);
}

/* Where posts of this time begin in a list that has the newest first. */
static struct key time_key(uint64_t sort)
{
	struct key key = { .size = 8 };
	value_u64(key.bytes, sort);
	return key;
}

static struct part plan_publish_time(const struct planner *planner, const struct filter_node *node)
{
	/* Hidden posts without the time stand in the lists at their create_time. */
	struct part part = { .exact = !planner->filter->all_states };
	uint64_t sort = sort_newest_first(node->time_us);
	say(planner, "publish_time");
	if (node->any)
		return part;
	switch (node->op) {
	case FILTER_EQUALS:
		part.from = time_key(sort);
		part.until = time_key(sort + 1);
		break;
	case FILTER_LESS:
		part.from = time_key(sort + 1);
		break;
	case FILTER_LESS_OR_EQUAL:
		part.from = time_key(sort);
		break;
	case FILTER_GREATER:
		part.until = time_key(sort);
		break;
	case FILTER_GREATER_OR_EQUAL:
		part.until = time_key(sort + 1);
		break;
	case FILTER_HAS:
	case FILTER_NOT_EQUALS:
		part.exact = false;
	}
	return part;
}

static struct part plan_candidates(
	const struct planner *planner, const char *name, const struct filter_node *node)
{
	struct post_iterator *set;
	if (!filter_candidates(planner->filter, node, planner->context, &set)) {
		say(planner, "test");
		return (struct part){ .exact = false };
	}
	say_list(planner, name, 0, set);
	return part_of_set(set, true);
}

static struct part plan_restriction(const struct planner *planner, const struct filter_node *node)
{
	switch (node->field) {
	case FILTER_TAGS:
		return plan_list(planner, "tag", POSTING_TAG, node);
	case FILTER_CATEGORIES:
		return plan_list(planner, "subtree of category", POSTING_SUBTREE, node);
	case FILTER_AUTHORS:
		return plan_list(planner, "author", POSTING_AUTHOR, node);
	case FILTER_SERIES:
		return plan_list(planner, "series", POSTING_SERIES_TIME, node);
	case FILTER_STATE: {
		struct post_iterator *set =
			post_iterator_list(planner->context, POSTING_STATE, node->number);
		say_list(planner, "state", node->number, set);
		return part_of_set(set, true);
	}
	case FILTER_FEATURED:
		return plan_featured(planner);
	case FILTER_LANGUAGE:
		return plan_language(planner, node);
	case FILTER_PUBLISH_TIME:
		return plan_publish_time(planner, node);
	case FILTER_SLUG:
		return plan_candidates(planner, "slug", node);
	case FILTER_TITLE:
		return plan_candidates(planner, "title", node);
	case FILTER_CREATE_TIME:
		return plan_candidates(planner, "create_time", node);
	case FILTER_UPDATE_TIME:
		return plan_candidates(planner, "update_time", node);
	case FILTER_EXPIRE_TIME:
	case FILTER_DELETE_TIME:
		break;
	}
	say(planner, "test");
	return (struct part){ .exact = false };
}

static struct post_iterator *universe(const struct planner *planner)
{
	return list(planner, POSTING_LIVE, 0);
}

static void narrow(struct part *part, const struct part *by)
{
	if (by->from.size > 0 && (part->from.size == 0 || slice_compare(key_slice(&by->from),
								  key_slice(&part->from)) > 0))
		part->from = by->from;
	if (by->until.size > 0 && (part->until.size == 0 || slice_compare(key_slice(&by->until),
								    key_slice(&part->until)) < 0))
		part->until = by->until;
}

static bool is_bounded(const struct part *part)
{
	return part->from.size > 0 || part->until.size > 0;
}

/* One set with the bounds and the negation in it; every post where nothing is known. */
static struct part settle(const struct planner *planner, struct part part)
{
	struct post_iterator *set = part.set;
	if (set == NULL || part.negated) {
		struct post_iterator **in = array_of(planner, 2);
		if (in == NULL)
			return (struct part){ .failed = true };
		in[0] = universe(planner);
		in[1] = set;
		set = part.negated ? post_iterator_intersect(planner->context, in, 1, in + 1, 1)
				   : in[0];
	}
	set = post_iterator_bounded(
		planner->context, set, key_slice(&part.from), key_slice(&part.until));
	return (struct part){ .set = set, .exact = part.exact, .failed = set == NULL };
}

static struct part plan_node(const struct planner *planner, const struct filter_node *node);

static size_t count_children(const struct filter_node *node)
{
	size_t count = 0;
	for (const struct filter_node *child = node->first; child != NULL; child = child->next)
		count++;
	return count;
}

static struct part plan_and(const struct planner *planner, const struct filter_node *node)
{
	size_t count = count_children(node);
	struct post_iterator **in = array_of(planner, count);
	struct post_iterator **out = array_of(planner, count);
	size_t in_count = 0;
	size_t out_count = 0;
	struct part all = { .exact = true, .failed = in == NULL || out == NULL };
	say(planner, "(");
	for (const struct filter_node *child = node->first; child != NULL && !all.failed;
		child = child->next) {
		say(planner, child == node->first ? "" : " and ");
		struct part part = plan_node(planner, child);
		all.failed = part.failed;
		all.exact = all.exact && part.exact;
		narrow(&all, &part);
		if (part.set != NULL && part.negated)
			out[out_count++] = part.set;
		else if (part.set != NULL)
			in[in_count++] = part.set;
	}
	say(planner, ")");
	if (all.failed || (in_count == 0 && out_count == 0))
		return all;
	if (in_count == 0)
		in[in_count++] = universe(planner);
	all.set = post_iterator_intersect(planner->context, in, in_count, out, out_count);
	all.failed = all.set == NULL;
	return all;
}

static struct part plan_or(const struct planner *planner, const struct filter_node *node)
{
	struct post_iterator **in = array_of(planner, count_children(node));
	size_t count = 0;
	struct part any = { .exact = true, .failed = in == NULL };
	bool known = true;
	say(planner, "(");
	for (const struct filter_node *child = node->first; child != NULL && !any.failed;
		child = child->next) {
		say(planner, child == node->first ? "" : " or ");
		struct part part = plan_node(planner, child);
		any.failed = part.failed;
		any.exact = any.exact && part.exact;
		known = known && (part.set != NULL || is_bounded(&part) || part.exact);
		if (part.failed || !known)
			continue;
		part = settle(planner, part);
		any.failed = part.failed;
		in[count++] = part.set;
	}
	say(planner, ")");
	if (any.failed)
		return any;
	if (!known)
		return (struct part){ .exact = false };
	any.set = post_iterator_union(planner->context, in, count);
	any.failed = any.set == NULL;
	return any;
}

static struct part plan_not(const struct planner *planner, const struct filter_node *node)
{
	say(planner, "not ");
	struct part part = plan_node(planner, node->first);
	if (part.failed)
		return part;
	/* Of a set that has too many posts nothing is known but that some others belong here. */
	if (!part.exact)
		return (struct part){ .exact = false };
	if (is_bounded(&part) || part.set == NULL)
		part = settle(planner, part);
	part.negated = !part.negated;
	return part;
}

/* The depth is that of the filter's parentheses, which the parser bounds. */
static struct part plan_node(const struct planner *planner, const struct filter_node *node)
{
	switch (node->kind) {
	case FILTER_AND:
		return plan_and(planner, node);
	case FILTER_OR:
		return plan_or(planner, node);
	case FILTER_NOT:
		return plan_not(planner, node);
	case FILTER_RESTRICTION:
		return plan_restriction(planner, node);
	}
	return (struct part){ .exact = false };
}

struct post_iterator *filter_iterator(const struct filter *filter,
	const struct post_iterator_context *context, bool *exact, struct buffer *plan)
{
	struct planner planner = { .filter = filter, .context = context, .text = plan };
	struct part part = { .exact = true };
	if (filter->root != NULL)
		part = plan_node(&planner, filter->root);
	else
		say(&planner, "published");
	if (!part.failed)
		part = settle(&planner, part);
	*exact = part.exact;
	if (!part.exact)
		say(&planner, ", each record tested");
	return part.failed ? NULL : part.set;
}

/* The list whose counter is the number of posts of the restriction; false if there is none. */
static bool counted_list(const struct filter_node *node, uint8_t *kind, uint64_t *number)
{
	static const struct {
		enum filter_field field;
		uint8_t list;
	} of_terms[] = {
		{ FILTER_TAGS, POSTING_TAG },
		{ FILTER_CATEGORIES, POSTING_SUBTREE },
		{ FILTER_AUTHORS, POSTING_AUTHOR },
		{ FILTER_SERIES, POSTING_SERIES_TIME },
		{ FILTER_STATE, POSTING_STATE },
	};
	*number = node->number;
	for (size_t i = 0; i < sizeof of_terms / sizeof *of_terms; i++)
		if (node->field == of_terms[i].field) {
			*kind = of_terms[i].list;
			return true;
		}
	*kind = POSTING_FEATURED;
	*number = 0;
	if (node->field == FILTER_FEATURED)
		return true;
	*kind = POSTING_LANGUAGE;
	*number = language_number(node->text);
	return node->field == FILTER_LANGUAGE && !node->prefix && *number != 0 &&
	       node->text.size < sizeof *number;
}

bool filter_counter(const struct filter *filter, struct txn *txn, uint64_t *ret)
{
	const struct filter_node *node = filter->root;
	uint8_t kind = POSTING_LIVE;
	uint64_t number = 0;
	if (node != NULL && (node->kind != FILTER_RESTRICTION || node->any ||
				    !counted_list(node, &kind, &number)))
		return false;
	/* No list has the number 0 of a term that does not exist. */
	*ret = posting_count(txn, kind, number);
	return true;
}
