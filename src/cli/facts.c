#include "cli/facts.h"

#include "cli/post_text.h"
#include "cli/screen.h"

#include <inttypes.h>

void fact_text(struct buffer *out, int columns, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	buffer_printf(out, "%-*s ", columns, name);
	screen_text(out, slice_of_text(value), false);
	buffer_append_char(out, '\n');
}

void fact_number(struct buffer *out, int columns, const char *name, uint64_t value)
{
	buffer_printf(out, "%-*s %" PRIu64 "\n", columns, name, value);
}

void fact_time(
	struct buffer *out, int columns, const char *name, const Google__Protobuf__Timestamp *time)
{
	char text[TIME_TEXT_BYTES];
	time_text(time, text);
	fact_text(out, columns, name, text);
}

void fact_bytes(struct buffer *out, int columns, const char *name, uint64_t value)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double size = (double)value / 1024;
	size_t unit = 0;
	for (; size >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
		size /= 1024;
	buffer_printf(out, "%-*s %" PRIu64, columns, name, value);
	if (value >= 1024)
		buffer_printf(out, " (%.1f %s)", size, units[unit]);
	buffer_append_char(out, '\n');
}
