/* SuggestTerms: what completes a text, in what order, and where it stands in titles and names. */
#include "support/own_server.h"

#include "base/limits.h"
#include "support/random.h"

#include <ctype.h>
#include <lectern/v1/search.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* `kinds` has a letter of each: p, t, c, a. */
static enum code ask(const char *prefix, const char *kinds, int page_size)
{
	Lectern__V1__SuggestTermsRequest request = LECTERN__V1__SUGGEST_TERMS_REQUEST__INIT;
	Lectern__V1__SuggestionKind wanted[8];
	request.prefix = text(prefix);
	request.kinds = wanted;
	for (; kinds[request.n_kinds] != '\0'; request.n_kinds++)
		wanted[request.n_kinds] =
			(Lectern__V1__SuggestionKind)(strchr("-ptca", kinds[request.n_kinds]) -
						      "-ptca");
	request.page_size = page_size;
	return call(&server, "SearchService/SuggestTerms", &request.base, &answer);
}

/* One line a suggestion: kind, slug, text with brackets around what was found, count. */
static const char *told(const char *prefix, const char *kinds, int page_size)
{
	static char out[64 * 1024];
	size_t size = 0;
	if (ask(prefix, kinds, page_size) != CODE_OK)
		fail_msg("%s: %s", prefix, answer.err.text);
	const Lectern__V1__SuggestTermsResponse *found =
		(const Lectern__V1__SuggestTermsResponse *)answer.message;
	out[0] = '\0';
	for (size_t i = 0; i < found->n_suggestions; i++) {
		const Lectern__V1__Suggestion *suggestion = found->suggestions[i];
		const char *name = suggestion->text->text;
		assert_int_equal(suggestion->text->n_ranges, 1);
		uint32_t start = suggestion->text->ranges[0]->start;
		uint32_t end = suggestion->text->ranges[0]->end;
		assert_true(start < end && end <= strlen(name));
		assert_true((name[start] & 0xC0) != 0x80 && (name[end] & 0xC0) != 0x80);
		size += (size_t)snprintf(out + size, sizeof out - size, "%c %s %.*s[%.*s]%s %d\n",
			"-ptca"[suggestion->kind], suggestion -> slug, (int)start, name,
			(int)(end - start), name + start, name + end,
			(int)suggestion -> post_count);
	}
	return out;
}

static uint64_t publish_named(
	const char *title, const char *slug, int day, const char *tag, const char *category)
{
	return new_post(&server,
		&(struct sketch){ .title = title,
			.slug = slug,
			.tags = { tag },
			.categories = { category },
			.state = PUBLISHED,
			.publish_time_us = START_US + day * DAY_US },
		&answer)
		->id;
}

static void test_order_and_kinds(void **state)
{
	uint64_t top = new_category(&server, "Data", 0);
	new_category(&server, "Stores", top);
	new_tag(&server, "Data without posts");
	publish_named("Older data", "older", 0, "Databases", "Stores");
	uint64_t plural = publish_named("Data are plural", "plural", 1, "Databases", "Stores");
	publish_named("Newer data", "newer", 2, "Big data", NULL);
	publish_named("Data data data", "thrice", 3, "Datasheets", NULL);
	new_post(&server, &(struct sketch){ .title = "Data of a draft", .slug = "draft" }, &answer);
	uint64_t gone = publish_named("Data that are gone", "gone", 4, NULL, NULL);
	assert_int_equal(move_post(&server, "Delete", gone, NULL, &answer), CODE_OK);
	static const struct {
		const char *prefix, *kinds;
		int page_size;
		const char *want;
	} cases[] = {
		{ "data", "", 0,
			"t databases [Data]bases 2\n"
			"c data [Data] 2\n"
			"t datasheets [Data]sheets 1\n"
			"p thrice [Data] data data 0\n"
			"p plural [Data] are plural 0\n"
			"t big-data Big [data] 1\n"
			"p newer Newer [data] 0\n"
			"p older Older [data] 0\n" },
		{ "data", "", 3,
			"t databases [Data]bases 2\nc data [Data] 2\nt datasheets [Data]sheets "
			"1\n" },
		{ "DATA", "c", 0, "c data [Data] 2\n" },
		{ "data", "cc", 0, "c data [Data] 2\n" },
		{ "data", "a", 0, "" },
		{ "data", "ct", 1, "t databases [Data]bases 2\n" },
		{ "  data ar", "", 0, "p plural [Data ar]e plural 0\n" },
		{ "data a r", "", 0, "" },
		{ "datas", "", 0, "t datasheets [Datas]heets 1\n" },
		{ "ata", "", 0, "" },
		{ "data data d", "", 0, "p thrice [Data data d]ata 0\n" },
		{ "s", "", 0, "c stores [S]tores 2\n" },
		{ "!", "", 0, "" },
		{ "data!", "c", 0, "c data [Data] 2\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s %s\n", cases[i].prefix, cases[i].kinds);
		assert_string_equal(
			told(cases[i].prefix, cases[i].kinds, cases[i].page_size), cases[i].want);
	}
	/* Renamed, moved and published as they are now. */
	publish_named("Once more", "once-more", 5, "Data without posts", NULL);
	assert_string_equal(told("data w", "", 0), "t data-without-posts [Data w]ithout posts 1\n");
	changed_post(&server,
		&(struct sketch){ .id = plural, .title = "Information", .mask = { "title" } },
		&answer);
	assert_string_equal(told("data a", "", 0), "");
	assert_string_equal(told("inform", "", 0), "p plural [Inform]ation 0\n");
	assert_int_equal(move_post(&server, "Unpublish", plural, NULL, &answer), CODE_OK);
	assert_string_equal(told("inform", "", 0), "");
	assert_string_equal(told("data", "c", 0), "c data [Data] 1\n");
}

/* Accents, width, ligatures and scripts without spaces. */
static void test_ranges(void **state)
{
	static const struct {
		const char *title, *prefix, *want;
	} cases[] = {
		{ "Le Café du coin", "caf", "Le [Caf]é du coin" },
		{ "Le Café du coin", "cafe", "Le [Café] du coin" },
		{ "Le Café du coin", "CAFÉ D", "Le [Café d]u coin" },
		{ "Le Café du coin", "le café du coin", "[Le Café du coin]" },
		{ "Cafe\xCC\x81s", "cafe", "[Cafe\xCC\x81]s" },
		{ "Cafe\xCC\x81s", "caf\xC3\xA9s", "[Cafe\xCC\x81s]" },
		{ "ＷＩＤＥ open", "wid", "[ＷＩＤ]Ｅ open" },
		{ "ＷＩＤＥ open", "wide op", "[ＷＩＤＥ op]en" },
		{ "Die Straße", "stra", "Die [Stra]ße" },
		{ "Die Straße", "stras", "Die [Straß]e" },
		{ "Die Straße", "strass", "Die [Straß]e" },
		{ "Die Straße", "strasse", "Die [Straße]" },
		{ "A \xEF\xAC\x81ne day", "f", "A [\xEF\xAC\x81]ne day" },
		{ "A \xEF\xAC\x81ne day", "fine d", "A [\xEF\xAC\x81ne d]ay" },
		{ "Don't panic", "don", "[Don]'t panic" },
		{ "Don't panic", "dont", "[Don't] panic" },
		{ "Don't panic", "don't p", "[Don't p]anic" },
		{ "deep-learning, again", "deep lea", "[deep-lea]rning, again" },
		{ "deep-learning, again", "learning aga", "deep-[learning, aga]in" },
		{ "数据库的索引", "数据", "[数据]库的索引" },
		{ "数据库的索引", "据", "数[据]库的索引" },
		{ "数据库的索引", "索引", "数据库的[索引]" },
		{ "数据库的索引", "引", "数据库的索[引]" },
		{ "数据库 index 索引", "库 ind", "数据[库 ind]ex 索引" },
		{ "数据库 index 索引", "index 索", "数据库 [index 索]引" },
		{ "ｶﾞｲﾄﾞ", "ガ", "[ｶﾞ]ｲﾄﾞ" },
		{ "Привет, МИР", "мир", "Привет, [МИР]" },
		{ "Привет, МИР", "прив", "[Прив]ет, МИР" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char want[256];
		uint64_t id = publish_named(cases[i].title, "s", 0, NULL, NULL);
		snprintf(want, sizeof want, "p s %s 0\n", cases[i].want);
		assert_string_equal(told(cases[i].prefix, "", 0), want);
		assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
		assert_int_equal(move_post(&server, "Purge", id, NULL, &answer), CODE_OK);
	}
}

/* Texts that are longer than the index keeps of them. */
static void test_long_texts(void **state)
{
	char title[800] = "";
	char word[512];
	for (int i = 0; i < 40; i++)
		sprintf(title + strlen(title), "%sw%02d", i == 0 ? "" : " ", i);
	publish_named(title, "words", 0, NULL, NULL);
	assert_string_equal(told("w39", "", 0), "");
	assert_true(strstr(told("w05 w06", "", 0), "w04 [w05 w06] w07") != NULL);
	memset(word, 'y', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	publish_named(word, "word", 0, NULL, NULL);
	word[60] = '\0';
	assert_true(strncmp(told(word, "", 0), "p word [yyyy", 12) == 0);
	word[60] = 'y';
	word[LIMIT_SLUG_BYTES] = '\0';
	assert_true(strncmp(told(word, "", 0), "p word [yyyy", 12) == 0);
	/* A prefix that is longer than the keys: what they have of it counts. */
	char prefix[LIMIT_SLUG_BYTES + 1] = "";
	for (int i = 0; i < 30; i++)
		sprintf(prefix + strlen(prefix), "%sw%02d", i == 0 ? "" : " ", i);
	assert_true(strncmp(told(prefix, "", 0), "p words [w00", 12) == 0);
}

/* --- Against a plain list --- */

enum { NAMES = 60, POSTS = 120, WORDS = 4 };

struct entry {
	char kind; /* p, t, c or a */
	uint64_t id;
	char slug[64], name[64];
	int count;
	int64_t time_us;
	unsigned ordinal; /* where it was found */
};

static struct entry entries[2 * NAMES + POSTS];
static size_t entry_count;

static void draw_name(struct random *random, char *out)
{
	static const char *const words[] = { "on", "one", "Only", "ONCE", "two", "twin", "Twist",
		"a", "and" };
	size_t count = 1 + random_below(random, WORDS);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		sprintf(out + strlen(out), "%s%s", i == 0 ? "" : " ",
			words[random_below(random, sizeof words / sizeof *words)]);
}

/* Whether a word begins so, and which is the first. */
static bool begins(const char *name, const char *prefix, unsigned *ordinal)
{
	*ordinal = 0;
	for (const char *at = name; at != NULL; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (strncasecmp(at, prefix, strlen(prefix)) == 0)
			return true;
		++*ordinal;
	}
	return false;
}

static int by_rank(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	if ((x->ordinal == 0) != (y->ordinal == 0))
		return x->ordinal == 0 ? -1 : 1;
	if ((x->kind == 'p') != (y->kind == 'p'))
		return x->kind == 'p' ? 1 : -1;
	if (x->count != y->count)
		return y->count - x->count;
	if (x->time_us != y->time_us)
		return x->time_us > y->time_us ? -1 : 1;
	if (x->kind != y->kind)
		return strchr("ptca", x->kind) < strchr("ptca", y->kind) ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

static struct entry *find(char kind, const char *name)
{
	for (size_t i = 0; i < entry_count; i++)
		if (entries[i].kind == kind && strcasecmp(entries[i].name, name) == 0)
			return &entries[i];
	entries[entry_count] = (struct entry){ .kind = kind };
	strcpy(entries[entry_count].name, name);
	return &entries[entry_count++];
}

static void draw_posts(struct random *random)
{
	entry_count = 0;
	for (int i = 0; i < POSTS; i++) {
		char title[64];
		char tag[64];
		draw_name(random, title);
		draw_name(random, tag);
		bool published = random_below(random, 5) > 0;
		struct sketch sketch = { .title = title,
			.state = published ? PUBLISHED : 0,
			.publish_time_us = START_US + i * DAY_US,
			.tags = { random_below(random, 3) > 0 ? tag : NULL } };
		const Lectern__V1__Post *post = new_post(&server, &sketch, &answer);
		if (!published)
			continue;
		struct entry *entry = &entries[entry_count++];
		*entry = (struct entry){ .kind = 'p', .time_us = sketch.publish_time_us };
		entry->id = post->id;
		strcpy(entry->slug, post->slug);
		strcpy(entry->name, title);
		if (post->n_tags == 0)
			continue;
		entry = find('t', post->tags[0]->name);
		entry->id = post->tags[0]->id;
		strcpy(entry->name, post->tags[0]->name);
		strcpy(entry->slug, post->tags[0]->slug);
		entry->count++;
	}
}

static void compare(const char *prefix, int page_size)
{
	static char want[64 * 1024];
	struct entry found[2 * NAMES + POSTS];
	size_t count = 0;
	size_t size = 0;
	for (size_t i = 0; i < entry_count; i++) {
		found[count] = entries[i];
		count += begins(entries[i].name, prefix, &found[count].ordinal);
	}
	qsort(found, count, sizeof *found, by_rank);
	want[0] = '\0';
	for (size_t i = 0; i < count && i < (size_t)page_size; i++) {
		const char *at = found[i].name;
		for (unsigned word = 0; word < found[i].ordinal; word++)
			at = strchr(at, ' ') + 1;
		size += (size_t)snprintf(want + size, sizeof want - size, "%c %s %.*s[%.*s]%s %d\n",
			found[i].kind, found[i].slug, (int)(at - found[i].name), found[i].name,
			(int)strlen(prefix), at, at + strlen(prefix), found[i].count);
	}
	assert_string_equal(told(prefix, "", page_size), want);
}

static void test_against_a_list(void **state)
{
	static const char *const prefixes[] = { "o", "on", "one", "only", "once", "on o", "on one",
		"t", "tw", "twi", "two", "two tw", "a", "an", "and a", "a a a", "z", "one only" };
	struct random random = random_start();
	draw_posts(&random);
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		compare(prefixes[i], 100);
		compare(prefixes[i], 1 + (int)random_below(&random, 12));
	}
}

/* --- Bounds --- */

static void tag_names(char names[][16], const char **list, int first, int count)
{
	for (int i = 0; i < count; i++) {
		snprintf(names[i], 16, "x%04d", first + i);
		list[i] = names[i];
	}
}

/* Of more than 1000 entries the first in the alphabet are looked at. */
static void test_more_than_are_looked_at(void **state)
{
	enum { TAGS = 1104 };
	for (int i = 0; i < TAGS; i += SKETCH_LIST_MAX) {
		char names[SKETCH_LIST_MAX][16];
		struct sketch sketch = { .title = "P", .state = PUBLISHED };
		tag_names(names, sketch.tags, i, SKETCH_LIST_MAX);
		new_post(&server, &sketch, &answer);
	}
	new_post(&server,
		&(struct sketch){
			.title = "P", .state = PUBLISHED, .tags = { "x0999", "x1000", "x0003" } },
		&answer);
	assert_string_equal(
		told("x", "", 3), "t x0003 [x]0003 2\nt x0999 [x]0999 2\nt x0000 [x]0000 1\n");
	assert_string_equal(told("x1000", "", 3), "t x1000 [x1000] 2\n");
	ask("x", "", 0);
	assert_int_equal(
		((const Lectern__V1__SuggestTermsResponse *)answer.message)->n_suggestions, 10);
	ask("x", "", 1000);
	assert_int_equal(
		((const Lectern__V1__SuggestTermsResponse *)answer.message)->n_suggestions, 100);
}

static void test_refused(void **state)
{
	static const struct {
		const char *label, *prefix, *kinds;
		int page_size;
		const char *reason, *error;
	} cases[] = {
		{ "empty", "", "", 0, "FIELD_REQUIRED", "prefix: must not be empty" },
		{ "kind", "a", "p-", 0, "ENUM_INVALID",
			"kinds[1]: 0 is none of POST, TAG, CATEGORY and AUTHOR" },
		{ "page size", "a", "", -1, "PAGE_SIZE_NEGATIVE", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(ask(cases[i].prefix, cases[i].kinds, cases[i].page_size),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, cases[i].reason);
		if (cases[i].error != NULL)
			assert_string_equal(answer.err.text, cases[i].error);
	}
	char prefix[LIMIT_SLUG_BYTES + 2];
	memset(prefix, 'a', sizeof prefix - 1);
	prefix[sizeof prefix - 1] = '\0';
	assert_int_equal(ask(prefix, "", 0), CODE_INVALID_ARGUMENT);
	Lectern__V1__SuggestionKind unknown[] = { 5 };
	Lectern__V1__SuggestTermsRequest request = LECTERN__V1__SUGGEST_TERMS_REQUEST__INIT;
	request.prefix = text("a");
	request.kinds = unknown;
	request.n_kinds = 1;
	assert_int_equal(call(&server, "SearchService/SuggestTerms", &request.base, &answer),
		CODE_INVALID_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order_and_kinds),
		TEST(test_ranges),
		TEST(test_long_texts),
		TEST(test_against_a_list),
		TEST(test_more_than_are_looked_at),
		TEST(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
