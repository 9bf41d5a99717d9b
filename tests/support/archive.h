/* Posts of archives and pages of them in few words, for tests with a server of their own
 * (own_server.h). What a function returns lies in `answer`. */
#pragma once
#include "base/limits.h"
#include "support/own_server.h"

#include <lectern/v1/archive.pb-c.h>

#define PUBLISHED LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED
#define DAY_US (INT64_C(86400) * 1000000)
#define START_US (INT64_C(1704067200) * 1000000) /* 2024-01-01T00:00:00Z */
enum { POSTS_MAX = 512, TOKEN_BYTES = LIMIT_PAGE_TOKEN_BYTES + 1 };

/* A published post; tag and category may be NULL. */
uint64_t publish(int64_t time_us, const char *tag, const char *category);
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
