/*
 * The grammar, after https://google.aip.dev/160 (OR binds tighter than AND):
 *
 *   filter      = [ expression ]
 *   expression  = factor { "AND" factor }
 *   factor      = term { "OR" term }
 *   term        = [ "NOT" | "-" ] simple
 *   simple      = restriction | "(" expression ")"
 *   restriction = field [ operator value ]
 *
 * Left out of AIP-160 are sequences (restrictions with nothing but white space between them),
 * functions, and values in parentheses.
 */
#include "services/filter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum token {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_OPERATOR,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_MINUS
};

/* What a word may be made of: a value has more than a field. */
enum place { PLACE_FIELD, PLACE_VALUE };

struct parser {
	const char *start;
	const char *at; /* behind the token */
	struct arena *arena;
	struct error *err;
	int depth; /* of parentheses */
	int restrictions;
	/* The token. */
	enum token token;
	size_t position;  /* from 1 */
	const char *text; /* of a word or string; in the arena */
	const char *star; /* in text */
	enum filter_operator op;
};

static const char WHITE_SPACE[] = " \t\r\n";

enum code filter_fail(struct error *err, size_t position, const char *fmt, ...)
{
	char text[sizeof err->text];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return fail_field(err, CODE_INVALID_ARGUMENT, "FILTER_INVALID", "filter", "at byte %zu: %s",
		position, text);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7F;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letters outside ASCII are parts of words too. */
static bool is_word(char c, bool in_time, enum place place)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '-' || c == '.' || (c & 0x80) != 0 || (c == '*' && place == PLACE_VALUE) ||
	       (in_time && (c == ':' || c == '+'));
}

/* White space that looks like a blank and comes along when text is copied or typed with an input
 * method: U+00A0, U+2000 to U+200A, U+202F, U+205F, U+3000. Inside a word nobody would see it. */
static bool is_odd_space(const char *at)
{
	unsigned char last = strncmp(at, "\xE2\x80", 2) == 0 ? (unsigned char)at[2] : 0;
	return (last >= 0x80 && last <= 0x8A) || last == 0xAF || strncmp(at, "\xC2\xA0", 2) == 0 ||
	       strncmp(at, "\xE2\x81\x9F", 3) == 0 || strncmp(at, "\xE3\x80\x80", 3) == 0;
}

static enum code fail_character(const struct parser *parser, const char *at)
{
	size_t position = (size_t)(at - parser->start) + 1;
	if (is_control(*at))
		return filter_fail(
			parser->err, position, "control character 0x%02x", (unsigned char)*at);
	if (*at == '&' || *at == '|')
		return filter_fail(parser->err, position, "write AND and OR instead of '%c'", *at);
	return filter_fail(parser->err, position,
		"'%c' is not expected here; quote a value that has other characters than letters, "
		"digits, '-', '_' and '.'",
		*at);
}

static enum code scan_word(struct parser *parser, enum place place)
{
	const char *from = parser->at;
	bool in_time = place == PLACE_VALUE && is_digit(*from);
	/* U+2018 to U+201F, as word processors put them. */
	if (strncmp(from, "\xE2\x80", 2) == 0 && (unsigned char)from[2] >= 0x98 &&
		(unsigned char)from[2] <= 0x9F)
		return filter_fail(
			parser->err, parser->position, "use straight quotation marks, \" or '");
	while (is_word(*parser->at, in_time, place) && !is_odd_space(parser->at))
		parser->at++;
	parser->token = TOKEN_WORD;
	parser->text = arena_text(parser->arena, slice_of(from, (size_t)(parser->at - from)));
	if (parser->text == NULL)
		return fail_out_of_memory(parser->err);
	parser->star = strchr(parser->text, '*');
	return CODE_OK;
}

static enum code scan_string(struct parser *parser)
{
	char quote = *parser->at++;
	const char *from = parser->at;
	const char *end = from;
	for (; *end != quote; end++) {
		if (*end == '\\')
			end++;
		if (*end == '\0')
			return filter_fail(parser->err, parser->position,
				"the string that begins here has no %c at its end", quote);
		if (is_control(*end))
			return fail_character(parser, end);
	}
	char *out = arena_alloc(parser->arena, (size_t)(end - from) + 1);
	if (out == NULL)
		return fail_out_of_memory(parser->err);
	parser->token = TOKEN_STRING;
	parser->text = out;
	parser->star = NULL;
	for (; from < end; from++) {
		if (*from == '\\')
			from++;
		else if (*from == '*' && parser->star == NULL)
			parser->star = out;
		*out++ = *from;
	}
	*out = '\0';
	parser->at = end + 1;
	return CODE_OK;
}

/* The longer ones first. */
static const struct {
	const char *text;
	enum filter_operator op;
} operators[] = {
	{ "!=", FILTER_NOT_EQUALS },
	{ "<=", FILTER_LESS_OR_EQUAL },
	{ ">=", FILTER_GREATER_OR_EQUAL },
	{ "<", FILTER_LESS },
	{ ">", FILTER_GREATER },
	{ "=", FILTER_EQUALS },
	{ ":", FILTER_HAS },
};

static bool scan_operator(struct parser *parser)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		size_t size = strlen(operators[i].text);
		if (strncmp(parser->at, operators[i].text, size) != 0)
			continue;
		parser->at += size;
		parser->token = TOKEN_OPERATOR;
		parser->op = operators[i].op;
		return true;
	}
	return false;
}

const char *filter_operator_text(enum filter_operator op)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (operators[i].op == op)
			return operators[i].text;
	return "";
}

static void take_sign(struct parser *parser, enum token token)
{
	parser->at++;
	parser->token = token;
}

/* Reads the next token. */
static enum code scan(struct parser *parser, enum place place)
{
	parser->at += strspn(parser->at, WHITE_SPACE);
	parser->position = (size_t)(parser->at - parser->start) + 1;
	char c = *parser->at;
	if (c == '\0')
		parser->token = TOKEN_END;
	else if (c == '"' || c == '\'')
		return scan_string(parser);
	else if (c == '(')
		take_sign(parser, TOKEN_OPEN);
	else if (c == ')')
		take_sign(parser, TOKEN_CLOSE);
	else if (c == '-' && place == PLACE_FIELD)
		take_sign(parser, TOKEN_MINUS);
	else if (is_odd_space(parser->at))
		return filter_fail(parser->err, parser->position,
			"this white space is no blank; write a blank, or quote a value that has "
			"it");
	else if (is_word(c, false, place))
		return scan_word(parser, place);
	else if (!scan_operator(parser))
		return fail_character(parser, parser->at);
	return CODE_OK;
}

static bool at_keyword(const struct parser *parser, const char *keyword)
{
	return parser->token == TOKEN_WORD && strcmp(parser->text, keyword) == 0;
}

static bool at_any_keyword(const struct parser *parser)
{
	return at_keyword(parser, "AND") || at_keyword(parser, "OR") || at_keyword(parser, "NOT");
}

/* Advice about a keyword in lower case. */
static const char *case_hint(const struct parser *parser)
{
	if (parser->token != TOKEN_WORD || at_any_keyword(parser))
		return "";
	if (strcasecmp(parser->text, "and") != 0 && strcasecmp(parser->text, "or") != 0 &&
		strcasecmp(parser->text, "not") != 0)
		return "";
	return "; AND, OR and NOT are written in upper case";
}

static struct filter_node *make_node(struct parser *parser, enum filter_node_kind kind)
{
	struct filter_node *node = arena_calloc(parser->arena, 1, sizeof *node);
	if (node != NULL)
		node->kind = kind;
	return node;
}

static enum code parse_value(struct parser *parser, struct filter_node *node)
{
	enum code code = scan(parser, PLACE_VALUE);
	if (code != CODE_OK)
		return code;
	if (parser->token == TOKEN_OPEN)
		return filter_fail(parser->err, parser->position,
			"expected one value; write (tags:a OR tags:b) instead of tags:(a OR b)");
	if ((parser->token != TOKEN_WORD && parser->token != TOKEN_STRING) ||
		at_any_keyword(parser))
		return filter_fail(parser->err, parser->position,
			"expected a value behind '%s', for example \"python\"",
			filter_operator_text(node->op));
	node->value = parser->text;
	node->star = parser->star;
	node->value_quoted = parser->token == TOKEN_STRING;
	node->value_position = parser->position;
	return scan(parser, PLACE_FIELD);
}

static enum code parse_restriction(struct parser *parser, struct filter_node **ret)
{
	if (parser->token != TOKEN_WORD || at_any_keyword(parser))
		return filter_fail(parser->err, parser->position,
			"expected a restriction, for example tags:\"python\"");
	if (++parser->restrictions > LIMIT_FILTER_RESTRICTIONS)
		return fail_field(parser->err, CODE_INVALID_ARGUMENT, "FILTER_TOO_COMPLEX",
			"filter", "at byte %zu: more than %d restrictions", parser->position,
			LIMIT_FILTER_RESTRICTIONS);
	struct filter_node *node = make_node(parser, FILTER_RESTRICTION);
	if (node == NULL)
		return fail_out_of_memory(parser->err);
	*ret = node;
	node->field_name = parser->text;
	node->field_position = parser->position;
	const char *hint = case_hint(parser);
	enum code code = scan(parser, PLACE_FIELD);
	if (code != CODE_OK)
		return code;
	if (parser->token != TOKEN_OPERATOR && hint[0] != '\0')
		return filter_fail(
			parser->err, node->field_position, "expected a restriction%s", hint);
	if (parser->token != TOKEN_OPERATOR)
		return CODE_OK;
	node->op = parser->op;
	node->op_position = parser->position;
	return parse_value(parser, node);
}

static enum code parse_expression(struct parser *parser, struct filter_node **ret);

static enum code parse_parentheses(struct parser *parser, struct filter_node **ret)
{
	size_t opened = parser->position;
	if (++parser->depth > LIMIT_FILTER_DEPTH)
		return fail_field(parser->err, CODE_INVALID_ARGUMENT, "FILTER_TOO_COMPLEX",
			"filter", "at byte %zu: more than %d levels of parentheses",
			parser->position, LIMIT_FILTER_DEPTH);
	enum code code = scan(parser, PLACE_FIELD);
	if (code == CODE_OK)
		code = parse_expression(parser, ret);
	if (code != CODE_OK)
		return code;
	if (parser->token == TOKEN_END)
		return filter_fail(parser->err, parser->position,
			"expected ')' for the '(' at byte %zu", opened);
	parser->depth--;
	return scan(parser, PLACE_FIELD);
}

static enum code parse_term(struct parser *parser, struct filter_node **ret)
{
	bool negated = parser->token == TOKEN_MINUS || at_keyword(parser, "NOT");
	struct filter_node *simple = NULL;
	enum code code = negated ? scan(parser, PLACE_FIELD) : CODE_OK;
	if (code == CODE_OK)
		code = parser->token == TOKEN_OPEN ? parse_parentheses(parser, &simple)
						   : parse_restriction(parser, &simple);
	if (code != CODE_OK)
		return code;
	if (!negated) {
		*ret = simple;
	} else if (simple->kind == FILTER_NOT) {
		*ret = simple->first;
	} else {
		*ret = make_node(parser, FILTER_NOT);
		if (*ret == NULL)
			return fail_out_of_memory(parser->err);
		(*ret)->first = simple;
	}
	return CODE_OK;
}

/* A list under construction, which becomes a node of its kind when it has two children. */
struct list {
	struct filter_node *first;
	struct filter_node **end;
};

/* Children of the same kind are taken apart. */
static void append(struct list *list, enum filter_node_kind kind, struct filter_node *child)
{
	*list->end = child->kind == kind ? child->first : child;
	while (*list->end != NULL)
		list->end = &(*list->end)->next;
}

static enum code close_list(struct parser *parser, const struct list *list,
	enum filter_node_kind kind, struct filter_node **ret)
{
	*ret = list->first;
	if (list->first->next == NULL)
		return CODE_OK;
	*ret = make_node(parser, kind);
	if (*ret == NULL)
		return fail_out_of_memory(parser->err);
	(*ret)->first = list->first;
	return CODE_OK;
}

static enum code parse_factor(struct parser *parser, struct filter_node **ret)
{
	struct list list = { .end = &list.first };
	for (;;) {
		struct filter_node *term = NULL;
		enum code code = parse_term(parser, &term);
		if (code != CODE_OK)
			return code;
		append(&list, FILTER_OR, term);
		if (!at_keyword(parser, "OR"))
			return close_list(parser, &list, FILTER_OR, ret);
		code = scan(parser, PLACE_FIELD);
		if (code != CODE_OK)
			return code;
	}
}

/* Ends at the end of the text or, inside parentheses, before the ')'. */
static enum code parse_expression(struct parser *parser, struct filter_node **ret)
{
	struct list list = { .end = &list.first };
	for (;;) {
		struct filter_node *factor = NULL;
		enum code code = parse_factor(parser, &factor);
		if (code != CODE_OK)
			return code;
		append(&list, FILTER_AND, factor);
		if (parser->token == TOKEN_END ||
			(parser->token == TOKEN_CLOSE && parser->depth > 0))
			return close_list(parser, &list, FILTER_AND, ret);
		if (parser->token == TOKEN_CLOSE)
			return filter_fail(
				parser->err, parser->position, "no '(' was opened for this ')'");
		if (!at_keyword(parser, "AND"))
			return filter_fail(parser->err, parser->position,
				"expected AND, OR, ')' or the end%s", case_hint(parser));
		code = scan(parser, PLACE_FIELD);
		if (code != CODE_OK)
			return code;
	}
}

enum code filter_parse(
	struct arena *arena, const char *text, struct filter_node **ret, struct error *err)
{
	struct parser parser = { .start = text, .at = text, .arena = arena, .err = err };
	struct filter_node *root = NULL;
	enum code code = scan(&parser, PLACE_FIELD);
	if (code == CODE_OK && parser.token != TOKEN_END)
		code = parse_expression(&parser, &root);
	if (code == CODE_OK)
		*ret = root;
	return code;
}
