#include "importers/wxr_reader.h"

#include "base/text.h"
#include "importers/wxr_memory.h"

#include <errno.h>
#include <stdlib.h>

/* Later versions of expat prefer names with 64 at the end, which Debian 12 does not have; a long is
 * as wide on every machine with enough memory for files that need it. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum {
	CHUNK_BYTES = 64 * 1024,
	HEAD_BYTES = 4, /* that tell the encoding */
};

static size_t chunk_bytes = CHUNK_BYTES;

void wxr_set_chunk_bytes(size_t bytes)
{
	chunk_bytes = bytes == 0 ? CHUNK_BYTES : bytes;
}

static const char not_wxr[] =
	"this is no export of WordPress: nothing in it is of a namespace that "
	"begins with http://wordpress.org/export/";

static size_t value_bytes_max(enum wxr_value value)
{
	return value == WXR_CONTENT				       ? WXR_TEXT_BYTES
	       : value == WXR_EXCERPT || value == WXR_TERM_DESCRIPTION ? WXR_EXCERPT_BYTES
								       : WXR_VALUE_BYTES;
}

/* Ends the reading of the file for a reason of ours. */
static void stop(struct wxr_reader *reader, const char *reason)
{
	if (reader->damage.code == CODE_OK)
		fail(&reader->damage, CODE_INVALID_ARGUMENT, "%s", reason);
	XML_StopParser(reader->parser, XML_FALSE);
}

static void begin_record(struct wxr_reader *reader, const struct wxr_element *element)
{
	reader->context = (enum wxr_record)element->meaning;
	reader->context_depth = reader->depth;
	reader->line = XML_GetCurrentLineNumber(reader->parser) + reader->lines_dropped;
	reader->thumbnail_id = 0;
	for (size_t i = WXR_LOGIN; i < WXR_VALUE_COUNT; i++)
		buffer_clear(&reader->values[i]);
	buffer_clear(&reader->terms);
	buffer_clear(&reader->old_slugs);
	reader->terms_size = reader->old_slugs_size = 0;
	if (element->taxonomy != NULL)
		buffer_append_text(&reader->values[WXR_TAXONOMY], element->taxonomy);
}

static struct buffer *gather_buffer(struct wxr_reader *reader)
{
	return reader->gathered == WXR_VALUE_COUNT ? &reader->terms
						   : &reader->values[reader->gathered];
}

static void begin_value(struct wxr_reader *reader, enum wxr_value value)
{
	reader->gathered = value;
	if (reader->skip_texts && (value == WXR_CONTENT || value == WXR_EXCERPT))
		return;
	reader->gather_depth = reader->depth;
	buffer_clear(&reader->values[value]);
}

static void append_with_end(struct buffer *out, const char *text)
{
	buffer_append(out, text, strlen(text) + 1);
}

static void begin_item_term(struct wxr_reader *reader, const char *const *attributes)
{
	const char *taxonomy = "";
	const char *nicename = "";
	for (; attributes[0] != NULL; attributes += 2) {
		if (strcmp(attributes[0], "domain") == 0)
			taxonomy = attributes[1];
		else if (strcmp(attributes[0], "nicename") == 0)
			nicename = attributes[1];
	}
	append_with_end(&reader->terms, taxonomy);
	append_with_end(&reader->terms, nicename);
	reader->gathered = WXR_VALUE_COUNT;
	reader->gather_depth = reader->depth;
}

static void begin_element(
	struct wxr_reader *reader, const struct wxr_element *element, const char *const *attributes)
{
	switch (element->what) {
	case WXR_IS_VALUE:
		begin_value(reader, (enum wxr_value)element->meaning);
		break;
	case WXR_IS_ITEM_TERM:
		begin_item_term(reader, attributes);
		break;
	case WXR_IS_COMMENT:
		reader->comment_count++;
		break;
	case WXR_IS_RECORD:
		if (element->meaning != WXR_META) {
			begin_record(reader, element);
			break;
		}
		reader->in_meta = true;
		buffer_clear(&reader->values[WXR_META_KEY]);
		buffer_clear(&reader->values[WXR_META_VALUE]);
		break;
	}
}

static void XMLCALL on_start(void *arg, const char *name, const char **attributes)
{
	struct wxr_reader *reader = arg;
	const char *local;
	reader->depth++;
	wxr_names_declare(&reader->names, reader->depth, (const char *const *)attributes);
	enum wxr_namespace space = wxr_names_resolve(&reader->names, name, &local);
	reader->is_wxr = reader->is_wxr || space == WXR_NS_WP;
	if (reader->depth == 1 && strcmp(local, "rss") != 0)
		stop(reader, "this is no export of WordPress: the first element is not <rss>");
	if (reader->depth == 2 && space == WXR_NS_NONE && strcmp(local, "channel") == 0) {
		reader->context = WXR_CHANNEL;
		reader->context_depth = 2;
	}
	if (reader->context == WXR_NONE)
		return;
	enum wxr_record parent = reader->context;
	if (reader->in_meta && reader->depth == reader->context_depth + 2)
		parent = WXR_META;
	else if (reader->depth != reader->context_depth + 1)
		return;
	const struct wxr_element *element = wxr_find_element(parent, space, local);
	if (element != NULL)
		begin_element(reader, element, (const char *const *)attributes);
}

static void XMLCALL on_text(void *arg, const char *text, int size)
{
	struct wxr_reader *reader = arg;
	if (reader->gather_depth == reader->depth)
		buffer_append(gather_buffer(reader), text, (size_t)size);
}

static void end_value(struct wxr_reader *reader)
{
	reader->gather_depth = 0;
	if (reader->gathered != WXR_VALUE_COUNT)
		return;
	buffer_append_char(&reader->terms, '\0');
	if (!reader->terms.overflow)
		reader->terms_size = reader->terms.size;
}

/* The only custom fields that are read. */
static void end_meta(struct wxr_reader *reader)
{
	struct slice key = wxr_value(reader, WXR_META_KEY);
	struct slice value = wxr_value(reader, WXR_META_VALUE);
	reader->in_meta = false;
	if (slice_equals(key, slice_of_text("_thumbnail_id"))) {
		reader->thumbnail_id = wxr_number(reader, WXR_META_VALUE);
	} else if (slice_equals(key, slice_of_text("_wp_old_slug"))) {
		buffer_append(&reader->old_slugs, value.data, value.size);
		buffer_append_char(&reader->old_slugs, '\0');
		if (!reader->old_slugs.overflow)
			reader->old_slugs_size = reader->old_slugs.size;
	} else if (key.size > 0 && key.data[0] != '_') {
		reader->custom_field_count++; /* WordPress hides the others from its users */
	}
}

static void end_context(struct wxr_reader *reader)
{
	if (reader->context == WXR_CHANNEL) {
		reader->context = WXR_NONE;
		return;
	}
	reader->record = reader->context;
	reader->context = WXR_CHANNEL;
	reader->context_depth = 2;
	if (!reader->is_wxr)
		stop(reader, not_wxr);
	else
		XML_StopParser(reader->parser, XML_TRUE);
}

static void XMLCALL on_end(void *arg, const char *name)
{
	struct wxr_reader *reader = arg;
	(void)name;
	if (reader->gather_depth == reader->depth)
		end_value(reader);
	else if (reader->in_meta && reader->depth == reader->context_depth + 1)
		end_meta(reader);
	else if (reader->context != WXR_NONE && reader->depth == reader->context_depth)
		end_context(reader);
	wxr_names_leave(&reader->names, reader->depth);
	reader->depth--;
}

static void XMLCALL on_doctype(
	void *arg, const char *name, const char *system, const char *public, int has_subset)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_subset;
	stop(arg, "a DOCTYPE is refused, as no export has one: remove it");
}

enum code wxr_open(
	struct wxr_reader *reader, struct input_file *file, bool skip_texts, struct error *err)
{
	*reader = (struct wxr_reader){ .skip_texts = skip_texts, .raw_line = 1 };
	enum code code = input_open(file, &reader->input, err);
	if (code != CODE_OK)
		return code;
	for (size_t i = 0; i < WXR_VALUE_COUNT; i++)
		buffer_init(&reader->values[i], value_bytes_max((enum wxr_value)i));
	buffer_init(&reader->terms, WXR_LIST_BYTES);
	buffer_init(&reader->old_slugs, WXR_LIST_BYTES);
	reader->parser = wxr_parser_new();
	if (reader->parser == NULL) {
		wxr_close(reader);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	}
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
	return CODE_OK;
}

void wxr_close(struct wxr_reader *reader)
{
	if (reader->parser != NULL)
		XML_ParserFree(reader->parser);
	for (size_t i = 0; i < WXR_VALUE_COUNT; i++)
		buffer_done(&reader->values[i]);
	buffer_done(&reader->terms);
	buffer_done(&reader->old_slugs);
	input_close(&reader->input);
	reader->parser = NULL;
}

/* At the beginning: the encoding as far as it matters here; white space in front of the XML
 * declaration, which plug-ins leave and XML forbids, goes. */
static size_t begin_document(struct wxr_reader *reader, uint8_t *data, size_t size)
{
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
	if (size >= 2)
		reader->wide = (data[0] == 0xFE && data[1] == 0xFF) ||
			       (data[0] == 0xFF && data[1] == 0xFE) || data[0] == 0 || data[1] == 0;
	reader->begun = true;
	if (reader->wide)
		return size;
	size_t at = size >= sizeof mark && memcmp(data, mark, sizeof mark) == 0 ? sizeof mark : 0;
	while (at < size && (data[at] <= ' ')) {
		reader->lines_dropped += data[at] == '\n';
		at++;
	}
	reader->begun = at < size;
	memmove(data, data + at, size - at);
	return size - at;
}

/* Control characters, which WordPress writes as they stand in its database, would end the
 * parsing. */
static size_t drop_controls(struct wxr_reader *reader, uint8_t *data, size_t size)
{
	size_t kept = 0;
	for (size_t i = 0; i < size; i++) {
		uint8_t c = data[i];
		reader->raw_line += c == '\n';
		if (c >= 0x20 || c == '\t' || c == '\n' || c == '\r') {
			data[kept++] = c;
			continue;
		}
		if (reader->control_count++ == 0)
			reader->first_control_line = reader->raw_line + reader->lines_dropped;
	}
	return kept;
}

/* Parses the next piece of the file. */
static enum code feed(struct wxr_reader *reader, enum XML_Status *ret, struct error *err)
{
	size_t wanted = reader->begun || chunk_bytes > HEAD_BYTES ? chunk_bytes : HEAD_BYTES;
	uint8_t *chunk = XML_GetBuffer(reader->parser, (int)wanted);
	*ret = XML_STATUS_ERROR;
	if (chunk == NULL)
		return CODE_OK; /* expat knows the reason */
	errno = 0;
	size_t size = fread(chunk, 1, wanted, reader->input.stream);
	if (size < wanted && ferror(reader->input.stream)) {
		int number = errno;
		return fail(err, CODE_UNKNOWN, "cannot read '%s': %s", reader->input.path,
			strerror(number));
	}
	reader->input.offset += size;
	reader->at_end = size == 0;
	if (!reader->begun)
		size = begin_document(reader, chunk, size);
	if (!reader->wide)
		size = drop_controls(reader, chunk, size);
	*ret = XML_ParseBuffer(reader->parser, (int)size, reader->at_end);
	return CODE_OK;
}

/* The byte that the parser stumbled over, -1 where it is not known. */
static int bad_byte(const struct wxr_reader *reader)
{
	int offset;
	int size;
	const char *context = XML_GetInputContext(reader->parser, &offset, &size);
	return context != NULL && offset < size ? (uint8_t)context[offset] : -1;
}

/* Why expat gave up, for people. */
static void tell_damage(struct wxr_reader *reader)
{
	enum XML_Error number = XML_GetErrorCode(reader->parser);
	uint64_t column = XML_GetCurrentColumnNumber(reader->parser) + 1;
	int byte = bad_byte(reader);
	reader->damage_line = XML_GetCurrentLineNumber(reader->parser) + reader->lines_dropped;
	struct error *damage = &reader->damage;
	if (damage->code != CODE_OK)
		return;
	if (number == XML_ERROR_NO_MEMORY)
		fail(damage, CODE_RESOURCE_EXHAUSTED,
			"a tag or comment is too long, elements stand too deep in each other or "
			"have too many names: this is no export of WordPress");
	else if (number == XML_ERROR_UNKNOWN_ENCODING)
		fail(damage, CODE_INVALID_ARGUMENT,
			"the encoding that the XML declaration names is not known; convert the "
			"file to UTF-8 with iconv and correct the declaration");
	else if (reader->at_end)
		fail(damage, CODE_INVALID_ARGUMENT,
			"the file ends here, in the middle (%s); export it again",
			XML_ErrorString(number));
	else if (number == XML_ERROR_INVALID_TOKEN && byte >= 0x80 && !reader->wide)
		fail(damage, CODE_INVALID_ARGUMENT,
			"column %ju: the byte 0x%02x is not UTF-8; remove such bytes with iconv -c "
			"-f UTF-8 -t UTF-8, what stands behind it is not read",
			(uintmax_t)column, (unsigned)byte);
	else
		fail(damage, CODE_INVALID_ARGUMENT,
			"column %ju: %s; mend it, what stands behind it is not read",
			(uintmax_t)column, XML_ErrorString(number));
}

enum code wxr_next(struct wxr_reader *reader, enum wxr_event *ret, struct error *err)
{
	*ret = WXR_END;
	if (reader->at_end && !reader->suspended)
		return CODE_OK;
	for (;;) {
		enum XML_Status status;
		enum code code = CODE_OK;
		if (reader->suspended)
			status = XML_ResumeParser(reader->parser);
		else
			code = feed(reader, &status, err);
		if (code != CODE_OK)
			return code;
		reader->suspended = status == XML_STATUS_SUSPENDED;
		if (reader->suspended) {
			*ret = WXR_RECORD;
			return CODE_OK;
		}
		if (status == XML_STATUS_ERROR) {
			tell_damage(reader);
			*ret = WXR_DAMAGED;
			return CODE_OK;
		}
		if (!reader->at_end)
			continue;
		if (!reader->is_wxr) {
			fail(&reader->damage, CODE_INVALID_ARGUMENT, "%s", not_wxr);
			reader->damage_line = 1;
			*ret = WXR_DAMAGED;
		}
		return CODE_OK;
	}
}

struct slice wxr_value(const struct wxr_reader *reader, enum wxr_value value)
{
	const struct buffer *buffer = &reader->values[value];
	struct slice text = slice_of(buffer->data, buffer->size);
	while (text.size > 0 && text.data[0] <= ' ')
		text = slice_of(text.data + 1, text.size - 1);
	while (text.size > 0 && text.data[text.size - 1] <= ' ')
		text.size--;
	return text;
}

uint64_t wxr_number(const struct wxr_reader *reader, enum wxr_value value)
{
	uint64_t number;
	return text_number(wxr_value(reader, value), &number) ? number : 0;
}

const char *wxr_overlong(const struct wxr_reader *reader)
{
	for (size_t i = WXR_LOGIN; i < WXR_META_KEY; i++)
		if (reader->values[i].overflow)
			return wxr_value_name((enum wxr_value)i);
	return NULL;
}

static bool next_text(const struct buffer *list, size_t size, size_t *at, const char **ret)
{
	if (*at >= size)
		return false;
	*ret = (const char *)list->data + *at;
	*at += strlen(*ret) + 1;
	return true;
}

bool wxr_next_term(const struct wxr_reader *reader, size_t *at, struct wxr_term_ref *ret)
{
	return next_text(&reader->terms, reader->terms_size, at, &ret->taxonomy) &&
	       next_text(&reader->terms, reader->terms_size, at, &ret->nicename) &&
	       next_text(&reader->terms, reader->terms_size, at, &ret->name);
}

bool wxr_next_old_slug(const struct wxr_reader *reader, size_t *at, const char **ret)
{
	return next_text(&reader->old_slugs, reader->old_slugs_size, at, ret);
}
