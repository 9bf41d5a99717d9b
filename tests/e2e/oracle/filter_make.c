#include "e2e/oracle/failure.h"
#include "e2e/oracle/filter.h"

#include <ctype.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)

static bool one_in(struct random *random, uint64_t chances)
{
	return random_below(random, chances) == 0;
}

static struct oracle_node *new_node(struct oracle_filter *filter, enum oracle_node_kind kind)
{
	if (filter->node_count == ORACLE_FILTER_NODES)
		oracle_fail(
			"the generator makes filters of more than %d nodes", filter->node_count);
	struct oracle_node *node = &filter->nodes[filter->node_count++];
	memset(node, 0, offsetof(struct oracle_node, value));
	node->kind = kind;
	node->value[0] = node->text[0] = '\0';
	return node;
}

/* --- restrictions --- */

static void make_term(struct oracle_node *node, struct random *random,
	const struct oracle_store *store, enum oracle_term_kind kind)
{
	node->field.term = kind;
	node->comparison = ORACLE_HAS;
	node->any = one_in(random, 12);
	node->number = -1;
	if (node->any)
		return;
	if (one_in(random, 25)) {
		strcpy(node->text, "no-such-term");
		return;
	}
	/* Mostly the frequent ones, which come first. */
	uint64_t count = (uint64_t)oracle_term_counts[kind];
	node->number = (int)random_below(random, 1 + random_below(random, count));
	const struct oracle_term *term = &store->content->terms[kind][node->number];
	const char *text = one_in(random, 3) ? term->name : term->slug;
	if (term->former_slug[0] != '\0' && one_in(random, 4))
		text = term->former_slug;
	strcpy(node->text, text);
	/* The case of names does not matter. */
	for (char *at = node->text; text == term->name && one_in(random, 2) && *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
}

static void make_state(struct oracle_node *node, struct random *random)
{
	static const char *const names[] = { "", "DRAFT", "SCHEDULED", "PUBLISHED", "EXPIRED",
		"TRASHED" };
	node->number = 1 + (int)random_below(random, 5);
	node->comparison = one_in(random, 4) ? ORACLE_NOT_EQUAL : ORACLE_EQUAL;
	strcpy(node->text, names[node->number]);
}

static void make_featured(struct oracle_node *node, struct random *random)
{
	node->number = (int)random_below(random, 2);
	node->comparison = one_in(random, 4) ? ORACLE_NOT_EQUAL : ORACLE_EQUAL;
	strcpy(node->text, node->number == 1 ? "true" : "false");
}

/* Cuts at a character. */
static void cut(char *text, size_t size)
{
	while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
		size--;
	text[size] = '\0';
}

static void make_text(
	struct oracle_node *node, struct random *random, const struct oracle_store *store)
{
	const struct oracle_post *post = oracle_store_pick(store, random_next(random));
	node->field.text = (enum oracle_text_field)random_below(random, 3);
	node->comparison = one_in(random, 4) ? ORACLE_NOT_EQUAL : ORACLE_EQUAL;
	switch (node->field.text) {
	case ORACLE_LANGUAGE:
		strcpy(node->text, oracle_languages[random_below(random, ORACLE_LANGUAGES)]);
		strcpy(node->value, node->text);
		for (char *at = node->value; *at != '\0'; at++)
			*at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
		break;
	case ORACLE_SLUG:
		strcpy(node->text, post->slug);
		strcpy(node->value, post->slug);
		break;
	case ORACLE_TITLE:
		strcpy(node->text, post->title->text);
		strcpy(node->value, post->title->folded);
		break;
	}
	size_t size = strlen(node->value);
	node->prefix = size > 0 && one_in(random, 2);
	if (!node->prefix)
		return;
	/* What is folded already folds to itself, so a part of it is written as it is. */
	cut(node->value, 1 + random_below(random, size < 12 ? size : 12));
	node->prefix = node->value[0] != '\0';
	strcpy(node->text, node->value);
}

static bool time_of(const struct oracle_post *post, enum oracle_time_field field, int64_t *ret_us)
{
	switch (field) {
	case ORACLE_PUBLISH_TIME:
		*ret_us = post->publish_us;
		return post->has_publish;
	case ORACLE_EXPIRE_TIME:
		*ret_us = post->expire_us;
		return post->has_expire;
	case ORACLE_CREATE_TIME:
		*ret_us = post->create_us;
		return true;
	case ORACLE_UPDATE_TIME:
		*ret_us = post->update_us;
		return true;
	case ORACLE_DELETE_TIME:
		*ret_us = post->delete_us;
		return post->has_delete;
	}
	oracle_fail("no such field");
}

static void make_time(
	struct oracle_node *node, struct random *random, const struct oracle_store *store)
{
	static const enum oracle_time_field often[] = { ORACLE_PUBLISH_TIME, ORACLE_PUBLISH_TIME,
		ORACLE_PUBLISH_TIME, ORACLE_PUBLISH_TIME, ORACLE_EXPIRE_TIME, ORACLE_CREATE_TIME,
		ORACLE_UPDATE_TIME, ORACLE_DELETE_TIME };
	node->field.time = often[random_below(random, sizeof often / sizeof *often)];
	node->any = one_in(random, 8);
	node->comparison = ORACLE_HAS;
	if (node->any)
		return;
	node->comparison = ORACLE_EQUAL + (enum oracle_comparison)random_below(random, 6);
	for (int tries = 0; tries < 20; tries++)
		if (time_of(oracle_store_pick(store, random_next(random)), node->field.time,
			    &node->time_us))
			break;
	if (one_in(random, 3))
		node->time_us += (int64_t)random_below(random, 3) - 1;
	else if (one_in(random, 5) && node->time_us > 0)
		node->time_us -= node->time_us % DAY_US;
	oracle_time_text(node->time_us, random, node->text);
}

static struct oracle_node *make_restriction(
	struct oracle_filter *filter, struct random *random, const struct oracle_store *store)
{
	static const enum oracle_term_kind kinds[] = { ORACLE_TAG, ORACLE_TAG, ORACLE_TAG,
		ORACLE_CATEGORY, ORACLE_CATEGORY, ORACLE_AUTHOR, ORACLE_IN_SERIES };
	struct oracle_node *node = new_node(filter, ORACLE_OF_TERM);
	uint64_t choice = random_below(random, 20);
	if (choice < 10) {
		make_term(node, random, store, kinds[random_below(random, 7)]);
	} else if (choice < 14) {
		node->kind = ORACLE_OF_TIME;
		make_time(node, random, store);
	} else if (choice < 17) {
		node->kind = ORACLE_OF_TEXT;
		make_text(node, random, store);
	} else if (choice < 19) {
		node->kind = ORACLE_OF_FEATURED;
		make_featured(node, random);
	} else {
		node->kind = ORACLE_OF_STATE;
		make_state(node, random);
		filter->all_states = true;
	}
	return node;
}

/* --- trees --- */

static struct oracle_node *make_node(struct oracle_filter *filter, struct random *random,
	const struct oracle_store *store, int depth)
{
	uint64_t choice = depth == 0 || filter->node_count > 40 ? 0 : random_below(random, 10);
	if (choice < 3)
		return make_restriction(filter, random, store);
	struct oracle_node *node = new_node(filter, choice < 6	 ? ORACLE_AND
						    : choice < 9 ? ORACLE_OR
								 : ORACLE_NOT);
	node->child_count = node->kind == ORACLE_NOT ? 1 : 2 + (int)random_below(random, 2);
	for (int i = 0; i < node->child_count; i++)
		node->children[i] = make_node(filter, random, store, depth - 1);
	return node;
}

/* One series by AND, so that a list can be in the order of its parts. */
static void ask_for_series(
	struct oracle_filter *filter, struct random *random, const struct oracle_store *store)
{
	struct oracle_node *series = new_node(filter, ORACLE_OF_TERM);
	const struct oracle_term *term;
	series->field.term = ORACLE_IN_SERIES;
	series->comparison = ORACLE_HAS;
	series->number = (int)random_below(random, ORACLE_SERIES);
	term = &store->content->terms[ORACLE_IN_SERIES][series->number];
	strcpy(series->text, one_in(random, 2) ? term->slug : term->name);
	filter->part_order = true;
	if (filter->root == NULL) {
		filter->root = series;
		return;
	}
	struct oracle_node *both = new_node(filter, ORACLE_AND);
	both->child_count = 2;
	bool first = one_in(random, 2);
	both->children[first ? 0 : 1] = series;
	both->children[first ? 1 : 0] = filter->root;
	filter->root = both;
}

/* --- text --- */

struct printer {
	char *text;
	size_t size;
	struct random *random;
};

static void put(struct printer *printer, const char *text)
{
	size_t size = strlen(text);
	if (printer->size + size > ORACLE_FILTER_BYTES)
		oracle_fail(
			"the generator makes filters of more than %d bytes", ORACLE_FILTER_BYTES);
	memcpy(printer->text + printer->size, text, size + 1);
	printer->size += size;
}

static void put_blank(struct printer *printer)
{
	if (one_in(printer->random, 8))
		put(printer, one_in(printer->random, 2) ? "  " : "\n\t");
	else
		put(printer, " ");
}

/* Letters of any script, digits, '_', '-' and '.' need no quotes; blanks of any kind do. */
static bool is_plain(const char *text)
{
	if (strstr(text, "\u00a0") != NULL || strstr(text, "\u3000") != NULL)
		return false;
	for (const char *at = text; *at != '\0'; at++)
		if ((*at & 0x80) == 0 && !isalnum((unsigned char)*at) && strchr("_-.", *at) == NULL)
			return false;
	return text[0] != '\0' && strcmp(text, "AND") != 0 && strcmp(text, "OR") != 0 &&
	       strcmp(text, "NOT") != 0;
}

static void put_quoted(struct printer *printer, const struct oracle_node *node)
{
	const char *quote = one_in(printer->random, 4) ? "'" : "\"";
	put(printer, quote);
	for (const char *at = node->text; *at != '\0'; at++) {
		char one[3] = { *at, '\0', '\0' };
		if (*at == *quote || *at == '\\' || *at == '*') {
			one[0] = '\\';
			one[1] = *at;
		}
		put(printer, one);
	}
	put(printer, node->prefix || node->any ? "*" : "");
	put(printer, quote);
}

static void put_value(struct printer *printer, const struct oracle_node *node)
{
	bool is_bare = node->any || is_plain(node->text) ||
		       (node->kind == ORACLE_OF_TIME && node->text[0] != '-');
	if (!is_bare || one_in(printer->random, 2)) {
		put_quoted(printer, node);
		return;
	}
	put(printer, node->text);
	put(printer, node->prefix || node->any ? "*" : "");
}

static const char *field_name(const struct oracle_node *node)
{
	static const char *const terms[] = { "tags", "categories", "authors", "series" };
	static const char *const texts[] = { "language", "slug", "title" };
	static const char *const times[] = { "publish_time", "expire_time", "create_time",
		"update_time", "delete_time" };
	switch (node->kind) {
	case ORACLE_OF_TERM:
		return terms[node->field.term];
	case ORACLE_OF_TEXT:
		return texts[node->field.text];
	case ORACLE_OF_TIME:
		return times[node->field.time];
	case ORACLE_OF_STATE:
		return "state";
	case ORACLE_OF_FEATURED:
		return "featured";
	case ORACLE_AND:
	case ORACLE_OR:
	case ORACLE_NOT:
		break;
	}
	oracle_fail("no restriction");
}

static void put_restriction(struct printer *printer, const struct oracle_node *node)
{
	static const char *const comparisons[] = { ":", "=", "!=", "<", "<=", ">", ">=" };
	bool spaced = one_in(printer->random, 2);
	put(printer, field_name(node));
	if (node->kind == ORACLE_OF_FEATURED &&
		(node->number == 1) == (node->comparison == ORACLE_EQUAL) &&
		one_in(printer->random, 3))
		return; /* alone, it asks for true */
	if (spaced)
		put_blank(printer);
	put(printer, comparisons[node->comparison]);
	if (spaced)
		put_blank(printer);
	put_value(printer, node);
}

/* Whether a node has to stand in parentheses where it is a child of `parent`. OR binds tighter
 * than AND, and NOT than both. */
static bool needs_parentheses(const struct oracle_node *node, enum oracle_node_kind parent)
{
	switch (node->kind) {
	case ORACLE_AND:
		return true;
	case ORACLE_OR:
		return parent != ORACLE_AND;
	case ORACLE_NOT:
		return parent == ORACLE_NOT;
	case ORACLE_OF_TERM:
	case ORACLE_OF_STATE:
	case ORACLE_OF_FEATURED:
	case ORACLE_OF_TEXT:
	case ORACLE_OF_TIME:
		break;
	}
	return false;
}

static void put_node(struct printer *printer, const struct oracle_node *node);

static void put_child(
	struct printer *printer, const struct oracle_node *node, enum oracle_node_kind parent)
{
	bool parentheses = needs_parentheses(node, parent) || one_in(printer->random, 10);
	if (parentheses)
		put(printer, one_in(printer->random, 4) ? "( " : "(");
	put_node(printer, node);
	if (parentheses)
		put(printer, one_in(printer->random, 4) ? " )" : ")");
}

static void put_node(struct printer *printer, const struct oracle_node *node)
{
	if (node->kind == ORACLE_NOT) {
		bool minus = one_in(printer->random, 2);
		put(printer, minus ? "-" : "NOT");
		if (!minus)
			put_blank(printer);
		put_child(printer, node->children[0], ORACLE_NOT);
		return;
	}
	if (node->kind != ORACLE_AND && node->kind != ORACLE_OR) {
		put_restriction(printer, node);
		return;
	}
	for (int i = 0; i < node->child_count; i++) {
		if (i > 0) {
			put_blank(printer);
			put(printer, node->kind == ORACLE_AND ? "AND" : "OR");
			put_blank(printer);
		}
		put_child(printer, node->children[i], node->kind);
	}
}

void oracle_filter_make(
	struct oracle_filter *filter, struct random *random, const struct oracle_store *store)
{
	filter->node_count = 0;
	filter->root = NULL;
	filter->all_states = filter->part_order = false;
	filter->text[0] = '\0';
	if (!one_in(random, 40))
		filter->root = make_node(
			filter, random, store, (int)random_below(random, ORACLE_FILTER_DEPTH + 1));
	if (one_in(random, 10))
		ask_for_series(filter, random, store);
	if (filter->root == NULL)
		return;
	struct printer printer = { .text = filter->text, .random = random };
	put_node(&printer, filter->root);
}
