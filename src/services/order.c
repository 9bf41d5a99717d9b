#include "services/order.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	enum order_field field;
} fields[] = {
	{ "publish_time", ORDER_PUBLISH_TIME },
	{ "create_time", ORDER_CREATE_TIME },
	{ "update_time", ORDER_UPDATE_TIME },
	{ "title", ORDER_TITLE },
	{ "series.part", ORDER_SERIES_PART },
};

static const char WHITE_SPACE[] = " \t\r\n";

/* The next word of the text; *text moves behind it. */
static struct slice take_word(const char **text)
{
	*text += strspn(*text, WHITE_SPACE);
	size_t size = strcspn(*text, WHITE_SPACE);
	struct slice word = slice_of(*text, size);
	*text += size;
	return word;
}

static bool find_field(struct slice word, enum order_field *ret)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (slice_equals(word, slice_of_text(fields[i].name))) {
			*ret = fields[i].field;
			return true;
		}
	return false;
}

static bool is_word(struct slice word, const char *text)
{
	return word.size == strlen(text) &&
	       strncasecmp((const char *)word.data, text, word.size) == 0;
}

static enum code refuse(const char *what, struct slice word, struct error *err)
{
	enum { SHOWN_BYTES = 100 };
	return fail_field(err, CODE_INVALID_ARGUMENT, "ORDER_BY_INVALID", "order_by",
		"\"%.*s\" %s; use one of publish_time, create_time, update_time, title and "
		"series.part, alone or with asc or desc behind it",
		(int)text_cut(word, SHOWN_BYTES), (const char *)word.data, what);
}

enum code order_parse(const char *order_by, struct order *ret, struct error *err)
{
	struct order order = { .field = ORDER_PUBLISH_TIME };
	const char *rest = order_by;
	struct slice field = take_word(&rest);
	struct slice direction = take_word(&rest);
	struct slice more = take_word(&rest);
	if (strchr(order_by, ',') != NULL)
		return refuse("names several fields, and lists are ordered by one",
			slice_of_text(order_by), err);
	if (field.size == 0) {
		*ret = (struct order){ .field = ORDER_PUBLISH_TIME, .descending = true };
		return CODE_OK;
	}
	if (!find_field(field, &order.field))
		return refuse("is no field to order by", field, err);
	order.descending = is_word(direction, "desc");
	if (!order.descending && !is_word(direction, "asc") && direction.size > 0)
		return refuse("is no direction", direction, err);
	if (more.size > 0)
		return refuse("is too much", more, err);
	*ret = order;
	return CODE_OK;
}
