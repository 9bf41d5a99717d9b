/* Parts of a schema in the notation of .proto files, with their comments. */
#pragma once
#include "base/buffer.h"
#include "cli/schema_index.h"
#include "cli/screen.h"

/* The whole entry; for a method also its request and response. */
void schema_text(struct buffer *out, const struct screen *screen, const struct schema_index *index,
	const struct schema_entry *entry);

/* All services with their methods, and the first sentence about each. */
void schema_overview(
	struct buffer *out, const struct screen *screen, const struct schema_index *index);
