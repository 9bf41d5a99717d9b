#include "exporters/wxr_text.h"

#include "base/rfc3339.h"
#include "base/xml.h"

#include <inttypes.h>
#include <string.h>

static const char section_end[] = "]]>";
static const char section_begin[] = "<![CDATA[";

static void put_section_text(struct buffer *out, const char *from)
{
	struct slice text = slice_of_text(from);
	size_t start = out->size;
	for (size_t i = 0; i < text.size;) {
		size_t skipped = xml_forbidden(slice_of(text.data + i, text.size - i));
		if (skipped > 0) {
			i += skipped;
			continue;
		}
		uint8_t c = text.data[i++];
		bool ends = c == '>' && !out->overflow && out->size >= start + 2 &&
			    memcmp(out->data + out->size - 2, section_end, 2) == 0;
		if (ends) {
			buffer_append_text(out, section_end);
			buffer_append_text(out, section_begin);
			start = out->size;
		}
		buffer_append_char(out, (char)c);
	}
}

void wxr_put_cdata(struct buffer *out, const char *before, const char *text, const char *behind)
{
	buffer_append_text(out, section_begin);
	put_section_text(out, before);
	put_section_text(out, text);
	put_section_text(out, behind);
	buffer_append_text(out, section_end);
}

void wxr_put_escaped(struct buffer *out, const char *text)
{
	xml_put_escaped(out, slice_of_text(text), XML_ATTRIBUTE);
}

void wxr_put_html_cdata(struct buffer *out, const char *text)
{
	buffer_append_text(out, section_begin);
	xml_put_escaped(out, slice_of_text(text), XML_TEXT); /* no "]]>" is left in it */
	buffer_append_text(out, section_end);
}

void wxr_put_slug(struct buffer *out, const char *slug)
{
	for (const uint8_t *at = (const uint8_t *)slug; *at != '\0'; at++) {
		if (*at > ' ' && *at < 0x7F && strchr("<>&\"%]", *at) == NULL)
			buffer_append_char(out, (char)*at);
		else
			buffer_printf(out, "%%%02x", *at);
	}
}

struct clock_time {
	unsigned hour, minute, second;
};

static struct clock_time clock_of(int64_t time_us, struct civil_date date)
{
	unsigned second = (unsigned)((time_us - civil_date_start_us(date)) / 1000000);
	return (struct clock_time){ second / 3600, second / 60 % 60, second % 60 };
}

void wxr_put_time(struct buffer *out, int64_t time_us)
{
	struct civil_date date = civil_date_of(time_us);
	struct clock_time time = clock_of(time_us, date);
	buffer_printf(out, "%04d-%02u-%02u %02u:%02u:%02u", date.year, date.month, date.day,
		time.hour, time.minute, time.second);
}

void wxr_put_rss_time(struct buffer *out, int64_t time_us)
{
	static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil_date date = civil_date_of(time_us);
	struct clock_time time = clock_of(time_us, date);
	int64_t day = civil_date_start_us(date) / (INT64_C(86400) * 1000000) % 7;
	buffer_printf(out, "%.3s, %02u %.3s %04d %02u:%02u:%02u +0000",
		days + (size_t)((day + 7) % 7) * 3, date.day, months + (size_t)(date.month - 1) * 3,
		date.year, time.hour, time.minute, time.second);
}
