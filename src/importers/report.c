#include "importers/report.h"

#include "base/text.h"
#include "codec/message.h"

/* A JSON string. Bytes that are no UTF-8, which file names may have, become U+FFFD. */
static void print_string(FILE *report, const char *text)
{
	struct slice rest = slice_of_text(text);
	putc('"', report);
	while (rest.size > 0) {
		size_t valid = text_find_invalid(rest);
		for (size_t i = 0; i < valid; i++) {
			uint8_t c = rest.data[i];
			if (c == '"' || c == '\\')
				fprintf(report, "\\%c", c);
			else if (c < 0x20 || c == 0x7F)
				fprintf(report, "\\u%04x", c);
			else
				putc(c, report);
		}
		if (valid < rest.size) {
			fputs("\\ufffd", report);
			valid++;
		}
		rest = slice_of(rest.data + valid, rest.size - valid);
	}
	putc('"', report);
}

static void print_field(FILE *report, const char *name, const char *text)
{
	fprintf(report, ",\"%s\":", name);
	print_string(report, text);
}

/* The slug that is stored, else the one that is asked for, else what there is. */
static const char *item_slug(const struct import_item *item)
{
	if (item->slug != NULL)
		return item->slug;
	if (item->message == NULL || !message_has_field(item->message->descriptor, "slug"))
		return item->origin;
	const char *slug = message_text(item->message, "slug");
	return slug[0] != '\0' ? slug : item->origin;
}

void report_item(FILE *report, const struct import_item *item, const char *result)
{
	if (report == NULL)
		return;
	fputs("{\"file\":", report);
	print_string(report, item->path);
	fprintf(report, ",\"line\":%ju", (uintmax_t)item->line);
	print_field(report, "kind", import_kind_name(item->kind));
	print_field(report, "slug", item_slug(item));
	print_field(report, "result", result);
	print_field(report, "reason", item->reason);
	fputs("}\n", report);
}
