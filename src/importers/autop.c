#include "importers/autop.h"

#include "importers/html_tokens.h"

/* Sorted for nobody: the lists are short. */
static const char *const blocks[] = { "table", "thead", "tfoot", "caption", "colgroup", "tbody",
	"tr", "td", "th", "div", "dl", "dd", "dt", "ul", "ol", "li", "form", "map", "blockquote",
	"address", "p", "h1", "h2", "h3", "h4", "h5", "h6", "fieldset", "legend", "section",
	"article", "aside", "hgroup", "header", "footer", "nav", "figure", "figcaption", "details",
	"menu", "summary", NULL };
static const char *const empty_blocks[] = { "hr", "col", "area", NULL };
static const char *const empty_inlines[] = { "img", "input", "embed", "wbr", "source", "track",
	"param", "link", "meta", NULL };
static const char *const invisible[] = { "script", "style", NULL };
static const char *const raw_names[] = { "pre", "script", "style", "textarea", "svg", "math",
	"select", "object", "video", "audio", "iframe", "[code", "[sourcecode", NULL };

struct autop {
	struct buffer *out;
	size_t start; /* of the text in out */
	/* Inline content that is read, up to the next boundary. */
	struct buffer chunk;
	bool has_content;
	bool has_tags;
	long balance;	 /* elements opened and not closed */
	size_t breaks;	 /* that come before the next content */
	bool broken_off; /* a <br> is the last of them */
	/* Where the chunk stands. */
	bool newline;	       /* a line ended since the last content */
	bool after_open;       /* right behind the tag that opens a block */
	bool after_blockquote; /* which is a <blockquote> */
	bool in_paragraph;     /* that the source opened */
	bool after_paragraph;  /* the last that was put out is one */
};

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static void append(struct buffer *out, struct slice text)
{
	buffer_append(out, text.data, text.size);
}

/* A new line in the output, but not a blank one. */
static void separate(struct autop *autop)
{
	struct buffer *out = autop->out;
	if (out->size > autop->start && !out->overflow && out->data[out->size - 1] != '\n')
		buffer_append_char(out, '\n');
}

static bool is_paragraph(const struct autop *autop)
{
	if (autop->in_paragraph || (autop->after_open && !autop->after_blockquote))
		return false;
	return autop->has_content || (autop->has_tags && autop->balance == 0);
}

/* Puts the inline content out, as a paragraph where it is one. */
static void flush(struct autop *autop)
{
	struct buffer *chunk = &autop->chunk;
	while (chunk->size > 0 && chunk->data[chunk->size - 1] == ' ')
		chunk->size--;
	if (chunk->size > 0) {
		bool paragraph = is_paragraph(autop);
		if (!autop->after_open && !autop->in_paragraph)
			separate(autop);
		if (paragraph)
			buffer_append_text(autop->out, "<p>");
		append(autop->out, slice_of(chunk->data, chunk->size));
		if (paragraph)
			buffer_append_text(autop->out, "</p>");
		autop->after_paragraph = paragraph;
		autop->after_open = false;
	}
	autop->out->overflow = autop->out->overflow || chunk->overflow;
	buffer_clear(chunk);
	autop->has_content = autop->has_tags = autop->broken_off = false;
	autop->balance = 0;
	autop->breaks = 0;
}

static void end_paragraph(struct autop *autop)
{
	if (autop->in_paragraph)
		buffer_append_text(autop->out, "</p>");
	autop->after_paragraph = autop->after_paragraph || autop->in_paragraph;
	autop->in_paragraph = false;
}

/* A blank line. */
static void break_off(struct autop *autop)
{
	bool in_text = autop->chunk.size > 0;
	flush(autop);
	if (in_text)
		end_paragraph(autop);
	if (!autop->in_paragraph)
		autop->after_open = false;
	autop->newline = true;
}

static void take_inline(struct autop *autop, const struct html_token *token)
{
	struct buffer *chunk = &autop->chunk;
	struct slice text = token->text;
	bool blank = token->kind == HTML_TEXT;
	for (size_t i = 0; blank && i < text.size; i++)
		blank = text.data[i] == ' ' || (text.data[i] >= '\t' && text.data[i] <= '\r');
	if (blank && (chunk->size == 0 || autop->broken_off))
		return;
	for (; chunk->size > 0 && autop->breaks > 0; autop->breaks--)
		buffer_append_text(chunk, "<br />\n");
	if (chunk->size == 0)
		while (text.size > 0 && token->kind == HTML_TEXT && text.data[0] == ' ')
			text = slice_of(text.data + 1, text.size - 1);
	append(chunk, text);
	autop->breaks = 0;
	autop->broken_off = autop->newline = false;
	switch (token->kind) {
	case HTML_OPEN:
		autop->has_tags = true;
		if (is_one_of(token->name, empty_inlines))
			autop->has_content = true;
		else
			autop->balance += !token->self_closed;
		break;
	case HTML_CLOSE:
		autop->has_tags = true;
		autop->balance--;
		break;
	case HTML_TEXT:
		autop->has_content = autop->has_content || !blank;
		break;
	case HTML_RAW:
		autop->has_content = autop->has_content || !is_one_of(token->name, invisible);
		break;
	case HTML_NEWLINES:
	case HTML_COMMENT:
	case HTML_END:
		break;
	}
}

static void take_newlines(struct autop *autop, size_t count)
{
	autop->newline = true;
	if (count > 1)
		break_off(autop);
	else if (!autop->broken_off && autop->chunk.size > 0)
		autop->breaks++;
}

static void take_break(struct autop *autop)
{
	if (autop->broken_off) {
		break_off(autop);
		return;
	}
	autop->broken_off = true;
	if (autop->chunk.size > 0)
		autop->breaks++;
}

/* Two of them are a blank line; one at the start or the end of a paragraph is none. */
static bool is_break(const struct html_token *token)
{
	return (token->kind == HTML_OPEN || token->kind == HTML_CLOSE) &&
	       strcmp(token->name, "br") == 0;
}

static bool is_block(const struct html_token *token)
{
	if (token->kind == HTML_RAW)
		return strcmp(token->name, "pre") == 0;
	if (token->kind != HTML_OPEN && token->kind != HTML_CLOSE)
		return false;
	return is_one_of(token->name, blocks) || is_one_of(token->name, empty_blocks) ||
	       strcmp(token->name, "pre") == 0;
}

static void close_block(struct autop *autop, const struct html_token *token)
{
	bool paragraph = strcmp(token->name, "p") == 0;
	if (paragraph && !autop->in_paragraph)
		return; /* a blank line has ended it */
	if (autop->newline && !paragraph)
		separate(autop);
	if (!paragraph)
		end_paragraph(autop);
	append(autop->out, token->text);
	autop->in_paragraph = false;
	autop->after_open = false;
	autop->after_paragraph = paragraph;
}

static void take_block(struct autop *autop, const struct html_token *token)
{
	bool close = token->kind == HTML_CLOSE;
	bool newline = autop->newline;
	flush(autop);
	autop->newline = newline;
	if (close) {
		close_block(autop, token);
	} else {
		end_paragraph(autop);
		if (newline || autop->after_paragraph)
			separate(autop);
		append(autop->out, token->text);
		autop->after_open =
			token->kind == HTML_OPEN && !is_one_of(token->name, empty_blocks);
		autop->after_blockquote = strcmp(token->name, "blockquote") == 0;
		autop->in_paragraph = token->kind == HTML_OPEN && strcmp(token->name, "p") == 0;
		autop->after_paragraph = false;
	}
	autop->newline = false;
}

static void take(struct autop *autop, const struct html_token *token)
{
	if (token->kind == HTML_NEWLINES)
		take_newlines(autop, token->newlines);
	else if (is_break(token))
		take_break(autop);
	else if (is_block(token))
		take_block(autop, token);
	else
		take_inline(autop, token);
}

bool autop(struct slice html, struct buffer *out)
{
	struct autop autop = { .out = out, .start = out->size };
	struct html_tokens tokens = html_tokens_of(html, raw_names);
	struct html_token token;
	buffer_init(&autop.chunk, out->max_bytes);
	while (html_next(&tokens, &token) && !out->overflow)
		take(&autop, &token);
	flush(&autop);
	end_paragraph(&autop);
	buffer_done(&autop.chunk);
	return !out->overflow;
}
