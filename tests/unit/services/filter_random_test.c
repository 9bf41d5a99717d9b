/* Random filters against a plain evaluator that knows neither the parser nor the records. */
#include "base/rfc3339.h"
#include "support/filter_posts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

/* A filter as the test makes it up. */
struct wish {
	enum { ALL_OF, ANY_OF, NONE_OF, LEAF } kind;
	struct wish *children[4];
	size_t count;
	/* Of a leaf. */
	enum filter_field field;
	const char *op, *value; /* as they are written; "" for a field that stands alone */
	bool any, prefix;
	uint64_t number; /* of a term: its index; state */
	const char *text;
	int64_t time_us;
};

static const char *const field_names[] = { "tags", "categories", "authors", "series", "state",
	"featured", "language", "slug", "title", "publish_time", "expire_time", "create_time",
	"update_time", "delete_time" };

static void wish_term(struct wish *wish)
{
	static const char letters[] = "tcas";
	unsigned most = wish->field == FILTER_CATEGORIES ? CATEGORIES + 1 : 4;
	wish->number = below(most);
	wish->op = ":";
	wish->any = below(8) == 0;
	char letter = letters[wish->field];
	if (wish->any)
		wish->value = below(2) == 0 ? "*" : "\"*\"";
	else if (below(2) == 0)
		wish->value = arena_printf(&arena, "%c%u", letter, (unsigned)wish->number);
	else
		wish->value = arena_printf(
			&arena, "'%c%u'", (char)(letter - 'a' + 'A'), (unsigned)wish->number);
	/* The name of the second tag is another one; as a former slug it is found in lower case. */
	if (wish->field == FILTER_TAGS && wish->number == 1 && !wish->any)
		wish->value = below(2) == 0 ? "t1" : "\"c++ \\\"2\\\" \\*\"";
}

static const char *equals(void)
{
	return below(3) == 0 ? "!=" : "=";
}

static void wish_state(struct wish *wish)
{
	static const char *const names[] = { "DRAFT", "\"SCHEDULED\"", "PUBLISHED",
		"POST_STATE_EXPIRED", "TRASHED" };
	wish->number = below(5);
	wish->op = equals();
	wish->value = names[wish->number++];
}

static void wish_featured(struct wish *wish)
{
	wish->number = below(3) > 0;
	bool alone = wish->number == 1 && below(2) == 0;
	wish->op = alone ? "" : equals();
	wish->value = alone ? "" : wish->number == 1 ? "true" : "'false'";
}

static void wish_text(struct wish *wish)
{
	/* The text as it is compared: lower case for languages, folded for titles. */
	static const struct {
		enum filter_field field;
		const char *value, *text;
		bool prefix;
	} texts[] = {
		{ FILTER_LANGUAGE, "en", "en", false },
		{ FILTER_LANGUAGE, "'En-us'", "en-us", false },
		{ FILTER_LANGUAGE, "EN*", "en", true },
		{ FILTER_LANGUAGE, "\"en-*\"", "en-", true },
		{ FILTER_LANGUAGE, "\"\"", "", false },
		{ FILTER_SLUG, "intro", "intro", false },
		{ FILTER_SLUG, "p-1*", "p-1", true },
		{ FILTER_SLUG, "\"p-2\\*\"", "p-2*", false },
		{ FILTER_SLUG, "p-*", "p-", true },
		{ FILTER_TITLE, "Stra\u00dfe", "strasse", false },
		{ FILTER_TITLE, "\"STRASSE\"", "strasse", false },
		{ FILTER_TITLE, "stra*", "stra", true },
		{ FILTER_TITLE, "INTRO*", "intro", true },
		{ FILTER_TITLE, "'introduction t*'", "introduction t", true },
		{ FILTER_TITLE, "\"introduction *\"", "introduction ", true },
		{ FILTER_TITLE, "'a\\*b'", "a*b", false },
		{ FILTER_TITLE, "'A\\**'", "a*", true },
	};
	size_t at;
	do
		at = below(sizeof texts / sizeof *texts);
	while (texts[at].field != wish->field);
	wish->op = equals();
	wish->value = texts[at].value;
	wish->text = texts[at].text;
	wish->prefix = texts[at].prefix;
}

static const Google__Protobuf__Timestamp *time_of(
	const Lectern__V1__Post *post, enum filter_field field)
{
	const Google__Protobuf__Timestamp *times[] = { post->publish_time, post->expire_time,
		post->create_time, post->update_time, post->delete_time };
	return times[field - FILTER_PUBLISH_TIME];
}

static void wish_time(struct wish *wish)
{
	static const char *const ops[] = { "=", "!=", "<", "<=", ">", ">=" };
	char text[RFC3339_BYTES];
	wish->any = below(8) == 0;
	wish->op = wish->any ? ":" : ops[below(6)];
	wish->time_us = JANUARY_2024(1) + (int64_t)below(6) * DAY_US;
	/* The very time of some post. */
	const Google__Protobuf__Timestamp *some = time_of(posts[below(POSTS)], wish->field);
	bool day = some == NULL || below(4) == 0;
	if (!day)
		wish->time_us = timestamp_to_us(some);
	rfc3339_format(wish->time_us, text);
	if (day && below(2) == 0)
		text[10] = '\0'; /* a day alone */
	wish->value = wish->any	      ? "*"
		      : below(2) == 0 ? arena_printf(&arena, "%s", text)
				      : arena_printf(&arena, "\"%s\"", text);
}

static struct wish *wish_leaf(void)
{
	struct wish *wish = arena_calloc(&arena, 1, sizeof *wish);
	assert_non_null(wish);
	wish->kind = LEAF;
	do /* a state in every second filter or so, not in all of them */
		wish->field = (enum filter_field)below(FILTER_DELETE_TIME + 1);
	while (wish->field == FILTER_STATE && below(2) == 0);
	if (wish->field <= FILTER_SERIES)
		wish_term(wish);
	else if (wish->field == FILTER_STATE)
		wish_state(wish);
	else if (wish->field == FILTER_FEATURED)
		wish_featured(wish);
	else if (wish->field <= FILTER_TITLE)
		wish_text(wish);
	else
		wish_time(wish);
	return wish;
}

static struct wish *make_wish(int depth)
{
	if (depth == 0 || below(3) == 0)
		return wish_leaf();
	struct wish *wish = arena_calloc(&arena, 1, sizeof *wish);
	assert_non_null(wish);
	wish->kind = below(3);
	wish->count = wish->kind == NONE_OF ? 1 : 2 + below(3);
	for (size_t i = 0; i < wish->count; i++)
		wish->children[i] = make_wish(depth - 1);
	return wish;
}

static const char *blank(bool needed)
{
	static const char *const blanks[] = { "", " ", "  ", "\t", " \n" };
	return blanks[needed ? 1 + below(4) : below(5)];
}

static void write_wish(const struct wish *wish, struct buffer *out);

/* In parentheses where the grammar needs them, and sometimes where it does not. */
static void write_child(const struct wish *child, bool needed, struct buffer *out)
{
	bool enclosed = needed || below(8) == 0;
	buffer_printf(out, "%s", enclosed ? "(" : "");
	write_wish(child, out);
	buffer_printf(out, "%s", enclosed ? ")" : "");
}

static void write_wish(const struct wish *wish, struct buffer *out)
{
	if (wish->kind == LEAF) {
		buffer_printf(out, "%s%s%s%s%s", field_names[wish->field],
			wish->op[0] == '\0' ? "" : blank(false), wish->op,
			wish->op[0] == '\0' ? "" : blank(false), wish->value);
		return;
	}
	if (wish->kind == NONE_OF) {
		buffer_printf(out, "%s", below(2) == 0 ? "-" : "NOT ");
		write_child(wish->children[0], wish->children[0]->kind != LEAF, out);
		return;
	}
	for (size_t i = 0; i < wish->count; i++) {
		if (i > 0)
			buffer_printf(out, "%s%s%s", blank(true),
				wish->kind == ALL_OF ? "AND" : "OR", blank(true));
		write_child(wish->children[i],
			wish->kind == ANY_OF && wish->children[i]->kind == ALL_OF, out);
	}
}

static bool mentions_state(const struct wish *wish)
{
	bool found = wish->kind == LEAF && wish->field == FILTER_STATE;
	for (size_t i = 0; i < wish->count; i++)
		found = found || mentions_state(wish->children[i]);
	return found;
}

static bool refs_have(
	Lectern__V1__TermRef *const *refs, size_t count, const struct wish *wish, char letter)
{
	for (size_t i = 0; i < count; i++) {
		if (wish->any)
			return true;
		bool second = strcmp(refs[i]->slug, "second") == 0;
		if (second ? wish->number == 1
			   : refs[i]->slug[0] == letter &&
					(uint64_t)(refs[i]->slug[1] - '0') == wish->number)
			return true;
	}
	return false;
}

static bool in_category(const Lectern__V1__Post *post, const struct wish *wish)
{
	for (size_t i = 0; i < post->n_categories; i++)
		for (int at = post->categories[i]->slug[1] - '0'; at >= 0; at = parents[at])
			if (wish->any || at == (int)wish->number)
				return true;
	return false;
}

static bool text_equals(const char *text, const struct wish *wish)
{
	return wish->prefix ? strncmp(text, wish->text, strlen(wish->text)) == 0
			    : strcmp(text, wish->text) == 0;
}

static bool title_equals(const char *title, const struct wish *wish)
{
	static const char *const folded[][2] = { { "Introduction", "introduction" },
		{ "Stra\u00dfe", "strasse" }, { "STRASSE", "strasse" }, { "intro", "intro" },
		{ "zeta", "zeta" }, { "a*b", "a*b" },
		{ "Introduction to Pages", "introduction to pages" },
		{ "introduction  TO cursors", "introduction to cursors" },
		{ "Stra\xC3\x9F"
		  "e*",
			"strasse*" } };
	for (size_t i = 0; i < sizeof folded / sizeof *folded; i++)
		if (strcmp(title, folded[i][0]) == 0)
			return text_equals(folded[i][1], wish);
	return false;
}

static bool compares(const Google__Protobuf__Timestamp *time, const struct wish *wish)
{
	if (time == NULL)
		return strcmp(wish->op, "!=") == 0;
	int64_t a = timestamp_to_us(time);
	int64_t b = wish->time_us;
	return wish->any || (wish->op[0] == '<' && a < b) || (wish->op[0] == '>' && a > b) ||
	       (wish->op[0] == '!' && a != b) ||
	       (a == b && (wish->op[0] == '=' || strcmp(wish->op, "<=") == 0 ||
				  strcmp(wish->op, ">=") == 0));
}

static bool grants_leaf(const struct wish *wish, const Lectern__V1__Post *post)
{
	char language[64] = "";
	bool other = strcmp(wish->op, "!=") == 0;
	switch (wish->field) {
	case FILTER_TAGS:
		return refs_have(post->tags, post->n_tags, wish, 't');
	case FILTER_CATEGORIES:
		return in_category(post, wish);
	case FILTER_AUTHORS:
		return refs_have(post->authors, post->n_authors, wish, 'a');
	case FILTER_SERIES:
		return post->series != NULL &&
		       (wish->any || (uint64_t)(post->series->slug[1] - '0') == wish->number);
	case FILTER_STATE:
		return (post->state == (Lectern__V1__PostState)wish->number) != other;
	case FILTER_FEATURED:
		return (post->featured == (wish->number == 1)) != other;
	case FILTER_LANGUAGE:
		for (size_t i = 0; post->language[i] != '\0'; i++)
			language[i] = (char)(post->language[i] | 0x20);
		return text_equals(language, wish) != other;
	case FILTER_SLUG:
		return text_equals(post->slug, wish) != other;
	case FILTER_TITLE:
		return title_equals(post->title, wish) != other;
	case FILTER_PUBLISH_TIME:
	case FILTER_EXPIRE_TIME:
	case FILTER_CREATE_TIME:
	case FILTER_UPDATE_TIME:
	case FILTER_DELETE_TIME:
		return compares(time_of(post, wish->field), wish);
	}
	return false;
}

static bool grants(const struct wish *wish, const Lectern__V1__Post *post)
{
	if (wish->kind == LEAF)
		return grants_leaf(wish, post);
	size_t granted = 0;
	for (size_t i = 0; i < wish->count; i++)
		granted += grants(wish->children[i], post);
	return wish->kind == ALL_OF   ? granted == wish->count
	       : wish->kind == ANY_OF ? granted > 0
				      : granted == 0;
}

static void check_bound(const struct filter_node *node)
{
	if (node->kind == FILTER_RESTRICTION)
		assert_true(node->op != FILTER_NOT_EQUALS);
	for (const struct filter_node *child = node->first; child != NULL; child = child->next) {
		assert_true(child->kind != node->kind);
		check_bound(child);
	}
}

static void test_random_filters(void **state)
{
	struct buffer out;
	size_t found = 0;
	size_t tested = 0;
	buffer_init(&out, 65536);
	for (int i = 0; i < 4000; i++) {
		struct filter filter;
		struct error err = { .text = "" };
		const struct wish *wish = make_wish((int)below(4));
		buffer_clear(&out);
		write_wish(wish, &out);
		enum code code = filter_compile(txn, &arena, buffer_text(&out), &filter, &err);
		if (code != CODE_OK)
			print_error("%s: %s\n", buffer_text(&out), err.text);
		assert_int_equal(code, CODE_OK);
		check_bound(filter.root);
		assert_int_equal(filter.all_states, mentions_state(wish));
		for (int p = 0; p < POSTS; p++) {
			bool expected =
				grants(wish, posts[p]) &&
				(mentions_state(wish) || posts[p]->state == STATE(PUBLISHED));
			bool got = matches(&filter, posts[p]->id);
			if (got != expected)
				print_error("%s: post %d\n", buffer_text(&out), p);
			assert_int_equal(got, expected);
			found += got;
			tested++;
		}
		arena_reset(&arena);
	}
	buffer_done(&out);
	print_message("%zu of %zu tests found a post\n", found, tested);
	assert_in_range(found, tested / 20, tested - tested / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_filters),
	};
	return cmocka_run_group_tests(tests, filter_posts_set_up, filter_posts_tear_down);
}
