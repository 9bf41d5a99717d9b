#include "importers/html_tokens.h"

#include <stdio.h>
#include <strings.h>

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct html_tokens html_tokens_of(struct slice text, const char *const *raw_names)
{
	return (struct html_tokens){ .text = text, .raw_names = raw_names };
}

static struct slice rest_of(const struct html_tokens *tokens, size_t from)
{
	return slice_of(tokens->text.data + from, tokens->text.size - from);
}

/* The byte behind the '>' that ends a tag, 0 if there is none. */
static size_t find_tag_end(struct html_tokens *tokens)
{
	struct slice rest = rest_of(tokens, tokens->at);
	uint8_t quote = 0;
	for (size_t i = 1; !tokens->no_quotes && i < rest.size; i++) {
		uint8_t c = rest.data[i];
		if (quote != 0)
			quote = c == quote ? 0 : quote;
		else if (c == '>')
			return tokens->at + i + 1;
		else if ((c == '"' || c == '\'') && rest.data[i - 1] == '=')
			quote = c;
	}
	tokens->no_quotes = true;
	const uint8_t *end = tokens->no_tag_end ? NULL : memchr(rest.data, '>', rest.size);
	tokens->no_tag_end = end == NULL;
	return end == NULL ? 0 : (size_t)(end - tokens->text.data) + 1;
}

static void copy_name(struct slice from, char name[HTML_NAME_BYTES])
{
	size_t size = 0;
	while (size < from.size &&
		(is_letter(from.data[size]) || (from.data[size] >= '0' && from.data[size] <= '9') ||
			from.data[size] == '-'))
		size++;
	if (size >= HTML_NAME_BYTES)
		size = 0;
	for (size_t i = 0; i < size; i++)
		name[i] = (char)(is_letter(from.data[i]) ? from.data[i] | 0x20 : from.data[i]);
	name[size] = '\0';
}

/* The byte behind "</name>" or "[/name]", 0 if there is none. */
static size_t find_close(struct slice text, size_t from, char open, const char *name)
{
	size_t size = strlen(name);
	while (from + size + 3 <= text.size) {
		const uint8_t *mark = memchr(text.data + from, open, text.size - from);
		if (mark == NULL)
			return 0;
		from = (size_t)(mark - text.data) + 1;
		if (from + size + 2 > text.size || text.data[from] != '/' ||
			strncasecmp((const char *)text.data + from + 1, name, size) != 0)
			continue;
		size_t behind = from + 1 + size;
		if (is_letter(text.data[behind]))
			continue;
		const uint8_t *end =
			memchr(text.data + behind, open == '<' ? '>' : ']', text.size - behind);
		return end == NULL ? 0 : (size_t)(end - text.data) + 1;
	}
	return 0;
}

/* Makes the token a raw element where it begins one that has an end. */
static void take_raw(struct html_tokens *tokens, struct html_token *token, char open)
{
	for (size_t i = 0; tokens->raw_names != NULL && tokens->raw_names[i] != NULL; i++) {
		const char *name = tokens->raw_names[i];
		bool shortcode = name[0] == '[';
		if (shortcode != (open == '[') || strcmp(name + shortcode, token->name) != 0)
			continue;
		if ((tokens->no_raw_end >> i & 1) != 0)
			return;
		size_t end = find_close(tokens->text, tokens->at, open, token->name);
		if (end == 0) {
			tokens->no_raw_end |= UINT64_C(1) << i;
			return;
		}
		token->kind = HTML_RAW;
		token->text = slice_of(tokens->text.data + tokens->at, end - tokens->at);
		return;
	}
}

static bool take_comment(struct html_tokens *tokens, struct html_token *token)
{
	struct slice rest = rest_of(tokens, tokens->at);
	if (rest.size < 4 || memcmp(rest.data, "<!--", 4) != 0 || tokens->no_comment_end)
		return false;
	const uint8_t *end = memmem(rest.data + 4, rest.size - 4, "-->", 3);
	tokens->no_comment_end = end == NULL;
	token->kind = HTML_COMMENT;
	if (end != NULL)
		token->text = slice_of(rest.data, (size_t)(end - rest.data) + 3);
	return end != NULL;
}

static bool take_tag(struct html_tokens *tokens, struct html_token *token)
{
	struct slice rest = rest_of(tokens, tokens->at);
	uint8_t second = rest.size > 1 ? rest.data[1] : 0;
	bool close = second == '/';
	if (take_comment(tokens, token))
		return true;
	if (!is_letter(second) && second != '!' && second != '?' &&
		!(close && rest.size > 2 && is_letter(rest.data[2])))
		return false;
	size_t end = find_tag_end(tokens);
	if (end == 0)
		return false;
	token->text = slice_of(rest.data, end - tokens->at);
	token->kind = close ? HTML_CLOSE : is_letter(second) ? HTML_OPEN : HTML_COMMENT;
	token->self_closed = token->text.size > 2 && token->text.data[token->text.size - 2] == '/';
	copy_name(slice_of(rest.data + 1 + close, rest.size - 1 - close), token->name);
	if (token->kind == HTML_OPEN)
		take_raw(tokens, token, '<');
	return true;
}

static bool take_shortcode(struct html_tokens *tokens, struct html_token *token)
{
	struct slice rest = rest_of(tokens, tokens->at);
	if (rest.size < 2 || !is_letter(rest.data[1]))
		return false;
	copy_name(slice_of(rest.data + 1, rest.size - 1), token->name);
	token->kind = HTML_TEXT;
	take_raw(tokens, token, '[');
	return token->kind == HTML_RAW;
}

static bool take_newlines(const struct html_tokens *tokens, struct html_token *token)
{
	struct slice rest = rest_of(tokens, tokens->at);
	size_t size = 0;
	size_t last = 0; /* behind the last line end: what indents the next line belongs to it */
	while (size < rest.size && is_space(rest.data[size])) {
		if (rest.data[size++] != '\n')
			continue;
		token->newlines++;
		last = size;
	}
	token->kind = HTML_NEWLINES;
	token->text = slice_of(rest.data, last);
	return token->newlines > 0;
}

static void take_text(const struct html_tokens *tokens, struct html_token *token)
{
	struct slice rest = rest_of(tokens, tokens->at);
	size_t size = 1;
	size_t spaces = is_space(rest.data[0]); /* at the end of the text so far */
	for (; size < rest.size; size++) {
		uint8_t c = rest.data[size];
		if (c == '\n') {
			size -= spaces < size ? spaces : size - 1;
			break;
		}
		if (c == '<' || c == '[')
			break;
		spaces = is_space(c) ? spaces + 1 : 0;
	}
	token->kind = HTML_TEXT;
	token->text = slice_of(rest.data, size);
}

bool html_next(struct html_tokens *tokens, struct html_token *ret)
{
	*ret = (struct html_token){ .kind = HTML_END };
	if (tokens->at == tokens->text.size)
		return false;
	uint8_t c = tokens->text.data[tokens->at];
	bool taken = (is_space(c) && take_newlines(tokens, ret)) ||
		     (c == '<' && take_tag(tokens, ret)) ||
		     (c == '[' && take_shortcode(tokens, ret));
	if (!taken) {
		*ret = (struct html_token){ .kind = HTML_TEXT };
		take_text(tokens, ret);
	}
	tokens->at += ret->text.size;
	return true;
}
