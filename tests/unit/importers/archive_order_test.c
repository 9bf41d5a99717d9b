#include "importers/archive_order.h"

#include "base/rfc3339.h"
#include "importers/archive_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { POSTS_MAX = 40, CHAINS_MAX = 6 };

/* Chains as text: "abc|dbe" are two pages; posts are numbered as they appear. */
struct pages {
	char names[POSTS_MAX + 1];
	uint32_t posts[CHAINS_MAX][POSTS_MAX];
	struct order_chain chains[CHAINS_MAX];
	struct order_key keys[POSTS_MAX];
	struct order_input input;
	uint32_t conflicts[POSTS_MAX];
	uint32_t conflict_count;
};

static void parse(struct pages *pages, const char *text)
{
	memset(pages, 0, sizeof *pages);
	size_t chain = 0;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '|') {
			chain++;
			continue;
		}
		const char *known = strchr(pages->names, *at);
		uint32_t post = known == NULL ? pages->input.post_count++
					      : (uint32_t)(known - pages->names);
		pages->names[post] = *at;
		pages->posts[chain][pages->chains[chain].count++] = post;
	}
	for (size_t i = 0; i <= chain; i++)
		pages->chains[i].posts = pages->posts[i];
	pages->input.chains = pages->chains;
	pages->input.chain_count = chain + 1;
	pages->input.keys = pages->keys;
}

static void note_conflict(void *arg, uint32_t post)
{
	struct pages *pages = arg;
	pages->conflicts[pages->conflict_count++] = post;
}

static void merge(struct pages *pages, uint32_t *sequence)
{
	pages->conflict_count = 0;
	assert_int_equal(order_merge(&pages->input, sequence, note_conflict, pages, NULL), CODE_OK);
}

/* Sets the keys of the posts named in `known`, which the server shows in that order. */
static void set_known(struct pages *pages, const char *known)
{
	for (size_t i = 0; known[i] != '\0'; i++) {
		size_t post = (size_t)(strchr(pages->names, known[i]) - pages->names);
		pages->keys[post] = (struct order_key){ .set = true,
			.time_us = 1000000000 - (int64_t)i * ARCHIVE_STEP_US,
			.id = 100 - i };
	}
}

static const struct {
	const char *label, *pages, *known, *want, *conflicts;
} merges[] = {
	{ "nothing", "", "", "", "" },
	{ "one page", "abc", "", "abc", "" },
	{ "two pages without a common post", "abc|def", "", "abcdef", "" },
	{ "a common post", "abc|dbe", "", "adbce", "" },
	{ "the second page begins before", "cd|abc", "", "abcd", "" },
	{ "a page within another", "abcd|bd", "", "abcd", "" },
	{ "three pages", "ac|bc|ab", "", "abc", "" },
	{ "all known", "abc|def", "adbecf", "adbecf", "" },
	{ "new posts on top", "xyabc", "abc", "xyabc", "" },
	{ "a new post between", "axbc", "abc", "axbc", "" },
	{ "new posts of another page stay behind", "abc|xyz", "abc", "abcxyz", "" },
	{ "another page known", "abc|def", "def", "abcdef", "" },
	{ "a new post of a page that is known to be newer", "abxc|de", "dabce", "dabxce", "" },
	{ "known in another order than the page", "abc", "cab", "abc", "" },
	{ "a contradiction", "ab|ba", "", "ab", "a" },
	{ "a contradiction in the middle", "abcd|acbd", "", "abcd", "b" },
	{ "a contradiction of three", "ab|bc|ca", "", "abc", "a" },
	{ "the one that fewest precede goes first", "abc|cba|dc", "", "dabc", "ab" },
};

static void test_merge(void **state)
{
	for (size_t i = 0; i < sizeof merges / sizeof merges[0]; i++) {
		struct pages pages;
		uint32_t sequence[POSTS_MAX];
		char got[POSTS_MAX + 1] = "";
		char conflicts[POSTS_MAX + 1] = "";
		parse(&pages, merges[i].pages);
		set_known(&pages, merges[i].known);
		merge(&pages, sequence);
		for (uint32_t p = 0; p < pages.input.post_count; p++)
			got[p] = pages.names[sequence[p]];
		for (uint32_t p = 0; p < pages.conflict_count; p++)
			conflicts[p] = pages.names[pages.conflicts[p]];
		if (strcmp(got, merges[i].want) != 0 || strcmp(conflicts, merges[i].conflicts) != 0)
			fail_msg("%s: %s, contradictions %s", merges[i].label, got, conflicts);
	}
}

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % bound;
}

static void shuffle(uint32_t *posts, uint32_t count)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t other = random_below(i);
		uint32_t post = posts[i - 1];
		posts[i - 1] = posts[other];
		posts[other] = post;
	}
}

/* Pages that are parts of one order (or, with `mixed`, of none). Some posts are known, at different
 * seconds and not all in that order. */
static void make_pages(struct pages *pages, bool mixed)
{
	memset(pages, 0, sizeof *pages);
	uint32_t order[POSTS_MAX];
	uint32_t count = 1 + random_below(POSTS_MAX);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	shuffle(order, count);
	pages->input.post_count = count;
	pages->input.chain_count = 1 + random_below(CHAINS_MAX);
	for (size_t c = 0; c < pages->input.chain_count; c++) {
		uint32_t keep = 1 + random_below(4);
		for (uint32_t i = 0; i < count; i++)
			if (random_below(4) < keep)
				pages->posts[c][pages->chains[c].count++] = order[i];
		if (mixed)
			shuffle(pages->posts[c], (uint32_t)pages->chains[c].count);
		pages->chains[c].posts = pages->posts[c];
	}
	uint32_t known = random_below(4);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = random_below(4) == 0 ? random_below(count) : i;
		if (random_below(4) < known)
			pages->keys[order[i]] = (struct order_key){ .set = true,
				.time_us = INT64_C(1600000000000000) -
					   (int64_t)(place * 64 + i) * 1000000,
				.id = i + 1 };
	}
	pages->input.chains = pages->chains;
	pages->input.keys = pages->keys;
}

/* Times of the server that agree with an order, some of them equal. */
static void make_keys_consistent(struct pages *pages, const uint32_t *order)
{
	int64_t time_us = INT64_C(1600000000000000);
	for (uint32_t i = 0; i < pages->input.post_count; i++) {
		time_us -= (int64_t)random_below(3) * 100000;
		pages->keys[order[i]].time_us = time_us;
		pages->keys[order[i]].id = i + 1;
	}
}

static void find_positions(const uint32_t *sequence, uint32_t count, uint32_t *positions)
{
	memset(positions, 0xFF, POSTS_MAX * sizeof *positions);
	for (uint32_t i = 0; i < count; i++) {
		assert_in_range(sequence[i], 0, count - 1);
		assert_int_equal(positions[sequence[i]], UINT32_MAX); /* each once */
		positions[sequence[i]] = i;
	}
}

static uint32_t count_violations(const struct pages *pages, const uint32_t *sequence)
{
	uint32_t positions[POSTS_MAX];
	uint32_t violations = 0;
	find_positions(sequence, pages->input.post_count, positions);
	for (size_t c = 0; c < pages->input.chain_count; c++)
		for (size_t i = 1; i < pages->chains[c].count; i++)
			violations +=
				positions[pages->posts[c][i - 1]] > positions[pages->posts[c][i]];
	return violations;
}

/* The oracle for pages that nobody knows yet: the lowest number of all that may come next. */
static bool merge_simply(const struct pages *pages, uint32_t *sequence)
{
	bool done[POSTS_MAX] = { false };
	for (uint32_t n = 0; n < pages->input.post_count; n++) {
		uint32_t best = UINT32_MAX;
		for (uint32_t post = pages->input.post_count; post-- > 0;) {
			bool ready = !done[post];
			for (size_t c = 0; c < pages->input.chain_count; c++)
				for (size_t i = 1; i < pages->chains[c].count; i++)
					if (pages->posts[c][i] == post &&
						!done[pages->posts[c][i - 1]])
						ready = false;
			if (ready)
				best = post;
		}
		if (best == UINT32_MAX)
			return false;
		done[best] = true;
		sequence[n] = best;
	}
	return true;
}

static void test_random_merges(void **state)
{
	for (int round = 0; round < 3000; round++) {
		struct pages pages;
		uint32_t sequence[POSTS_MAX];
		uint32_t simple[POSTS_MAX];
		make_pages(&pages, round % 3 == 0);
		bool possible = merge_simply(&pages, simple);
		merge(&pages, sequence);
		assert_int_equal(pages.conflict_count == 0, possible);
		assert_true(count_violations(&pages, sequence) == 0 || !possible);
		memset(pages.keys, 0, sizeof pages.keys);
		merge(&pages, sequence);
		if (possible)
			assert_memory_equal(
				sequence, simple, pages.input.post_count * sizeof *sequence);
	}
}

static int64_t times_us[POSTS_MAX];

static void assign(struct pages *pages, const uint32_t *sequence, int64_t newest_us, int64_t now_us)
{
	struct time_input input = { .sequence = sequence,
		.count = pages->input.post_count,
		.keys = pages->keys,
		.newest_us = newest_us,
		.now_us = now_us };
	assert_int_equal(times_assign(&input, times_us, NULL), CODE_OK);
}

/* A longest run of known posts in the server's order, found the slow way. */
static uint32_t longest_run(const struct pages *pages, const uint32_t *sequence)
{
	uint32_t lengths[POSTS_MAX];
	uint32_t best = 0;
	for (uint32_t i = 0; i < pages->input.post_count; i++) {
		const struct order_key *key = &pages->keys[sequence[i]];
		lengths[i] = key->set;
		for (uint32_t j = 0; key->set && j < i; j++)
			if (pages->keys[sequence[j]].set &&
				order_key_before(&pages->keys[sequence[j]], key) &&
				lengths[j] + 1 > lengths[i])
				lengths[i] = lengths[j] + 1;
		if (lengths[i] > best)
			best = lengths[i];
	}
	return best;
}

static void test_random_times(void **state)
{
	const int64_t newest_us = INT64_C(1577836800000000);
	const int64_t now_us = INT64_C(1700000000000000);
	for (int round = 0; round < 3000; round++) {
		struct pages pages;
		uint32_t sequence[POSTS_MAX];
		make_pages(&pages, round % 3 == 0);
		merge(&pages, sequence);
		assign(&pages, sequence, newest_us, now_us);
		uint32_t kept = 0;
		for (uint32_t i = 0; i < pages.input.post_count; i++) {
			uint32_t post = sequence[i];
			kept += pages.keys[post].set && pages.keys[post].time_us == times_us[post];
			assert_true(times_us[post] <= now_us);
			if (i == 0)
				continue;
			uint32_t before = sequence[i - 1];
			bool both_known = pages.keys[post].set && pages.keys[before].set;
			assert_true(times_us[before] > times_us[post] ||
				    (both_known && times_us[before] == times_us[post] &&
					    pages.keys[before].id < pages.keys[post].id));
		}
		assert_true(kept >= longest_run(&pages, sequence));
	}
}

/* What was imported once stays as it is: all pages again, or one of them. */
static void test_again(void **state)
{
	for (int round = 0; round < 3000; round++) {
		struct pages pages;
		uint32_t sequence[POSTS_MAX];
		int64_t first_us[POSTS_MAX];
		make_pages(&pages, false);
		memset(pages.keys, 0, sizeof pages.keys);
		if (round % 2 == 0) { /* some posts are there before */
			merge(&pages, sequence);
			make_keys_consistent(&pages, sequence);
			for (uint32_t i = 0; i < pages.input.post_count; i++)
				pages.keys[i].set = random_below(2) == 0;
		}
		merge(&pages, sequence);
		assign(&pages, sequence, INT64_C(1577836800000000), INT64_C(1700000000000000));
		memcpy(first_us, times_us, sizeof first_us);
		for (uint32_t i = 0; i < pages.input.post_count; i++) {
			pages.keys[i].time_us = times_us[i];
			if (!pages.keys[i].set)
				pages.keys[i].id = 1000 + i;
			pages.keys[i].set = true;
		}
		for (size_t chain = 0; chain <= pages.input.chain_count; chain++) {
			struct pages again = pages;
			again.input.chains = chain == pages.input.chain_count
						     ? pages.chains
						     : &pages.chains[chain];
			again.input.chain_count = chain == pages.input.chain_count ? chain : 1;
			again.input.keys = again.keys;
			merge(&again, sequence);
			assert_int_equal(again.conflict_count, 0);
			assign(&again, sequence, INT64_C(1577836800000000),
				INT64_C(1700000000000000));
			assert_memory_equal(
				times_us, first_us, pages.input.post_count * sizeof first_us[0]);
		}
	}
}

static int64_t parse_time(const char *text)
{
	int64_t time_us;
	assert_true(rfc3339_parse(slice_of_text(text), &time_us));
	return time_us;
}

static const struct {
	const char *label;
	const char *known[6]; /* of posts 0 to 5; NULL: new; "" ends the list */
	const char *now;
	const char *want[6];
} times[] = {
	{ "all new", { NULL, NULL, NULL, "" }, "2026-01-01T00:00:00Z",
		{ "2020-01-01T00:00:00Z", "2019-12-31T23:59:00Z", "2019-12-31T23:58:00Z" } },
	{ "new ones below", { "2020-01-01T00:00:00Z", NULL, NULL, "" }, "2026-01-01T00:00:00Z",
		{ "2020-01-01T00:00:00Z", "2019-12-31T23:59:00Z", "2019-12-31T23:58:00Z" } },
	{ "new ones above, older archive", { NULL, NULL, "2010-06-01T00:00:00Z", "" },
		"2026-01-01T00:00:00Z",
		{ "2020-01-01T00:00:00Z", "2019-12-31T23:59:00Z", "2010-06-01T00:00:00Z" } },
	{ "new ones above, newer archive", { NULL, NULL, "2020-01-01T00:00:00Z", "" },
		"2026-01-01T00:00:00Z",
		{ "2020-01-01T00:02:00Z", "2020-01-01T00:01:00Z", "2020-01-01T00:00:00Z" } },
	{ "above, but not in the future", { NULL, NULL, "2026-01-01T00:00:00Z", "" },
		"2026-01-01T00:00:09Z",
		{ "2026-01-01T00:00:06Z", "2026-01-01T00:00:03Z", "2026-01-01T00:00:00Z" } },
	{ "the newest lies in the future", { NULL, "2027-01-01T00:00:00Z", "" },
		"2026-01-01T00:00:00Z", { "2020-01-01T00:00:00Z", "2019-12-31T23:59:00Z" } },
	{ "between", { "2020-01-02T00:00:00Z", NULL, NULL, "2020-01-01T00:00:00Z", "" },
		"2026-01-01T00:00:00Z",
		{ "2020-01-02T00:00:00Z", "2020-01-01T23:59:00Z", "2020-01-01T23:58:00Z",
			"2020-01-01T00:00:00Z" } },
	{ "between, narrow", { "2020-01-01T00:00:10Z", NULL, NULL, "2020-01-01T00:00:00Z", "" },
		"2026-01-01T00:00:00Z",
		{ "2020-01-01T00:00:10Z", "2020-01-01T00:00:07Z", "2020-01-01T00:00:04Z",
			"2020-01-01T00:00:00Z" } },
	{ "between, narrower", { "2020-01-01T00:00:01Z", NULL, "2020-01-01T00:00:00Z", "" },
		"2026-01-01T00:00:00Z",
		{ "2020-01-01T00:00:01Z", "2020-01-01T00:00:00.500Z", "2020-01-01T00:00:00Z" } },
	{ "no room",
		{ "2020-01-01T00:00:00Z", NULL, "2020-01-01T00:00:00Z", "2019-01-01T00:00:00Z",
			"" },
		"2026-01-01T00:00:00Z",
		{ "2020-01-01T00:00:00Z", "2019-12-31T23:59:00Z", "2019-12-31T23:58:00Z",
			"2019-01-01T00:00:00Z" } },
	{ "one out of order",
		{ "2020-01-03T00:00:00Z", "2020-01-05T00:00:00Z", "2020-01-02T00:00:00Z",
			"2020-01-01T00:00:00Z", "" },
		"2026-01-01T00:00:00Z",
		{ "2020-01-05T00:01:00Z", "2020-01-05T00:00:00Z", "2020-01-02T00:00:00Z",
			"2020-01-01T00:00:00Z" } },
};

static void test_times(void **state)
{
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct pages pages;
		uint32_t sequence[POSTS_MAX];
		memset(&pages, 0, sizeof pages);
		uint32_t count = 0;
		for (; times[i].known[count] == NULL || times[i].known[count][0] != '\0'; count++) {
			sequence[count] = count;
			if (times[i].known[count] != NULL)
				pages.keys[count] = (struct order_key){ .set = true,
					.time_us = parse_time(times[i].known[count]),
					.id = count + 1 };
		}
		pages.input.post_count = count;
		assign(&pages, sequence, parse_time("2020-01-01T00:00:00Z"),
			parse_time(times[i].now));
		for (uint32_t p = 0; p < count; p++) {
			char text[RFC3339_BYTES];
			rfc3339_format(times_us[p], text);
			if (strcmp(text, times[i].want[p]) != 0)
				fail_msg("%s: post %u: %s", times[i].label, p, text);
		}
	}
}

int main(void)
{
	const char *given = getenv("LECTERN_TEST_SEED");
	random_state = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	printf("LECTERN_TEST_SEED=%ju\n", (uintmax_t)random_state);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_random_merges),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_random_times),
		cmocka_unit_test(test_again),
	};
	return cmocka_run_group_tests_name("archive_order", tests, NULL, NULL);
}
