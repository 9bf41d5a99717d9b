#include "services/html_writer.h"

#include "services/html_attributes.h"
#include "services/html_characters.h"

void html_writer_init(struct html_writer *writer)
{
	buffer_init(&writer->text, LIMIT_HTML_BYTES);
	buffer_init(&writer->value, LIMIT_HTML_BYTES);
	buffer_init(&writer->relation, LIMIT_HTML_BYTES);
	buffer_init(&writer->heading, LIMIT_HTML_BYTES);
}

void html_writer_done(struct html_writer *writer)
{
	buffer_done(&writer->text);
	buffer_done(&writer->value);
	buffer_done(&writer->relation);
	buffer_done(&writer->heading);
}

static struct slice contents(const struct buffer *buffer)
{
	return slice_of(buffer->data, buffer->size);
}

static void write_attribute(struct html_writer *writer, const char *name, struct slice value)
{
	buffer_append_char(writer->out, ' ');
	buffer_append_text(writer->out, name);
	buffer_append_text(writer->out, "=\"");
	html_append_escaped(value, true, writer->out);
	buffer_append_char(writer->out, '"');
}

static void write_link(struct html_writer *writer)
{
	buffer_clear(&writer->text);
	html_ids_link(writer->ids, contents(&writer->value), &writer->text);
	write_attribute(writer, "href", contents(&writer->text));
}

/* rel comes last, when it is known whether the link opens a window: the page there must not get
 * hold of this one. */
static void write_relation(struct html_writer *writer, bool opens_window)
{
	struct buffer *relation = &writer->relation;
	const char *text = buffer_text(relation);
	if (opens_window && (text == NULL || strstr(text, "noopener") == NULL))
		buffer_append_text(relation, relation->size > 0 ? " noopener" : "noopener");
	if (relation->size > 0)
		write_attribute(writer, "rel", contents(relation));
}

static void write_attributes(struct html_writer *writer, const char *element)
{
	const GumboVector *attributes = &writer->walk.node->v.element.attributes;
	bool opens_window = false;
	buffer_clear(&writer->relation);
	for (unsigned i = 0; i < attributes->length; i++) {
		const GumboAttribute *attribute = attributes->data[i];
		buffer_clear(&writer->text);
		buffer_clear(&writer->value);
		html_append_valid(attribute->value, &writer->text);
		if (attribute->attr_namespace != GUMBO_ATTR_NAMESPACE_NONE ||
			!html_attribute(
				element, attribute->name, contents(&writer->text), &writer->value))
			continue;
		opens_window = opens_window || strcmp(attribute->name, "target") == 0;
		if (strcmp(attribute->name, "rel") == 0)
			buffer_append(&writer->relation, writer->value.data, writer->value.size);
		else if (strcmp(attribute->name, "href") == 0)
			write_link(writer);
		else
			write_attribute(writer, attribute->name, contents(&writer->value));
	}
	write_relation(writer, opens_window);
}

static const char *author_id(const GumboNode *node, const char *element)
{
	const GumboVector *attributes = &node->v.element.attributes;
	const GumboAttribute *id = gumbo_get_attribute(attributes, "id");
	if (id == NULL && strcmp(element, "a") == 0)
		id = gumbo_get_attribute(attributes, "name"); /* how places were named once */
	return id == NULL ? NULL : id->value;
}

/* White space in a heading as it is shown: runs of it are one blank, none at the start. */
static void append_gap(struct buffer *heading)
{
	if (heading->size > 0 && heading->data[heading->size - 1] != ' ')
		buffer_append_char(heading, ' ');
}

static void append_heading(struct buffer *heading, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];
		bool no_break = byte == 0xC2 && i + 1 < text.size && text.data[i + 1] == 0xA0;
		i += no_break;
		if (no_break || byte == ' ' || byte == '\t' || byte == '\n')
			append_gap(heading);
		else
			buffer_append_char(heading, (char)byte);
	}
}

static void enter(struct html_writer *writer)
{
	const struct html_element *element = writer->walk.element;
	const char *id = author_id(writer->walk.node, element->written);
	if (id != NULL)
		id = html_ids_take(writer->ids, id);
	if ((element->flags & HTML_BLOCK) != 0)
		append_gap(&writer->heading);
	buffer_append_char(writer->out, '<');
	buffer_append_text(writer->out, element->written);
	if ((element->flags & HTML_HEADING) != 0) {
		writer->heading_id = id;
		writer->heading_at = writer->out->size;
		buffer_clear(&writer->heading);
	} else if (id != NULL) {
		write_attribute(writer, "id", slice_of_text(id));
	}
	write_attributes(writer, element->written);
	buffer_append_text(writer->out, (element->flags & HTML_VOID) != 0 ? " />" : ">");
	if (strcmp(element->written, "pre") == 0)
		writer->pre_at = writer->out->size;
}

/* Puts the id into the start tag, which is written. */
static void write_heading_id(struct html_writer *writer, const char *id)
{
	struct buffer *out = writer->out;
	if (id == NULL || out->overflow)
		return;
	buffer_clear(&writer->text);
	buffer_append(
		&writer->text, out->data + writer->heading_at, out->size - writer->heading_at);
	out->size = writer->heading_at;
	write_attribute(writer, "id", slice_of_text(id));
	buffer_append(out, writer->text.data, writer->text.size);
}

static void leave_heading(struct html_writer *writer, const char *name)
{
	while (writer->heading.size > 0 && writer->heading.data[writer->heading.size - 1] == ' ')
		writer->heading.size--;
	const char *text = buffer_text(&writer->heading);
	const char *anchor = outline_add(writer->outline, (unsigned)(name[1] - '0'),
		text == NULL ? "" : text, writer->heading_id);
	write_heading_id(writer, anchor == NULL ? writer->heading_id : anchor);
}

static void leave(struct html_writer *writer)
{
	const struct html_element *element = writer->walk.element;
	if ((element->flags & HTML_HEADING) != 0)
		leave_heading(writer, element->written);
	if ((element->flags & HTML_BLOCK) != 0)
		append_gap(&writer->heading);
	if ((element->flags & HTML_VOID) != 0)
		return;
	buffer_append_text(writer->out, "</");
	buffer_append_text(writer->out, element->written);
	buffer_append_char(writer->out, '>');
}

static void write_text(struct html_writer *writer)
{
	buffer_clear(&writer->text);
	html_append_valid(writer->walk.node->v.text.text, &writer->text);
	const char *text = buffer_text(&writer->text);
	if (text == NULL || text[0] == '\0')
		return;
	outline_count_words(writer->outline, text);
	if (writer->walk.headings > 0)
		append_heading(&writer->heading, contents(&writer->text));
	/* A parser leaves out the first line feed of a pre. */
	if (text[0] == '\n' && writer->pre_at == writer->out->size)
		buffer_append_char(writer->out, '\n');
	html_append_escaped(contents(&writer->text), false, writer->out);
}

/* The ids of all elements come first: links to them may stand before them. */
static bool collect_ids(struct html_writer *writer, const GumboNode *root)
{
	enum html_event event;
	html_walk_start(&writer->walk, root);
	while ((event = html_walk_next(&writer->walk)) != HTML_END) {
		if (event == HTML_TOO_DEEP)
			return false;
		if (event != HTML_ENTER)
			continue;
		const char *id = author_id(writer->walk.node, writer->walk.element->written);
		if (id != NULL && !html_ids_add(writer->ids, id))
			writer->outline->failed = true;
	}
	if (!html_ids_sort(writer->ids))
		writer->outline->failed = true;
	return true;
}

static bool id_is_taken(const void *ids, const char *anchor)
{
	return html_ids_has(ids, anchor);
}

bool html_write(struct html_writer *writer, const GumboNode *root, struct html_ids *ids,
	struct outline *outline, struct buffer *out)
{
	writer->out = out;
	writer->outline = outline;
	writer->ids = ids;
	writer->pre_at = SIZE_MAX;
	outline->is_taken = id_is_taken;
	outline->context = ids;
	if (!collect_ids(writer, root))
		return false;
	html_walk_start(&writer->walk, root);
	while (!outline->failed && !out->overflow) {
		switch (html_walk_next(&writer->walk)) {
		case HTML_ENTER:
			enter(writer);
			break;
		case HTML_LEAVE:
			leave(writer);
			break;
		case HTML_TEXT:
			write_text(writer);
			break;
		case HTML_TOO_DEEP:
			return false;
		case HTML_END:
			return true;
		}
	}
	return true;
}
