/* ListPostsRequest.order_by and everything else that takes one, as https://google.aip.dev/132 has
 * it. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>

enum order_field {
	ORDER_PUBLISH_TIME,
	ORDER_CREATE_TIME,
	ORDER_UPDATE_TIME,
	ORDER_TITLE,
	ORDER_SERIES_PART,
};

struct order {
	enum order_field field;
	bool descending;
};

/* "FIELD", "FIELD asc" or "FIELD desc"; an empty text is "publish_time desc". INVALID_ARGUMENT,
 * ORDER_BY_INVALID, with what is possible. */
enum code order_parse(const char *order_by, struct order *ret, struct error *err) NODISCARD;
