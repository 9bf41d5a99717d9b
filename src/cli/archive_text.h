/* Archives for people. */
#pragma once
#include "base/buffer.h"
#include "cli/screen.h"

#include <lectern/v1/archive.pb-c.h>

enum { DATE_TEXT_BYTES = 32 };

/* "2026", "2026-01" or "2026-01-02". */
void date_text(const Lectern__V1__ArchiveDate *date, char text[DATE_TEXT_BYTES]);

/* What the archive is of, how many posts it has, and for a category what stands above and below
 * it. */
void archive_head(struct buffer *out, const struct screen *screen, const char *kind,
	const Lectern__V1__GetArchiveResponse *page);

/* The slug of the term that the archive is of; "" for a date. */
const char *archive_slug(const Lectern__V1__GetArchiveResponse *page);

/* A post beside the page on one line; nothing for NULL. */
void archive_neighbour(struct buffer *out, const struct screen *screen, const char *label,
	const Lectern__V1__Post *post);
