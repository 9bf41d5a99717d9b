#include "support/filter_posts.h"

#include "store/store.h"

#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <times.h>

#include <cmocka.h>

static struct local_server server;
static struct answer answer;
struct random random_source;
struct arena arena;
struct txn *txn;
static struct answer answers[POSTS];
const Lectern__V1__Post *posts[POSTS];

/* c1 is in c0, c2 in c1, c4 in c3. */
const int parents[CATEGORIES] = { -1, 0, 1, -1, 3, -1 };
static uint64_t category_ids[CATEGORIES];

#define YEAR_2020 (18262 * DAY_US)
#define YEAR_2021 (18628 * DAY_US)
#define YEAR_2100 (47482 * DAY_US)

/* What is 0 or NULL is left out. */
struct plan {
	const char *slug, *title, *language;
	Lectern__V1__PostState state; /* EXPIRED follows from expire_us, TRASHED is a delete */
	bool featured;
	int64_t publish_us, expire_us;
	unsigned tags, categories, authors; /* bits: t0 and so on */
	const char *series;
};

static size_t make_refs(unsigned bits, char letter, Lectern__V1__TermRef *refs,
	Lectern__V1__TermRef **list, char names[8][8])
{
	size_t count = 0;
	for (unsigned bit = 0; bit < 8; bit++) {
		if ((bits >> bit & 1) == 0)
			continue;
		snprintf(names[bit], sizeof names[bit], "%c%u", letter, bit);
		lectern__v1__term_ref__init(&refs[count]);
		refs[count].name = names[bit];
		list[count] = &refs[count];
		count++;
	}
	return count;
}

static uint64_t make_post(const struct plan *plan)
{
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	Google__Protobuf__Timestamp publish_time;
	Google__Protobuf__Timestamp expire_time;
	Lectern__V1__TermRef refs[3][8];
	Lectern__V1__TermRef *lists[3][8];
	char names[3][8][8];
	bool trashed = plan->state == STATE(TRASHED);
	timestamp_from_us(&publish_time, plan->publish_us);
	timestamp_from_us(&expire_time, plan->expire_us);
	post.slug = text(plan->slug);
	post.title = text(plan->title);
	post.language = text(plan->language);
	post.state = trashed ? STATE(DRAFT) : plan->state;
	post.featured = plan->featured;
	post.publish_time = plan->publish_us == 0 ? NULL : &publish_time;
	post.expire_time = plan->expire_us == 0 ? NULL : &expire_time;
	post.tags = lists[0];
	post.n_tags = make_refs(plan->tags, 't', refs[0], lists[0], names[0]);
	post.categories = lists[1];
	post.n_categories = make_refs(plan->categories, 'c', refs[1], lists[1], names[1]);
	post.authors = lists[2];
	post.n_authors = make_refs(plan->authors, 'a', refs[2], lists[2], names[2]);
	series.name = text(plan->series);
	post.series = plan->series == NULL ? NULL : &series;
	request.post = &post;
	request.create_missing_terms = true;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	uint64_t id = response->post->id;
	if (trashed)
		assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	return id;
}

static const struct plan fixed[FIXED] = {
	{ "intro", "Introduction to Pages", "en", STATE(PUBLISHED), true, JANUARY_2024(1), 0, 0x3,
		0x4, 0x1, "s0" },
	{ "intro-2", "introduction  TO cursors", "en-US", STATE(PUBLISHED), false, JANUARY_2024(2),
		YEAR_2100, 0x2, 0x2, 0x3, "s0" },
	{ "strasse",
		"Stra\xC3\x9F"
		"e*",
		"DE", STATE(PUBLISHED), false, JANUARY_2024(3), 0, 0x0, 0x18, 0x0, NULL },
	{ "wide", "\xEF\xBC\xA6\xEF\xBC\xB5\xEF\xBC\xAC\xEF\xBC\xAC", NULL, STATE(PUBLISHED), true,
		JANUARY_2024(4) + 1, 0, 0x1, 0x0, 0x2, "s1" },
	{ "draft", "A draft", "en", STATE(DRAFT), true, 0, 0, 0x1, 0x1, 0x1, NULL },
	{ "later", "Later", "zh-Hant", STATE(SCHEDULED), false, YEAR_2100, 0, 0x1, 0x8, 0x1, "s1" },
	{ "over", "Over", "fr", STATE(PUBLISHED), false, YEAR_2020, YEAR_2021, 0x2, 0x20, 0x4,
		NULL },
	{ "bin", "Binned", "enm", STATE(TRASHED), false, 0, 0, 0x1, 0x4, 0x1, NULL },
};

static void rename_tag(uint64_t id, const char *slug, const char *name)
{
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	tag.id = id;
	tag.slug = text(slug);
	tag.name = text(name);
	request.tag = &tag;
	call_ok(&server, "TagService/UpdateTag", &request.base, &answer);
}

static struct plan random_plan(int number)
{
	static const char *const titles[] = { "Introduction", "Stra\u00dfe", "STRASSE", "intro",
		"zeta", "a*b" };
	static const char *const languages[] = { NULL, "en", "en-US", "EN-gb", "de", "enm" };
	static const char *const series[] = { NULL, NULL, "s0", "s1", "s2" };
	static char slug[32];
	snprintf(slug, sizeof slug, "p-%d-%c", number, (char)('a' + number % 26));
	struct plan plan = { .slug = slug,
		.title = titles[below(6)],
		.language = languages[below(6)],
		.state = (Lectern__V1__PostState)(1 + below(5)),
		.featured = below(3) == 0,
		.tags = (unsigned)(below(16) & below(16)),
		.categories = (unsigned)(below(64) & below(64)),
		.authors = (unsigned)(below(8) & below(8)),
		.series = series[below(5)] };
	plan.publish_us = JANUARY_2024(1) + (int64_t)below(6) * DAY_US;
	if (plan.state == STATE(PUBLISHED) && below(3) == 0)
		plan.expire_us = YEAR_2100 + (int64_t)below(3) * DAY_US;
	if (plan.state == STATE(EXPIRED)) {
		plan.state = STATE(PUBLISHED);
		plan.expire_us = JANUARY_2024(32);
	}
	if (plan.state == STATE(SCHEDULED))
		plan.publish_us = YEAR_2100;
	if ((plan.state == STATE(DRAFT) || plan.state == STATE(TRASHED)) && below(2) == 0)
		plan.publish_us = 0;
	return plan;
}

int filter_posts_set_up(void **state)
{
	struct error err = { .text = "" };
	random_source = random_start();
	arena_init(&arena, LIMIT_ARENA_BYTES);
	local_server_open(&server);
	for (int i = 0; i < CATEGORIES; i++) {
		char name[8];
		snprintf(name, sizeof name, "c%d", i);
		category_ids[i] =
			new_category(&server, name, parents[i] < 0 ? 0 : category_ids[parents[i]]);
	}
	for (int i = 0; i < POSTS; i++) {
		struct plan plan = i < FIXED ? fixed[i] : random_plan(i);
		posts[i] = read_post(&server, make_post(&plan), &answers[i]);
	}
	/* The tag t1 gets another slug and a name with more than letters. */
	rename_tag(posts[0]->tags[1]->id, "second", "C++ \"2\" *");
	for (int i = 0; i < POSTS; i++)
		posts[i] = read_post(&server, posts[i]->id, &answers[i]);
	return store_snapshot(server.store, &txn, &err) == CODE_OK ? 0 : 1;
}

int filter_posts_tear_down(void **state)
{
	store_release(server.store, txn);
	for (int i = 0; i < POSTS; i++)
		answer_done(&answers[i]);
	answer_done(&answer);
	local_server_close(&server);
	arena_done(&arena);
	return 0;
}

bool matches(const struct filter *filter, uint64_t id)
{
	struct post_fields fields;
	struct error err = { .text = "" };
	assert_true(post_fields_get(txn, id, &fields));
	bool found = filter_matches(filter, txn, &fields);
	assert_int_equal(txn_status(txn, &err), CODE_OK);
	return found;
}
