#include "cli/change_text.h"

#include "cli/post_text.h"
#include "cli/screen.h"
#include "codec/json_forms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { WORD_BYTES = 48 };

/* "post" for ENTITY_POST, "unknown" for a number of a later server. */
static void enum_word(const ProtobufCEnumDescriptor *descriptor, int number, const char *prefix,
	char word[WORD_BYTES])
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
	snprintf(word, WORD_BYTES, "%s", value == NULL ? "unknown" : value->name + strlen(prefix));
	for (char *at = word; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
}

static void append_time(struct buffer *out, const Google__Protobuf__Timestamp *time)
{
	char text[FORM_TEXT_BYTES];
	if (time != NULL && timestamp_print(time, text))
		buffer_printf(out, "%.10s %.8s", text, text + strlen("2026-01-02T"));
	else
		buffer_printf(out, "%-19s", "-");
}

static void append_states(struct buffer *out, const Lectern__V1__Change *change)
{
	char states[2 * WORD_BYTES];
	const char *state = "-";
	if (change->state != LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED)
		state = state_text(change->state);
	bool moved = change->former_state != change->state &&
		     change->former_state != LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED;
	if (moved)
		snprintf(states, sizeof states, "%s > %s", state_text(change->former_state), state);
	else
		snprintf(states, sizeof states, "%s", state);
	buffer_printf(out, "%-21s", states);
}

void change_text(struct buffer *out, const Lectern__V1__Change *change)
{
	char kind[WORD_BYTES];
	char entity[WORD_BYTES];
	char what[2 * WORD_BYTES];
	enum_word(&lectern__v1__change_kind__descriptor, (int)change->kind, "CHANGE_KIND_", kind);
	enum_word(&lectern__v1__entity__descriptor, (int)change->entity, "ENTITY_", entity);
	snprintf(what, sizeof what, "%s %" PRIu64, entity, change->id);
	buffer_printf(out, "%8" PRIu64 "  ", change->revision);
	append_time(out, change->time);
	buffer_printf(out, "  %-7s  %-14s  ", kind, what);
	append_states(out, change);
	buffer_append_text(out, "  ");
	screen_text(out, slice_of_text(change->slug), false);
	if (*change->former_slug != '\0') {
		buffer_append_text(out, " (was ");
		screen_text(out, slice_of_text(change->former_slug), false);
		buffer_append_char(out, ')');
	}
	if (change->merged_into != NULL) {
		buffer_append_text(out, " > ");
		screen_text(out, slice_of_text(change->merged_into->slug), false);
	}
	buffer_append_char(out, '\n');
}
