/*
 * Clients of a real server: ones that do what no client should, over the wire protocol of nng by
 * hand, and well-behaved ones beside them, each in a thread, whose calls all have to succeed.
 */
#pragma once
#include "integration/lecternd.h"

#include <lectern/client.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATIENCE_MS = 20 * 1000, MEGABYTE = 1024 * 1024 };

extern struct lecternd server;

/* As cmocka calls them before and after each test: a server with some posts, one of 200 kB with the
 * slug "large" among them. */
int set_up(void **state);
int tear_down(void **state);

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* A connection that was greeted; -1 if the server does not take it. Writing to it waits for no
 * longer than some milliseconds, so that a server that reads nothing does not stop the test. */
int connect_raw(void);
/* The same without the greeting. */
int connect_silent(void);

/* The frame of one request with its head, to be freed. */
uint8_t *call_frame(const char *method, const void *payload, size_t payload_bytes,
	uint32_t timeout_ms, size_t *ret_bytes);
/* GetPost of a slug. */
uint8_t *get_frame(const char *slug, size_t *ret_bytes);

/* Writes all of it, or as much as the server takes now. False: less than all. */
bool send_raw(int fd, const void *data, size_t size);

/* The clients that behave: they read and write until they are stopped. */
void start_good_clients(void);
/* Waits until each has made so many more calls, or a minute: how fast the disk takes writes is not
 * what the tests are about. */
void await_good_clients(unsigned reads, unsigned writes);
/* Fails the test if one of their calls failed or they made too few while they were waited for. */
void stop_good_clients(void);

void sleep_ms(unsigned ms);

/* Of the server's process. */
struct usage {
	size_t descriptors;
	size_t threads;
	size_t memory_kb;
};
struct usage read_usage(void);

/* Waits until descriptors and threads are as before; the memory may have grown a little. in_reply:
 * connections ended in the middle of a reply, which an nng before 1.6 may not get over: it frees no
 * connection from then on, so descriptors are not looked at. */
void check_usage_is_back(const struct usage *before, bool in_reply);

/* Whether the server was built with a sanitizer, for which memory is another thing. */
bool is_sanitized(void);
