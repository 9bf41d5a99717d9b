/*
 * Scripts without blanks between words, against an oracle: a run of characters is found wherever
 * strstr() finds it in one line of a post, at any length.
 */
#include "base/limits.h"
#include "support/random.h"
#include "support/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { POSTS = 60, QUERIES = 400, LINES = 3, LINE_BYTES = 64, CLAUSES_MAX = 3, TEXT_BYTES = 512 };

/* Few, so that most pairs occur; of Han, Hiragana, Katakana and Hangul. Then what parts runs. */
static const char *const characters[] = { "中", "文", "字", "か", "カ", "한", "，", " a " };
enum { DENSE = 6, CHARACTERS = sizeof characters / sizeof *characters };

static struct local_server server;
static struct random source;
static char lines[POSTS][LINES][LINE_BYTES]; /* title, excerpt, body */
static uint64_t ids[POSTS];

static int below(int limit)
{
	return (int)random_below(&source, (uint64_t)limit);
}

static void draw(char *out, int count, int kinds)
{
	out[0] = '\0';
	for (int i = 0; i < count; i++)
		strcat(out, characters[below(kinds)]);
}

static void put_posts(void)
{
	for (int i = 0; i < POSTS; i++) {
		for (int line = 0; line < LINES; line++)
			draw(lines[i][line], 1 + below(8), CHARACTERS);
		strcat(lines[i][0], "x"); /* a title has letters */
		ids[i] = put_note(&server, &(struct note){ .title = lines[i][0],
						   .excerpt = lines[i][1],
						   .body = lines[i][2],
						   .language = i % 2 == 0 ? "zh" : "" });
	}
}

struct clause {
	char run[LINE_BYTES];
	bool excluded;
};

static void draw_query(struct clause *clauses, int count, char *text)
{
	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		bool quoted = below(3) == 0;
		draw(clauses[i].run, 1 + below(4), DENSE);
		clauses[i].excluded = i > 0 && below(2) == 0;
		snprintf(text + strlen(text), TEXT_BYTES - strlen(text), "%s%s%s%s ",
			clauses[i].excluded ? "-" : "", quoted ? "\"" : "", clauses[i].run,
			quoted ? "\"" : "");
	}
}

static bool is_found(const struct clause *clauses, int count, int post)
{
	for (int i = 0; i < count; i++) {
		bool holds = false;
		for (int line = 0; line < LINES; line++)
			holds = holds || strstr(lines[post][line], clauses[i].run) != NULL;
		if (holds == clauses[i].excluded)
			return false;
	}
	return true;
}

/* What is marked of a title begins each of the runs that are found in it, or goes on with one. */
static void check_title(const Lectern__V1__HighlightedText *title, const struct clause *clauses)
{
	const char *at = strstr(title->text, clauses[0].run);
	bool marked = at == NULL;
	for (size_t i = 0; !marked && i < title->n_ranges; i++)
		marked = title->text + title->ranges[i]->start <= at &&
			 title->text + title->ranges[i]->end >= at + strlen(clauses[0].run);
	if (!marked)
		fail_msg("\"%s\" is not marked in \"%s\"", clauses[0].run, title->text);
}

static void test_random_runs(void **state)
{
	struct answer answer = { 0 };
	uint64_t found = 0;
	local_server_open(&server);
	put_posts();
	for (int q = 0; q < QUERIES; q++) {
		struct clause clauses[CLAUSES_MAX];
		char text[TEXT_BYTES];
		bool given[POSTS] = { false };
		int count = 1 + below(CLAUSES_MAX);
		draw_query(clauses, count, text);
		if (q == QUERIES / 2)
			merge_search_index(&server);
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = text, .page_size = LIMIT_SEARCH_PAGE_SIZE },
			&answer);
		for (size_t h = 0; h < page->n_hits; h++) {
			for (int i = 0; i < POSTS; i++)
				given[i] = given[i] || ids[i] == page->hits[h]->post->id;
			check_title(page->hits[h]->title, clauses);
		}
		for (int i = 0; i < POSTS; i++)
			if (given[i] != is_found(clauses, count, i))
				fail_msg("%s%s \"%s\", \"%s\", \"%s\"", text,
					given[i] ? "finds" : "does not find", lines[i][0],
					lines[i][1], lines[i][2]);
		found += page->total_size;
	}
	assert_in_range(found, QUERIES, UINT64_MAX);
	answer_done(&answer);
	local_server_close(&server);
}

int main(void)
{
	source = random_start();
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_runs) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
