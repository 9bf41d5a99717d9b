/* Posts of archives and pages of them in few words, for tests with a server of their own
 * (own_server.h). What a function returns lies in `answer`. */
#pragma once
#include "base/limits.h"
#include "support/own_server.h"

#include <lectern/v1/archive.pb-c.h>

enum { POSTS_MAX = 512, TOKEN_BYTES = LIMIT_PAGE_TOKEN_BYTES + 1 };

uint64_t publish_part(int64_t time_us, const char *series, uint32_t part);

struct query {
	Lectern__V1__ArchiveKind kind;
	const char *name; /* of the term */
	uint32_t year;
	const char *zone;
	bool direct_only;
	Lectern__V1__PostView view;
};

enum code try_archive(const struct query *query, int page_size, const char *token);
/* The same, and the test fails if it fails. */
const Lectern__V1__GetArchiveResponse *page_of(
	const struct query *query, int page_size, const char *token);

/* 0 for NULL. */
uint64_t id_of(const Lectern__V1__Post *post);
