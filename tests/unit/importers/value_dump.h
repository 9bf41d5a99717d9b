/* Values of front matter as one line, for tables of cases: texts in '...', numbers with '#', times
 * with '@', bools as true and false, nothing as '~'. */
#pragma once
#include "base/buffer.h"
#include "importers/front_matter_value.h"

static inline void dump_scalar(const struct value *value, struct buffer *out)
{
	static const char *const marks[] = { [VALUE_NUMBER] = "#", [VALUE_TIME] = "@" };
	switch (value->kind) {
	case VALUE_NULL:
		buffer_append_char(out, '~');
		break;
	case VALUE_BOOL:
		buffer_append_text(out, value->truth ? "true" : "false");
		break;
	case VALUE_NUMBER:
	case VALUE_TIME:
		buffer_append_text(out, marks[value->kind]);
		buffer_append(out, value->text.data, value->text.size);
		break;
	default:
		buffer_append_char(out, '\'');
		buffer_append(out, value->text.data, value->text.size);
		buffer_append_char(out, '\'');
	}
}

/* Lists and maps are closed where their last child was; a walk without recursion. */
static inline void dump_value(const struct value *value, struct buffer *out)
{
	const struct value *parents[4 * VALUE_DEPTH_MAX];
	size_t depth = 0;
	const struct value *at = value;
	while (at != NULL) {
		if (at->key != NULL && depth > 0)
			buffer_printf(out, "%s:", at->key);
		bool container = at->kind == VALUE_LIST || at->kind == VALUE_MAP;
		if (container)
			buffer_append_char(out, at->kind == VALUE_LIST ? '[' : '{');
		else
			dump_scalar(at, out);
		if (container && at->first != NULL && depth < sizeof parents / sizeof parents[0]) {
			parents[depth++] = at;
			at = at->first;
			continue;
		}
		if (container)
			buffer_append_char(out, at->kind == VALUE_LIST ? ']' : '}');
		while (depth > 0 && at->next == NULL) {
			at = parents[--depth];
			buffer_append_char(out, at->kind == VALUE_LIST ? ']' : '}');
		}
		at = depth == 0 ? NULL : at->next;
		if (at != NULL)
			buffer_append_char(out, ',');
	}
}
