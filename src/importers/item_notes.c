#include "importers/item_notes.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void item_note(struct import_item *item, const char *fmt, ...)
{
	size_t used = strlen(item->reason);
	if (used > 0 && used + 2 < sizeof item->reason) {
		memcpy(item->reason + used, "; ", 3);
		used += 2;
	}
	va_list args;
	va_start(args, fmt);
	vsnprintf(item->reason + used, sizeof item->reason - used, fmt, args);
	va_end(args);
	/* What did not fit may have been cut within a character. */
	item->reason[text_find_invalid(slice_of_text(item->reason))] = '\0';
}

static bool has_name(ProtobufCMessage *const *refs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(message_text(refs[i], "name"), name) == 0)
			return true;
	return false;
}

/* The reference whose name is the same but for case, width and the like; NULL if there is none. */
static const char *find_folded(ProtobufCMessage *const *refs, size_t count, const char *name)
{
	char wanted[4 * LIMIT_NAME_BYTES];
	char other[4 * LIMIT_NAME_BYTES];
	text_fold(slice_of_text(name), wanted, sizeof wanted);
	for (size_t i = 0; i < count; i++) {
		const char *found = message_text(refs[i], "name");
		text_fold(slice_of_text(found), other, sizeof other);
		if (strcmp(wanted, other) == 0)
			return found;
	}
	return NULL;
}

static void note_folded(struct import_item *item, const ProtobufCMessage *stored, const char *list,
	const char *noun)
{
	size_t wanted_count, stored_count;
	ProtobufCMessage *const *wanted = message_list(item->message, list, &wanted_count);
	ProtobufCMessage *const *have = message_list(stored, list, &stored_count);
	for (size_t i = 0; i < wanted_count; i++) {
		const char *name = message_text(wanted[i], "name");
		if (message_text(wanted[i], "slug")[0] != '\0' || name[0] == '\0' ||
			has_name(have, stored_count, name))
			continue;
		const char *found = find_folded(have, stored_count, name);
		if (found != NULL)
			item_note(item, "%s \"%s\" is \"%s\"", noun, name, found);
	}
}

void item_note_differences(struct import_item *item, const ProtobufCMessage *stored)
{
	const char *wanted = message_text(item->message, "slug");
	const char *slug = message_text(stored, "slug");
	if (wanted[0] != '\0' && strcmp(wanted, slug) != 0)
		item_note(item, "slug \"%s\" is \"%s\"", wanted, slug);
	if (item->kind != IMPORT_POST)
		return;
	note_folded(item, stored, "tags", "tag");
	note_folded(item, stored, "categories", "category");
	note_folded(item, stored, "authors", "author");
}
