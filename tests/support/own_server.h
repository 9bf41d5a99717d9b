/* A local_server of its own for each test of a program, whose tests are listed with TEST(). */
#pragma once
#include "support/content.h"

extern struct local_server server;
extern struct answer answer; /* freed after each test */

/* As cmocka calls them before and after each test: with an empty store, and fail if the checker
 * finds problems in what the test leaves behind. */
int set_up(void **state);
int tear_down(void **state);

/* What the last answer must have been. `part` is a part of its text. */
void assert_failed_as(enum code code, const char *reason, const char *part);

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#define PUBLISHED LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED
#define DAY_US (INT64_C(86400) * 1000000)
#define START_US (INT64_C(1704067200) * 1000000) /* 2024-01-01T00:00:00Z */

/* A published post; tag and category may be NULL. */
uint64_t publish(int64_t time_us, const char *tag, const char *category);
