/*
 * A server over a fake service table, and clients of it: nng's own and one that speaks the wire
 * protocol by hand, for what nng's would not do.
 */
#pragma once
#include "rpc/rpc.h"
#include "transport/nng_server.h"

#include <lectern/rpc/v1/envelope.pb-c.h>
#include <nng/nng.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { WAIT_MS = 20 * 1000, MEGABYTE = 1024 * 1024 };

/* Valid from transport_set_up() on, a group's set-up function. */
extern struct rpc *rpc;
extern char ipc_url[128]; /* in a folder of its own */

int transport_set_up(void **state);
int transport_tear_down(void **state);

/* A server on ipc_url, on a free tcp port and, with options.tls, on one with TLS, in this order;
 * options has the rest. */
struct nng_server *start_with(struct nng_server_options options);
struct nng_server *start(void);

/* No call may be in flight. */
void stop(struct nng_server *server);

/* The services: GetTag echoes the slug or answers with so many bytes as the id says; CreateTag
 * stays pending until finish_pending(); ListTags is parked until finish_parked() and then answers
 * with so many bytes as its page_size says. */
void wait_handled(size_t count); /* calls of GetTag since the server's start */
void wait_pending(size_t count);
void finish_pending(void);
size_t parked_now(void);
void wait_parked(size_t count);
void finish_parked(void);
void wait_left(size_t count); /* parked calls of clients that have gone, since the server's start */

/* The reply to this call of GetTag is kept from now on, until the next server starts, and so made
 * faster than anybody reads; the services do not see it any more. */
void keep_replies(const struct nng_server *server, struct slice frame, size_t payload_bytes);

nng_socket connect_to(const char *url);

/* One exchange; 0 or an nng error. The caller frees *ret. */
int exchange(nng_socket socket, struct slice frame, Lectern__Rpc__V1__Response **ret);

/* The frame of a call of GetTag, by slug where id is 0. */
struct slice get_tag_frame(const char *slug, uint64_t id, uint8_t *out, size_t out_bytes);

struct slice list_tags_frame(int32_t reply_bytes, uint8_t *out, size_t out_bytes);

/* Whether the server answers with the slug that it was sent. */
bool echoes(nng_socket socket, const char *slug);
void check_works(const char *url);

/* A tcp connection without nng: greet() first. */
int connect_raw(const char *url);
void greet(int fd);
void send_raw(int fd, const void *data, size_t size);
void send_request(int fd, uint32_t id, struct slice frame);

/* Reads a reply whose payload has so many bytes. */
void skip_reply(int fd, size_t payload_bytes);

/* Reads one reply; free it with lectern__rpc__v1__response__free_unpacked(). */
Lectern__Rpc__V1__Response *read_reply(int fd);

/* Reads until the server closes the connection; false if it does not in time. */
bool is_closed_by_server(int fd);

/* A call of CreateTag in a thread of its own, which runs run_write(). */
struct write {
	pthread_t thread;
	const char *url;
	int rv; /* of the exchange */
	bool made;
};
void *run_write(void *write);
