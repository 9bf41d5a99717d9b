/*
 * A page of an archive: a part of one posting list, with the way to the pages beside it.
 *
 * A token names an entry of the list and the side of it on which the page lies: behind the last
 * post of the page before, or before the first post of the page that follows. So pages keep
 * fitting together in both directions, whatever is published or deleted meanwhile.
 */
#pragma once
#include "services/archive_dates.h"
#include "services/services_private.h"

struct archive_page {
	uint8_t kind; /* of the list */
	uint64_t number;
	const struct date_span *span; /* only these publish times; NULL: all */
	Lectern__V1__PostView view;
	size_t page_size;
	const char *page_token;
};

/* Adds the posts, the tokens and the posts beside the page to the GetArchiveResponse. */
enum code reply_archive_page(
	struct rpc_call *call, const struct archive_page *page, struct error *err) NODISCARD;
