/* A local_server of its own for each test of a program, whose tests are listed with TEST(). */
#pragma once
#include "support/content.h"

extern struct local_server server;
extern struct answer answer; /* freed after each test */

/* As cmocka calls them before and after each test: with an empty store, and fail if the checker
 * finds problems in what the test leaves behind. */
int set_up(void **state);
int tear_down(void **state);

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
