/* Title, slug, excerpt and body of a post. */
#include "base/text.h"
#include "importers/digest.h"
#include "importers/front_matter_body.h"
#include "importers/front_matter_draft.h"

#include <stdio.h>

static bool is_html(const struct front_matter_draft *draft)
{
	return draft->path->markup == MARKUP_HTML;
}

/* "my-first-post" as "My First Post", as Jekyll makes it. */
static struct slice title_of_name(const char *stem, char *out, size_t capacity)
{
	bool start = true;
	size_t size = 0;
	for (; *stem != '\0' && size + 1 < capacity; stem++) {
		char c = *stem == '-' || *stem == '_' ? ' ' : *stem;
		if (start && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		start = c == ' ';
		out[size++] = c;
	}
	struct slice title = slice_of(out, size);
	title.size = text_find_invalid(title);
	return title;
}

/* Plain text of a piece of the body, in the arena. */
static char *plain_of(struct front_matter_draft *draft, struct slice text, size_t max_bytes)
{
	struct buffer out;
	buffer_init(&out, VALUE_TEXT_BYTES_MAX);
	if (!front_matter_plain(text, &out))
		draft->out_of_memory = true;
	struct slice plain = slice_of(out.data, out.size);
	plain.size = text_cut(plain, max_bytes);
	char *copy = draft_text(draft, plain);
	buffer_done(&out);
	return copy;
}

static void fill_title(struct front_matter_draft *draft)
{
	const struct value *title = value_find(draft->front, "title");
	struct slice heading;
	char name[256];
	draft_decide(draft, "title");
	if (value_is_text(title))
		draft->post->title =
			draft_plain(draft, title->text, true, LIMIT_TITLE_BYTES, "title");
	if (draft->post->title[0] != '\0')
		return;
	if (front_matter_heading(draft->body, is_html(draft), &heading))
		draft->post->title = draft_plain(draft,
			slice_of_text(plain_of(draft, heading, LIMIT_TITLE_BYTES)), true,
			LIMIT_TITLE_BYTES, "title");
	if (draft->post->title[0] != '\0') {
		draft_note(draft, "no title: the first heading was taken");
		return;
	}
	draft->post->title = draft_plain(draft, title_of_name(draft->path->stem, name, sizeof name),
		true, LIMIT_TITLE_BYTES, "title");
	if (draft->post->title[0] == '\0')
		draft->post->title = draft_text(draft, slice_of_text("Untitled"));
	draft_note(draft, "no title: it was made from the file's name");
}

/* The slug that the front matter tells; empty for none. */
static char *slug_of_fields(struct front_matter_draft *draft)
{
	static const char *const own[] = { "slug", NULL };
	static const char *const addresses[] = { "permalink", "url", NULL };
	const struct value *value = draft_find_text(draft, own);
	if (value != NULL) {
		char *slug = draft_slug(draft, value->text);
		if (slug[0] == '\0')
			draft_note(draft, "slug has no letter or digit");
		else if (!slice_equals(slice_of_text(slug), value->text))
			draft_note(draft, "slug '%.60s' was made '%.60s'",
				(const char *)value->text.data, slug);
		if (slug[0] != '\0')
			return slug;
	}
	value = draft_find_text(draft, addresses);
	if (value == NULL || memchr(value->text.data, ':', value->text.size) != NULL)
		return draft_text(draft, slice_of(NULL, 0)); /* ":title" is a pattern */
	return draft_slug(draft, draft_last_segment(value->text));
}

static void fill_slug(struct front_matter_draft *draft)
{
	char *slug = slug_of_fields(draft);
	struct slice stem = slice_of_text(draft->path->stem);
	if (slug[0] == '\0' && text_find_invalid(stem) == stem.size)
		slug = draft_slug(draft, stem);
	if (slug[0] == '\0')
		slug = draft_slug(draft, slice_of_text(draft->post->title));
	if (slug[0] == '\0') {
		struct digest digest = digest_of(slice_of_text(draft->path->origin));
		char made[32];
		snprintf(made, sizeof made, "post-%02x%02x%02x%02x", digest.bytes[0],
			digest.bytes[1], digest.bytes[2], digest.bytes[3]);
		slug = draft_text(draft, slice_of_text(made));
	}
	draft->post->slug = slug;
	draft_decide(draft, "slug");
}

/* The body without the mark, and without its line if there is nothing else in it. */
static char *body_without(struct front_matter_draft *draft, struct slice mark)
{
	struct slice body = draft->body;
	size_t begin = (size_t)(mark.data - body.data);
	size_t end = begin + mark.size;
	bool line = (begin == 0 || body.data[begin - 1] == '\n') && end < body.size &&
		    body.data[end] == '\n';
	end += line;
	char *text = draft_text(draft, slice_of(NULL, 0));
	if (!draft->out_of_memory)
		text = arena_alloc(draft->arena, body.size - (end - begin) + 1);
	if (text == NULL || draft->out_of_memory) {
		draft->out_of_memory = true;
		return draft_text(draft, slice_of(NULL, 0));
	}
	if (begin > 0)
		memcpy(text, body.data, begin);
	if (end < body.size)
		memcpy(text + begin, body.data + end, body.size - end);
	text[begin + body.size - end] = '\0';
	return text;
}

static void fill_exact(struct front_matter_draft *draft)
{
	const struct value *excerpt = value_find(draft->front, "excerpt");
	if (value_is_text(excerpt))
		draft->post->excerpt =
			draft_plain(draft, excerpt->text, false, LIMIT_EXCERPT_BYTES, "excerpt");
	draft->post->body = draft_text(draft, draft->body);
	draft_decide(draft, "excerpt");
}

static void fill_body(struct front_matter_draft *draft)
{
	static const char *const excerpts[] = { "excerpt", "summary", "description", NULL };
	static const char *const separators[] = { "excerptseparator", NULL };
	const struct value *excerpt = draft_find_text(draft, excerpts);
	const struct value *separator = draft_find_text(draft, separators);
	struct slice mark = slice_of(NULL, 0);
	bool has_mark = front_matter_more(
		draft->body, is_html(draft), separator == NULL ? mark : separator->text, &mark);
	if (excerpt != NULL) {
		draft->post->excerpt =
			draft_plain(draft, excerpt->text, false, LIMIT_EXCERPT_BYTES, "excerpt");
	} else if (has_mark) {
		size_t before = (size_t)(mark.data - draft->body.data);
		draft->post->excerpt =
			plain_of(draft, slice_of(draft->body.data, before), LIMIT_EXCERPT_BYTES);
	}
	/* "\n\n" separates paragraphs as well: it stays. */
	bool visible = has_mark && memchr(mark.data, '<', mark.size) != NULL;
	draft->post->body = visible ? body_without(draft, mark) : draft_text(draft, draft->body);
	if (draft->post->excerpt[0] != '\0')
		draft_decide(draft, "excerpt");
}

void draft_fill_text(struct front_matter_draft *draft)
{
	fill_title(draft);
	fill_slug(draft);
	if (draft->exact)
		fill_exact(draft);
	else
		fill_body(draft);
	draft->post->body_format = is_html(draft) ? LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML
						  : LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN;
	draft_decide(draft, "body_format");
	draft_decide(draft, "body");
}
