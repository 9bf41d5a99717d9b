/* Writes what is kept of the tree of an HTML body, and collects the outline. */
#pragma once
#include "base/buffer.h"
#include "services/html_ids.h"
#include "services/html_walk.h"
#include "services/outline.h"

struct html_writer {
	struct buffer *out; /* borrowed */
	struct outline *outline;
	struct html_ids *ids;
	struct html_walk walk;
	struct buffer text;  /* of a node or an attribute, as read */
	struct buffer value; /* of an attribute, as it is to be written */
	struct buffer relation;
	struct buffer heading; /* the text of the heading at hand */
	size_t heading_at;     /* where its id belongs */
	const char *heading_id;
	size_t pre_at; /* behind the last "<pre>" */
};

void html_writer_init(struct html_writer *writer);
void html_writer_done(struct html_writer *writer);

/* Appends to *out. The outline, new, and the ids are borrowed. False when it is nested too deeply.
 * Memory that runs out is told by out->overflow and outline->failed. */
bool html_write(struct html_writer *writer, const GumboNode *root, struct html_ids *ids,
	struct outline *outline, struct buffer *out) NODISCARD;
