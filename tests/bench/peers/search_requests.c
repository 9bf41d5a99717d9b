#include "search_requests.h"

#include "codec/json.h"

#include <lectern/v1/search.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

enum { REQUESTS_MAX = 1 << 20 };

static void close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

static void free_text(char **text)
{
	free(*text);
}

enum code search_requests_read(
	const char *path, struct arena *arena, struct search_requests *ret, struct error *err)
{
	AUTO(close_file) FILE *file = fopen(path, "re");
	AUTO(free_text) char *line = NULL;
	size_t capacity = 0;
	ssize_t size;
	if (file == NULL)
		return fail(err, CODE_NOT_FOUND, "cannot open '%s'", path);
	*ret = (struct search_requests){
		.queries = arena_calloc(arena, REQUESTS_MAX, sizeof *ret->queries),
	};
	if (ret->queries == NULL)
		return fail_out_of_memory(err);
	while (ret->count < REQUESTS_MAX && (size = getline(&line, &capacity, file)) > 0) {
		ProtobufCMessage *message;
		enum code code = json_parse(&lectern__v1__search_posts_request__descriptor,
			slice_of(line, (size_t)size), arena, &message, err);
		if (code != CODE_OK)
			return wrap(err, code, "%s, line %zu", path, ret->count + 1);
		ret->queries[ret->count++] =
			((const Lectern__V1__SearchPostsRequest *)message)->query;
	}
	if (ret->count == 0)
		return fail(err, CODE_INVALID_ARGUMENT, "'%s' has no requests", path);
	return CODE_OK;
}
