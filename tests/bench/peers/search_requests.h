/* A file of requests of SearchPosts, a JSON object a line, as `lectern bench --requests` takes. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>

struct search_requests {
	char **queries; /* in the arena */
	size_t count;
};

enum code search_requests_read(const char *path, struct arena *arena, struct search_requests *ret,
	struct error *err) NODISCARD;
