/* Pages of archives whose posts come and go between the pages. */
#include "support/archive.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct entry {
	uint64_t id;
	int64_t time_us;
	bool gone;
};

/* All posts that ever were, in the order of the archive. */
struct model {
	struct entry entries[POSTS_MAX];
	size_t count;
};

static bool stands_before(const struct entry *a, const struct entry *b)
{
	return a->time_us != b->time_us ? a->time_us > b->time_us : a->id > b->id;
}

static void model_publish(struct model *model, int64_t time_us)
{
	struct entry entry = { .id = publish(time_us, "t", NULL), .time_us = time_us };
	size_t at = model->count++;
	for (; at > 0 && stands_before(&entry, &model->entries[at - 1]); at--)
		model->entries[at] = model->entries[at - 1];
	model->entries[at] = entry;
}

static void model_delete(struct model *model, size_t at)
{
	if (model->entries[at].gone)
		return;
	assert_int_equal(
		move_post(&server, "Delete", model->entries[at].id, NULL, &answer), CODE_OK);
	model->entries[at].gone = true;
}

static size_t find(const struct model *model, uint64_t id)
{
	size_t at = 0;
	while (model->entries[at].id != id)
		at++;
	return at;
}

/* The page has the posts that are there from entries[from], or up to entries[until - 1]. */
static void assert_page_from(const struct model *model, const Lectern__V1__GetArchiveResponse *page,
	size_t from, size_t size)
{
	size_t count = 0;
	for (size_t i = from; i < model->count && count < size; i++)
		if (!model->entries[i].gone) {
			assert_in_range(count, 0, page->n_posts - 1);
			assert_int_equal(page->posts[count++]->id, model->entries[i].id);
		}
	assert_int_equal(page->n_posts, count);
}

static void assert_page_until(const struct model *model,
	const Lectern__V1__GetArchiveResponse *page, size_t until, size_t size)
{
	size_t count = 0;
	for (size_t i = until; i > 0 && count < size; i--)
		if (!model->entries[i - 1].gone) {
			assert_in_range(count, 0, page->n_posts - 1);
			count++;
			assert_int_equal(
				page->posts[page->n_posts - count]->id, model->entries[i - 1].id);
		}
	assert_int_equal(page->n_posts, count);
}

static uint64_t living(const struct model *model, size_t from, int step)
{
	for (size_t i = from; i < model->count; i += (size_t)step)
		if (!model->entries[i].gone)
			return model->entries[i].id;
	return 0;
}

static void assert_beside(const struct model *model, const Lectern__V1__GetArchiveResponse *page)
{
	size_t first = find(model, page->posts[0]->id);
	size_t last = find(model, page->posts[page->n_posts - 1]->id);
	assert_int_equal(id_of(page->post_before), living(model, first - 1, -1));
	assert_int_equal(id_of(page->post_after), living(model, last + 1, 1));
	assert_int_equal(page->previous_page_token[0] != '\0', page->post_before != NULL);
	assert_int_equal(page->next_page_token[0] != '\0', page->post_after != NULL);
}

/* To and fro, while posts come and go: each page begins or ends where the one before was left. */
static void test_to_and_fro_among_writes(void **state)
{
	enum { ROUNDS = 400, SPAN = 60 };
	static const struct query query = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG,
		.name = "t" };
	static struct model model;
	struct random random = random_start();
	const Lectern__V1__GetArchiveResponse *page = NULL;
	char next[TOKEN_BYTES] = "";
	char previous[TOKEN_BYTES] = "";
	uint64_t first_id = 0;
	uint64_t last_id = 0;
	model.count = 0;
	for (int i = 0; i < 60; i++)
		model_publish(&model, START_US + (int64_t)random_below(&random, SPAN) * DAY_US);
	for (int round = 0; round < ROUNDS; round++) {
		int size = 1 + (int)random_below(&random, 6);
		if (next[0] == '\0' && previous[0] == '\0') {
			page = page_of(&query, size, "");
			assert_page_from(&model, page, 0, (size_t)size);
		} else if (previous[0] == '\0' ||
			   (next[0] != '\0' && random_below(&random, 2) == 0)) {
			page = page_of(&query, size, next);
			assert_page_from(&model, page, find(&model, last_id) + 1, (size_t)size);
		} else {
			page = page_of(&query, size, previous);
			assert_page_until(&model, page, find(&model, first_id), (size_t)size);
		}
		next[0] = '\0';
		previous[0] = '\0';
		if (page->n_posts > 0) {
			assert_beside(&model, page);
			snprintf(next, sizeof next, "%s", page->next_page_token);
			snprintf(previous, sizeof previous, "%s", page->previous_page_token);
			first_id = page->posts[0]->id;
			last_id = page->posts[page->n_posts - 1]->id;
		}
		for (uint64_t i = random_below(&random, 3); i > 0; i--)
			model_delete(&model, random_below(&random, model.count));
		/* The very posts that the tokens name, too. */
		if (first_id != 0 && random_below(&random, 4) == 0)
			model_delete(&model, find(&model, first_id));
		for (uint64_t i = random_below(&random, 4); i > 0 && model.count < POSTS_MAX; i--)
			model_publish(
				&model, START_US + (int64_t)random_below(&random, SPAN) * DAY_US);
	}
}

/* Everything on one side of a token is gone: an empty page, from which the other side is reached.
 */
static void test_an_empty_page(void **state)
{
	static const struct query query = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG,
		.name = "t" };
	uint64_t ids[6]; /* the oldest first */
	char next[TOKEN_BYTES];
	char previous[TOKEN_BYTES];
	char token[TOKEN_BYTES];
	for (int i = 0; i < 6; i++)
		ids[i] = publish(START_US + i * DAY_US, "t", NULL);
	snprintf(token, sizeof token, "%s", page_of(&query, 2, "")->next_page_token);
	const Lectern__V1__GetArchiveResponse *page = page_of(&query, 2, token);
	snprintf(next, sizeof next, "%s", page->next_page_token);
	snprintf(previous, sizeof previous, "%s", page->previous_page_token);
	for (int i = 0; i < 6; i++)
		if (i != 2 && i != 3)
			move_post(&server, "Delete", ids[i], NULL, &answer);

	page = page_of(&query, 2, next);
	assert_int_equal(page->n_posts, 0);
	assert_int_equal(page->total_size, 2);
	assert_null(page->post_after);
	assert_int_equal(page->post_before->id, ids[2]);
	assert_string_equal(page->next_page_token, "");
	snprintf(token, sizeof token, "%s", page->previous_page_token);
	page = page_of(&query, 2, token);
	assert_int_equal(page->n_posts, 2);
	assert_int_equal(page->posts[0]->id, ids[3]);
	assert_int_equal(page->posts[1]->id, ids[2]);

	page = page_of(&query, 2, previous);
	assert_int_equal(page->n_posts, 0);
	assert_null(page->post_before);
	assert_int_equal(page->post_after->id, ids[3]);
	assert_string_equal(page->previous_page_token, "");
	snprintf(token, sizeof token, "%s", page->next_page_token);
	page = page_of(&query, 1, token);
	assert_int_equal(page->n_posts, 1);
	assert_int_equal(page->posts[0]->id, ids[3]);

	for (int i = 2; i < 4; i++)
		move_post(&server, "Delete", ids[i], NULL, &answer);
	const char *tokens[] = { "", next, previous, token };
	for (size_t i = 0; i < 4; i++) {
		page = page_of(&query, 2, tokens[i]);
		assert_int_equal(page->n_posts, 0);
		assert_int_equal(page->total_size, 0);
		assert_null(page->post_before);
		assert_null(page->post_after);
		assert_string_equal(page->next_page_token, "");
		assert_string_equal(page->previous_page_token, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_to_and_fro_among_writes),
		TEST(test_an_empty_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
