#include "importers/front_matter_draft.h"

#include "base/rfc3339.h"
#include "base/text.h"
#include "importers/front_matter_date.h"
#include "importers/plain.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <times.h>

void front_matter_reason(const char *note, char *out, size_t capacity)
{
	struct slice rest = slice_of_text(note);
	size_t size = 0;
	while (rest.size > 0) {
		size_t valid = text_find_invalid(rest);
		size_t used = text_cut(slice_of(rest.data, valid), capacity - 1 - size);
		memcpy(out + size, rest.data, used);
		size += used;
		if (used < valid)
			break;
		valid += valid < rest.size;
		rest = slice_of(rest.data + valid, rest.size - valid);
	}
	out[size] = '\0';
	for (char *c = out; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = ' ';
}

void draft_note(struct front_matter_draft *draft, const char *fmt, ...)
{
	size_t size = strlen(draft->notes);
	const char *parting = size == 0 ? "" : "; ";
	char note[2 * DRAFT_NOTE_BYTES];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(note, sizeof note, fmt, args);
	va_end(args);
	if (size + strlen(parting) + 1 >= sizeof draft->notes)
		return;
	memcpy(draft->notes + size, parting, strlen(parting));
	size += strlen(parting);
	front_matter_reason(note, draft->notes + size, sizeof draft->notes - size);
}

void draft_decide(struct front_matter_draft *draft, const char *field)
{
	assert(draft->field_count < DRAFT_FIELDS_MAX);
	draft->fields[draft->field_count++] = field;
}

const struct value *draft_find_text(
	const struct front_matter_draft *draft, const char *const *names)
{
	for (; *names != NULL; names++) {
		const struct value *value = value_find(draft->front, *names);
		if (value_is_text(value) && value->text.size > 0)
			return value;
	}
	return NULL;
}

char *draft_text(struct front_matter_draft *draft, struct slice text)
{
	static char empty[1];
	char *copy = arena_text(draft->arena, text);
	if (copy != NULL)
		return copy;
	draft->out_of_memory = true;
	empty[0] = '\0';
	return empty;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice trim(struct slice text)
{
	while (text.size > 0 && is_space(text.data[text.size - 1]))
		text.size--;
	while (text.size > 0 && is_space(text.data[0]))
		text = slice_of(text.data + 1, text.size - 1);
	return text;
}

/* Appends the text with the references in each of its words replaced. */
static bool append_decoded(struct slice text, struct buffer *out)
{
	size_t i = 0;
	while (i < text.size) {
		size_t start = i;
		bool blank = is_space(text.data[i]);
		while (i < text.size && is_space(text.data[i]) == blank)
			i++;
		struct slice word = slice_of(text.data + start, i - start);
		if (blank || memchr(word.data, '&', word.size) == NULL)
			buffer_append(out, word.data, word.size);
		else if (!plain_text(word, out))
			return false;
	}
	return !out->overflow;
}

/* Whether a control character begins here, those of C1 (two bytes) included. */
static size_t control_size(struct slice text, size_t at)
{
	uint8_t c = text.data[at];
	if (c < 0x20 || c == 0x7F)
		return 1;
	return c == 0xC2 && at + 1 < text.size && text.data[at + 1] < 0xA0 ? 2 : 0;
}

/* Each run of control characters and of the blanks around it becomes one blank. */
static void append_line(struct slice text, struct buffer *out)
{
	for (size_t i = 0; i < text.size;) {
		size_t start = i;
		bool control = false;
		while (i < text.size && (text.data[i] == ' ' || control_size(text, i) > 0)) {
			size_t size = control_size(text, i);
			control = control || size > 0;
			i += size == 0 ? 1 : size;
		}
		if (control)
			buffer_append_char(out, ' ');
		else
			buffer_append(out, text.data + start, i - start);
		start = i;
		while (i < text.size && text.data[i] != ' ' && control_size(text, i) == 0)
			i++;
		buffer_append(out, text.data + start, i - start);
	}
}

char *draft_plain(struct front_matter_draft *draft, struct slice text, bool one_line,
	size_t max_bytes, const char *field)
{
	struct buffer decoded;
	struct buffer line;
	buffer_init(&decoded, VALUE_TEXT_BYTES_MAX * (size_t)4);
	buffer_init(&line, VALUE_TEXT_BYTES_MAX * (size_t)4);
	text = draft->exact ? text : trim(text);
	if (!draft->exact && text.size > 0 && memchr(text.data, '&', text.size) != NULL) {
		if (!append_decoded(text, &decoded))
			draft->out_of_memory = true;
		text = trim(slice_of(decoded.data, decoded.size));
	}
	if (one_line) {
		append_line(text, &line);
		draft->out_of_memory = draft->out_of_memory || line.overflow;
		text = slice_of(line.data, line.size);
		text = draft->exact ? text : trim(text);
	}
	if (text.size > max_bytes) {
		draft_note(draft, "%s was cut to %zu bytes", field, max_bytes);
		text.size = text_cut(text, max_bytes);
	}
	char *copy = draft_text(draft, text);
	buffer_done(&decoded);
	buffer_done(&line);
	return copy;
}

bool draft_time(struct front_matter_draft *draft, const struct value *value, const char *field,
	int64_t *ret_us)
{
	/* Go's time that is none. */
	static const int64_t zero_us = TIME_US_MIN + INT64_C(86400) * 1000 * 1000;
	bool zone_unknown;
	if (!value_is_text(value) || trim(value->text).size == 0)
		return false;
	if (!front_matter_date(trim(value->text), ret_us, &zone_unknown)) {
		draft_note(draft, "%s '%.*s' is no date", field,
			(int)(value->text.size < 40 ? value->text.size : 40),
			(const char *)value->text.data);
		return false;
	}
	if (zone_unknown)
		draft_note(draft, "the zone in %s '%.*s' is not known, UTC was taken", field,
			(int)(value->text.size < 60 ? value->text.size : 60),
			(const char *)value->text.data);
	return *ret_us >= zero_us;
}

Google__Protobuf__Timestamp *draft_timestamp(struct front_matter_draft *draft, int64_t time_us)
{
	Google__Protobuf__Timestamp *time = arena_alloc(draft->arena, sizeof *time);
	if (time == NULL) {
		draft->out_of_memory = true;
		return NULL;
	}
	timestamp_from_us(time, time_us);
	return time;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes percent-encoding; as it is where that gives no text. */
static struct slice decode_percents(struct front_matter_draft *draft, struct slice text)
{
	if (text.size == 0 || memchr(text.data, '%', text.size) == NULL)
		return text;
	char *out = draft_text(draft, text);
	size_t size = 0;
	for (size_t i = 0; i < text.size && !draft->out_of_memory; i++) {
		bool coded = text.data[i] == '%' && i + 2 < text.size &&
			     hex_digit(text.data[i + 1]) >= 0 && hex_digit(text.data[i + 2]) >= 0;
		out[size++] = coded ? (char)(hex_digit(text.data[i + 1]) * 16 +
					      hex_digit(text.data[i + 2]))
				    : (char)text.data[i];
		i += coded ? 2 : 0;
	}
	struct slice decoded = slice_of(out, size);
	return text_find_invalid(decoded) < size ? text : decoded;
}

char *draft_slug(struct front_matter_draft *draft, struct slice text)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	text = decode_percents(draft, trim(text));
	if (text_is_slug(text))
		return draft_text(draft, text);
	/* "Release-3.0" keeps its dot. */
	char *lower = draft_text(draft, text);
	for (char *c = lower; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (text_is_slug(slice_of_text(lower)))
		return lower;
	text_slug(text, slug, sizeof slug);
	return draft_text(draft, slice_of_text(text_is_slug(slice_of_text(slug)) ? slug : ""));
}

static bool ends_with(struct slice text, const char *end)
{
	size_t size = strlen(end);
	return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

static struct slice last_part(struct slice *address)
{
	while (address->size > 0 && address->data[address->size - 1] == '/')
		address->size--;
	size_t start = address->size;
	while (start > 0 && address->data[start - 1] != '/')
		start--;
	struct slice part = slice_of(address->data + start, address->size - start);
	address->size = start;
	return part;
}

/* "http://host/a" is "/a" on every host. */
static struct slice without_host(struct slice address)
{
	const uint8_t *scheme =
		address.size == 0 ? NULL : memmem(address.data, address.size, "://", 3);
	if (scheme == NULL)
		return address;
	const uint8_t *end = address.data + address.size;
	const uint8_t *path = scheme + 3;
	while (path < end && *path != '/')
		path++;
	return slice_of(path, (size_t)(end - path));
}

struct slice draft_last_segment(struct slice address)
{
	address = without_host(trim(address));
	const uint8_t *query = address.data;
	while (query < address.data + address.size && *query != '?' && *query != '#')
		query++;
	address.size = (size_t)(query - address.data);
	struct slice part = last_part(&address);
	if (slice_equals(part, slice_of_text("index.html")) ||
		slice_equals(part, slice_of_text("index.php")))
		part = last_part(&address);
	static const char *const extensions[] = { ".html", ".htm", ".php", ".aspx" };
	for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
		if (ends_with(part, extensions[i])) {
			part.size -= strlen(extensions[i]);
			break;
		}
	return part;
}
