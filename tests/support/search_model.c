#include "support/search_model.h"

#include "base/rfc3339.h"
#include "support/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct random source;
struct model model;

const char *const vocabulary[VOCABULARY] = { "bal", "kor", "tim", "balk", "zan", "mulm", "kort",
	"balkon", "timb", "grub", "mul", "lop", "dak", "wik", "nob", "kortum" };

/* --- Posts --- */

static void draw_line(struct line *line, enum line_kind kind)
{
	line->kind = kind;
	line->count = 1 + below(kind == TITLE ? 3 : WORDS_MAX);
	for (int i = 0; i < line->count; i++) {
		int a = below(VOCABULARY);
		int b = below(VOCABULARY);
		line->words[i] = a < b ? a : b; /* the first ones are frequent */
	}
}

void draw_post(struct model_post *post)
{
	static const Lectern__V1__PostState hidden[] = {
		LECTERN__V1__POST_STATE__POST_STATE_DRAFT,
		LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED,
	};
	post->state =
		below(5) != 0 ? LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED : hidden[below(2)];
	post->month = below(MONTHS);
	post->author = below(AUTHORS);
	post->category = below(CATEGORIES);
	for (int i = 0; i < TAGS; i++)
		post->tags[i] = below(3) == 0;
	post->line_count = 1 + below(LINES_MAX);
	draw_line(&post->lines[0], TITLE);
	for (int i = 1; i < post->line_count; i++)
		draw_line(&post->lines[i], i == 1 && below(2) == 0 ? EXCERPT
					   : below(4) == 0	   ? HEADING
								   : PARAGRAPH);
}

static void write_line(char *out, const struct line *line)
{
	for (int i = 0; i < line->count; i++) {
		size_t size = strlen(out);
		snprintf(out + size, TEXT_BYTES - size, "%s%s", i > 0 ? " " : "",
			vocabulary[line->words[i]]);
		if (below(4) == 0)
			out[size + (i > 0)] -= 'a' - 'A';
	}
}

int64_t time_of(const struct model_post *post)
{
	int year = post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED ? 2090 : 2020;
	struct civil_date date = { year + post->month / 2, 1 + (unsigned)post->month % 2 * 11, 1 };
	return civil_date_start_us(date) + INT64_C(36000000000);
}

void write_post(struct model_post *post)
{
	char texts[PARAGRAPH + 1][TEXT_BYTES] = { "" };
	char tags[TAGS][8], category[8], author[8];
	struct note note = { .id = post->id, .state = post->state, .language = "en" };
	int count = 0;
	for (int i = 0; i < post->line_count; i++) {
		const struct line *line = &post->lines[i];
		char *out = texts[line->kind == HEADING ? PARAGRAPH : line->kind];
		if (line->kind == HEADING)
			strcat(out, "## ");
		write_line(out, line);
		if (line->kind >= HEADING)
			strcat(out, "\n\n");
	}
	for (int i = 0; i < TAGS; i++)
		if (post->tags[i]) {
			snprintf(tags[i], sizeof tags[i], "tag%d", i);
			note.tags[count++] = tags[i];
		}
	snprintf(category, sizeof category, "cat%d", post->category);
	snprintf(author, sizeof author, "aut%d", post->author);
	note.title = texts[TITLE];
	note.excerpt = texts[EXCERPT];
	note.body = texts[PARAGRAPH];
	note.categories[0] = category;
	note.authors[0] = author;
	note.publish_time_us = time_of(post);
	post->id = put_note(&server, &note);
}

void add_posts(int count)
{
	for (int i = 0; i < count; i++) {
		struct model_post *post = &model.posts[model.count++];
		*post = (struct model_post){ 0 };
		draw_post(post);
		write_post(post);
	}
}

struct model_post *post_of(uint64_t id)
{
	for (int i = 0; i < model.count; i++)
		if (model.posts[i].id == id)
			return &model.posts[i];
	fail_msg("post %d is not known", (int)id);
	return NULL;
}

/* --- Queries --- */

/* A phrase that stands in some post, or any words. */
static void draw_phrase(struct clause *clause)
{
	const struct model_post *post = &model.posts[below(model.count)];
	const struct line *line = &post->lines[below(post->line_count)];
	int from = below(line->count);
	clause->count = 1 + below(line->count - from < 4 ? line->count - from : 4);
	for (int i = 0; i < clause->count; i++)
		clause->words[i] = below(20) == 0 ? below(VOCABULARY) : line->words[from + i];
}

static void draw_clause(struct clause *clause)
{
	*clause = (struct clause){ .kind = (enum clause_kind)below(3), .count = 1 };
	clause->words[0] = below(VOCABULARY);
	if (clause->kind == PHRASE)
		draw_phrase(clause);
	if (clause->kind == PREFIX) {
		const char *word = vocabulary[clause->words[0]];
		int size = 2 + below((int)strlen(word) - 1);
		snprintf(clause->prefix, sizeof clause->prefix, "%.*s", size, word);
	}
}

static void append(char *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append(char *out, const char *fmt, ...)
{
	va_list args;
	size_t size = strlen(out);
	va_start(args, fmt);
	vsnprintf(out + size, TEXT_BYTES - size, fmt, args);
	va_end(args);
}

static void write_query(struct drawn_query *query)
{
	query->text[0] = '\0';
	for (int i = 0; i < query->count; i++) {
		const struct clause *clause = &query->clauses[i];
		append(query->text, "%s%s", i > 0 ? " " : "", clause->excluded ? "-" : "");
		if (clause->kind == PREFIX)
			append(query->text, "%s*", clause->prefix);
		if (clause->kind == WORD)
			append(query->text, "%s", vocabulary[clause->words[0]]);
		for (int w = 0; clause->kind == PHRASE && w < clause->count; w++)
			append(query->text, "%s%s%s", w == 0 ? "\"" : " ",
				vocabulary[clause->words[w]], w == clause->count - 1 ? "\"" : "");
	}
}

static void draw_filter(struct drawn_query *query)
{
	static const char *const forms[] = {
		[NO_FILTER] = "",
		[TAG] = "tags:\"tag#\"",
		[NOT_TAG] = "NOT tags:\"tag#\"",
		[AUTHOR] = "authors:\"aut#\"",
		[CATEGORY] = "categories:cat#",
		[BEFORE] = "publish_time < \"202#-06-01T00:00:00Z\"",
		[TAG_AND_AUTHOR] = "tags:\"tag#\" AND authors:\"aut0\"",
		[ANY_STATE] = "state = PUBLISHED OR state != PUBLISHED",
		[DRAFTS] = "state = DRAFT",
	};
	query->filter = (enum filter_kind)(below(2) == 0 ? NO_FILTER : below(DRAFTS + 1));
	query->number = below(3);
	snprintf(query->filter_text, sizeof query->filter_text, "%s", forms[query->filter]);
	char *place = strchr(query->filter_text, '#');
	if (place != NULL)
		*place = (char)('0' + query->number);
}

void draw_query(struct drawn_query *query)
{
	query->count = 1 + below(2) + below(2);
	for (int i = 0; i < query->count; i++) {
		draw_clause(&query->clauses[i]);
		query->clauses[i].excluded = i > 0 && below(3) == 0;
	}
	write_query(query);
	draw_filter(query);
}
