/* The test of one post. */
#include "base/text.h"
#include "services/filter.h"
#include "store/term.h"

#include <string.h>

/* The post, and what several restrictions may ask of it, which is worked out once. */
struct subject {
	struct txn *txn;
	const struct post_fields *post;
	/* Its categories and those above them, each once. */
	bool climbed;
	uint32_t category_count;
	uint64_t categories[LIMIT_POST_CATEGORIES * LIMIT_CATEGORY_DEPTH];
	bool folded;
	size_t title_size;
	char title[LIMIT_TITLE_BYTES * 12]; /* the worst of NFKC is U+FDFA: 3 bytes become 33 */
};

static bool has(const uint64_t *ids, uint32_t count, uint64_t id)
{
	for (uint32_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static bool has_term(const struct filter_node *node, const uint64_t *ids, uint32_t count)
{
	return node->any ? count > 0 : node->number != 0 && has(ids, count, node->number);
}

/* Where a category was met before, so were those above it. */
static void climb(struct subject *subject, uint64_t id)
{
	for (int depth = 0; id != 0 && depth < LIMIT_CATEGORY_DEPTH &&
			    !has(subject->categories, subject->category_count, id);
		depth++) {
		subject->categories[subject->category_count++] = id;
		id = term_parent(subject->txn, id);
	}
}

static bool has_category(const struct filter_node *node, struct subject *subject)
{
	const struct post_fields *post = subject->post;
	if (has_term(node, post->categories, post->category_count))
		return true;
	if (node->any || node->number == 0)
		return false;
	for (uint32_t i = 0; i < post->category_count && !subject->climbed; i++)
		climb(subject, post->categories[i]);
	subject->climbed = true;
	return has(subject->categories, subject->category_count, node->number);
}

static bool has_text(const struct filter_node *node, struct slice text)
{
	size_t size = node->prefix && text.size > node->text.size ? node->text.size : text.size;
	return slice_equals(slice_of(text.data, size), node->text);
}

static bool has_title(const struct filter_node *node, struct subject *subject)
{
	if (!subject->folded)
		subject->title_size =
			text_fold(subject->post->title, subject->title, sizeof subject->title);
	subject->folded = true;
	return has_text(node, slice_of(subject->title, subject->title_size));
}

static bool has_language(const struct filter_node *node, struct slice language)
{
	char lowered[LIMIT_LANGUAGE_BYTES];
	if (language.size > sizeof lowered)
		return false;
	for (size_t i = 0; i < language.size; i++) {
		uint8_t c = language.data[i];
		lowered[i] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
	}
	return has_text(node, slice_of(lowered, language.size));
}

static bool compare_time(const struct filter_node *node, bool has_time, int64_t time_us)
{
	if (!has_time)
		return false;
	switch (node->op) {
	case FILTER_HAS:
		return true;
	case FILTER_EQUALS:
		return time_us == node->time_us;
	case FILTER_NOT_EQUALS: /* filter_bind.c makes it NOT */
		return time_us != node->time_us;
	case FILTER_LESS:
		return time_us < node->time_us;
	case FILTER_LESS_OR_EQUAL:
		return time_us <= node->time_us;
	case FILTER_GREATER:
		return time_us > node->time_us;
	case FILTER_GREATER_OR_EQUAL:
		return time_us >= node->time_us;
	}
	return false;
}

static bool test_restriction(const struct filter_node *node, struct subject *subject)
{
	const struct post_fields *post = subject->post;
	switch (node->field) {
	case FILTER_TAGS:
		return has_term(node, post->tags, post->tag_count);
	case FILTER_CATEGORIES:
		return has_category(node, subject);
	case FILTER_AUTHORS:
		return has_term(node, post->authors, post->author_count);
	case FILTER_SERIES:
		return has_term(node, &post->series_id, post->series_id != 0);
	case FILTER_STATE:
		return post->state == node->number;
	case FILTER_FEATURED:
		return post->featured;
	case FILTER_LANGUAGE:
		return has_language(node, post->language);
	case FILTER_SLUG:
		return has_text(node, post->slug);
	case FILTER_TITLE:
		return has_title(node, subject);
	case FILTER_PUBLISH_TIME:
		return compare_time(node, post->has_publish_time, post->publish_us);
	case FILTER_EXPIRE_TIME:
		return compare_time(node, post->has_expire_time, post->expire_us);
	case FILTER_CREATE_TIME:
		return compare_time(node, true, post->create_us);
	case FILTER_UPDATE_TIME:
		return compare_time(node, true, post->update_us);
	case FILTER_DELETE_TIME:
		return compare_time(node, post->has_delete_time, post->delete_us);
	}
	return false;
}

/* As deep as the parser lets a filter be. */
static bool test(const struct filter_node *node, struct subject *subject)
{
	const struct filter_node *child = node->first;
	switch (node->kind) {
	case FILTER_AND:
		while (child != NULL && test(child, subject))
			child = child->next;
		return child == NULL;
	case FILTER_OR:
		while (child != NULL && !test(child, subject))
			child = child->next;
		return child != NULL;
	case FILTER_NOT:
		return !test(child, subject);
	case FILTER_RESTRICTION:
		return test_restriction(node, subject);
	}
	return false;
}

bool filter_matches(const struct filter *filter, struct txn *txn, const struct post_fields *post)
{
	if (!filter->all_states && post->state != LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED)
		return false;
	if (filter->root == NULL)
		return true;
	struct subject subject; /* large, so only what must be is initialised */
	subject.txn = txn;
	subject.post = post;
	subject.climbed = subject.folded = false;
	subject.category_count = 0;
	return test(filter->root, &subject);
}
