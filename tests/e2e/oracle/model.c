#include "e2e/oracle/model.h"

#include "e2e/oracle/failure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_ORDER_BYTES = 400 }; /* ListPostsRequest.order_by */

const int oracle_term_counts[4] = { ORACLE_TAGS, ORACLE_CATEGORIES, ORACLE_AUTHORS, ORACLE_SERIES };
const char *const oracle_languages[ORACLE_LANGUAGES] = { "", "en", "en-US", "EN-us", "de",
	"zh-Hant", "zh-Hant-HK", "zh-Hant-TW" };

/* --- changes --- */

void oracle_log_init(struct oracle_log *log)
{
	*log = (struct oracle_log){ .complete = 0 };
	pthread_mutex_init(&log->mutex, NULL);
	pthread_cond_init(&log->grown, NULL);
	log->known = calloc(ORACLE_REVISIONS_MAX, sizeof *log->known);
	log->changes = calloc(ORACLE_REVISIONS_MAX, sizeof *log->changes);
}

void oracle_log_done(struct oracle_log *log)
{
	pthread_mutex_destroy(&log->mutex);
	pthread_cond_destroy(&log->grown);
	free(log->known);
	free(log->changes);
}

void oracle_log_add(struct oracle_log *log, uint64_t revision, const struct oracle_post *post)
{
	if (revision == 0 || revision >= ORACLE_REVISIONS_MAX)
		oracle_fail("a write made revision %" PRIu64, revision);
	pthread_mutex_lock(&log->mutex);
	if (log->known[revision])
		oracle_fail("two writes made revision %" PRIu64, revision);
	log->known[revision] = true;
	log->changes[revision] = *post;
	while (log->complete + 1 < ORACLE_REVISIONS_MAX && log->known[log->complete + 1])
		log->complete++;
	pthread_cond_broadcast(&log->grown);
	pthread_mutex_unlock(&log->mutex);
}

void oracle_log_wait(struct oracle_log *log, uint64_t revision)
{
	pthread_mutex_lock(&log->mutex);
	while (log->complete < revision)
		pthread_cond_wait(&log->grown, &log->mutex);
	pthread_mutex_unlock(&log->mutex);
}

uint64_t oracle_log_complete(struct oracle_log *log)
{
	pthread_mutex_lock(&log->mutex);
	uint64_t complete = log->complete;
	pthread_mutex_unlock(&log->mutex);
	return complete;
}

/* --- the store --- */

void oracle_store_init(
	struct oracle_store *store, struct oracle_log *log, const struct oracle_content *content)
{
	*store = (struct oracle_store){ .log = log, .content = content };
	store->posts = calloc(ORACLE_POSTS_MAX, sizeof *store->posts);
	store->changed_at = calloc(ORACLE_POSTS_MAX, sizeof *store->changed_at);
}

void oracle_store_done(struct oracle_store *store)
{
	free(store->posts);
	free(store->changed_at);
}

void oracle_store_advance(struct oracle_store *store, uint64_t revision)
{
	if (revision < store->revision)
		oracle_fail("an answer of revision %" PRIu64 " after one of %" PRIu64, revision,
			store->revision);
	oracle_log_wait(store->log, revision);
	while (store->revision < revision) {
		const struct oracle_post *post = &store->log->changes[++store->revision];
		if (post->id >= ORACLE_POSTS_MAX)
			oracle_fail("post id %" PRIu64, post->id);
		store->posts[post->id] = post;
		store->changed_at[post->id] = store->revision;
		if (post->id > store->id_max)
			store->id_max = post->id;
	}
}

const struct oracle_post *oracle_store_post(const struct oracle_store *store, uint64_t id)
{
	if (id == 0 || id > store->id_max || store->posts[id] == NULL)
		return NULL;
	return store->posts[id]->exists ? store->posts[id] : NULL;
}

const struct oracle_post *oracle_store_find_slug(const struct oracle_store *store, const char *slug)
{
	for (uint64_t revision = store->revision; revision > 0; revision--) {
		const struct oracle_post *change = &store->log->changes[revision];
		const struct oracle_post *post = oracle_store_post(store, change->id);
		if (post != NULL && strcmp(change->slug, slug) == 0)
			return post;
	}
	return NULL;
}

const struct oracle_post *oracle_store_pick(const struct oracle_store *store, uint64_t number)
{
	for (uint64_t i = 0; i <= store->id_max; i++) {
		const struct oracle_post *post =
			oracle_store_post(store, (number + i) % (store->id_max + 1));
		if (post != NULL)
			return post;
	}
	oracle_fail("the store is empty");
}

int64_t oracle_sort_us(const struct oracle_post *post)
{
	return post->has_publish ? post->publish_us : post->create_us;
}

bool oracle_has_term(const struct oracle_post *post, enum oracle_term_kind kind, int term)
{
	if (kind == ORACLE_IN_SERIES)
		return post->series == term;
	for (int i = 0; i < post->terms[kind].count; i++)
		if (post->terms[kind].items[i] == term)
			return true;
	return false;
}

bool oracle_in_subtree(
	const struct oracle_content *content, const struct oracle_post *post, int category)
{
	for (int i = 0; i < post->terms[ORACLE_CATEGORY].count; i++)
		for (int at = post->terms[ORACLE_CATEGORY].items[i]; at >= 0;
			at = content->terms[ORACLE_CATEGORY][at].parent)
			if (at == category)
				return true;
	return false;
}

/* --- orders --- */

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_values(
	enum oracle_order_field field, const struct oracle_post *a, const struct oracle_post *b)
{
	switch (field) {
	case ORACLE_BY_PUBLISH_TIME:
		return compare_numbers(oracle_sort_us(a), oracle_sort_us(b));
	case ORACLE_BY_CREATE_TIME:
		return compare_numbers(a->create_us, b->create_us);
	case ORACLE_BY_UPDATE_TIME:
		return compare_numbers(a->update_us, b->update_us);
	case ORACLE_BY_TITLE:
		return strncmp(a->title->folded, b->title->folded, TITLE_ORDER_BYTES);
	case ORACLE_BY_PART:
		return compare_numbers(a->part, b->part);
	}
	abort();
}

int oracle_compare(
	const struct oracle_order *order, const struct oracle_post *a, const struct oracle_post *b)
{
	int by_value = compare_values(order->field, a, b);
	int by_id = compare_numbers((int64_t)a->id, (int64_t)b->id);
	int place = by_value != 0 ? by_value : by_id;
	return order->descending ? -place : place;
}

/* A merge sort: qsort() has no closure for the order. */
static void sort(const struct oracle_order *order, const struct oracle_post **posts,
	const struct oracle_post **scratch, size_t count)
{
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t start = 0; start + width < count; start += 2 * width) {
			size_t end = start + 2 * width < count ? start + 2 * width : count;
			size_t left = start;
			size_t right = start + width;
			for (size_t to = start; to < end; to++) {
				bool take_right =
					left == start + width ||
					(right < end && oracle_compare(order, posts[right],
								posts[left]) < 0);
				scratch[to] = take_right ? posts[right++] : posts[left++];
			}
			memcpy(posts + start, scratch + start, (end - start) * sizeof *posts);
		}
	}
}

void oracle_sort(const struct oracle_order *order, const struct oracle_post **posts, size_t count)
{
	const struct oracle_post **scratch = calloc(count + 1, sizeof *scratch);
	sort(order, posts, scratch, count);
	free(scratch);
}

size_t oracle_list(const struct oracle_store *store, oracle_test *test, const void *closure,
	const struct oracle_order *order, const struct oracle_post **ret)
{
	size_t count = 0;
	for (uint64_t id = 1; id <= store->id_max; id++) {
		const struct oracle_post *post = oracle_store_post(store, id);
		if (post != NULL && test(closure, store, post))
			ret[count++] = post;
	}
	oracle_sort(order, ret, count);
	return count;
}
