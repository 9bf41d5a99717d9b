#include "exporters/front_matter_name.h"

#include "base/rfc3339.h"
#include "base/text.h"

#include <strings.h>
#include <times.h>

enum { NAME_BYTES_MAX = 240 }; /* of a file; file systems take 255 and a number may be added */

static bool is_draft(const Lectern__V1__Post *post)
{
	return post->state == LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
}

static bool is_html(const Lectern__V1__Post *post)
{
	return post->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
}

/* A folder or file that every system can have and that an import would not leave out. */
static bool is_safe_name(struct slice name)
{
	if (name.size == 0 || name.size > NAME_BYTES_MAX || name.data[0] == '.' ||
		name.data[0] == '_' || slice_equals(name, slice_of_text("node_modules")))
		return false;
	for (size_t i = 0; i < name.size; i++)
		if (name.data[i] < 0x20 || name.data[i] == 0x7F ||
			strchr("\\:*?\"<>|", name.data[i]) != NULL)
			return false;
	uint8_t last = name.data[name.size - 1];
	return last != ' ' && last != '.' && text_find_invalid(name) == name.size;
}

static bool has_extension(const char *path, bool html)
{
	static const char *const markdown[] = { ".md", ".markdown", ".mdown", ".mkd", ".mkdn",
		NULL };
	static const char *const hypertext[] = { ".html", ".htm", NULL };
	const char *dot = strrchr(path, '.');
	for (const char *const *one = html ? hypertext : markdown; dot != NULL && *one != NULL;
		one++)
		if (strcasecmp(dot, *one) == 0)
			return true;
	return false;
}

/* "2019-7-2-" */
static bool begins_with_date(const char *name)
{
	static const char digits[] = "0123456789";
	size_t year = strspn(name, digits);
	if (year != 4 || name[year] != '-')
		return false;
	name += year + 1;
	size_t month = strspn(name, digits);
	if (month < 1 || month > 2 || name[month] != '-')
		return false;
	name += month + 1;
	size_t day = strspn(name, digits);
	return day >= 1 && day <= 2 && name[day] == '-';
}

bool front_matter_kept_path(const Lectern__V1__Post *post, struct buffer *out)
{
	const char *origin = post->origin;
	const char *start = origin;
	if (!has_extension(origin, is_html(post)))
		return false;
	for (const char *at = origin;; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		if (!is_safe_name(slice_of(start, (size_t)(at - start))))
			return false;
		if (*at == '\0')
			break;
		start = at + 1;
	}
	const char *folder = is_draft(post)	       ? "_drafts"
			     : begins_with_date(start) ? "_posts"
						       : "content";
	buffer_printf(out, "%s/%s", folder, origin);
	return true;
}

static void append_date(const Lectern__V1__Post *post, struct buffer *out)
{
	const Google__Protobuf__Timestamp *time =
		post->publish_time != NULL ? post->publish_time : post->create_time;
	int64_t time_us =
		time != NULL && timestamp_is_valid(time) ? timestamp_to_us(time) : INT64_C(0);
	struct civil_date date = civil_date_of(time_us);
	buffer_printf(out, "%04d-%02u-%02u-", date.year, date.month, date.day);
}

void front_matter_made_path(const Lectern__V1__Post *post, struct buffer *out)
{
	const char *slug = post->slug;
	bool special = slug[0] == '.' || slug[0] == '_'; /* hidden, or a part of the site */
	/* A slug has no '/'; a server's answer is not trusted with that. */
	if (slug[0] == '\0' || strchr(slug, '/') != NULL)
		slug = "post";
	buffer_append_text(out, is_draft(post) ? "_drafts/" : "_posts/");
	if (!is_draft(post))
		append_date(post, out);
	else if (special)
		buffer_append_text(out, "post-");
	buffer_append_text(out, slug);
	buffer_append_text(out, is_html(post) ? ".html" : ".md");
}
