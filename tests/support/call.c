#include "support/call.h"

#include "base/clock.h"
#include "rpc/rpc.h"
#include "services/services.h"
#include "store/store.h"

#include <ftw.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/change.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/import.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/reflection.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char PACKAGE[] = "lectern.v1.";
static const uint64_t MAP_BYTES = UINT64_C(1) << 30;

/* A call and what the one who waits for it gets. */
struct started_call {
	struct rpc_call call;
	struct arena arena;
	char method[256];
	uint8_t *payload;
	pthread_mutex_t mutex;
	pthread_cond_t answered;
	bool done;
	struct answer answer;
};

static _Noreturn void give_up(const char *what, const struct error *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	abort();
}

static void start(struct local_server *server)
{
	struct error err;
	struct store_options store = { .directory = server->directory,
		.retention = { .revisions_kept = LOCAL_SERVER_REVISIONS_KEPT },
		.map_bytes = MAP_BYTES };
	struct rpc_options rpc;
	if (server->retention != NULL)
		store.retention = *server->retention;
	if (store_open(&store, &server->store, &err) != CODE_OK)
		give_up("open store", &err);
	char backups[128];
	snprintf(backups, sizeof backups, "%s/backups", server->directory);
	struct services_options services = {
		.store = server->store, .version = "test", .backup_directory = backups
	};
	if (services_new(&services, &server->services, &err) != CODE_OK)
		give_up("start services", &err);
	services_rpc_options(server->services, &rpc);
	if (rpc_new(&rpc, &server->rpc, &err) != CODE_OK)
		give_up("start dispatcher", &err);
}

void local_server_stop(struct local_server *server)
{
	services_stop(server->services);
	store_close(server->store);
	server->store = NULL;
}

static void stop(struct local_server *server)
{
	if (server->store != NULL)
		local_server_stop(server);
	services_free(server->services);
	rpc_free(server->rpc);
}

void local_server_open(struct local_server *server)
{
	*server = (struct local_server){ .directory = "/tmp/lectern-test-XXXXXX" };
	if (mkdtemp(server->directory) == NULL) {
		perror("mkdtemp");
		abort();
	}
	start(server);
}

void local_server_reopen(struct local_server *server)
{
	stop(server);
	start(server);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return remove(path);
}

void local_server_close(struct local_server *server)
{
	enum { OPEN_FOLDERS_MAX = 8 };
	stop(server);
	nftw(server->directory, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}

/* The method's descriptor, by its name with or without the package. */
static const ProtobufCMethodDescriptor *find_method(const char *name)
{
	static const ProtobufCServiceDescriptor *const services[] = {
		&lectern__v1__post_service__descriptor,
		&lectern__v1__tag_service__descriptor,
		&lectern__v1__category_service__descriptor,
		&lectern__v1__author_service__descriptor,
		&lectern__v1__archive_service__descriptor,
		&lectern__v1__search_service__descriptor,
		&lectern__v1__change_service__descriptor,
		&lectern__v1__import_service__descriptor,
		&lectern__v1__admin_service__descriptor,
		&lectern__v1__health_service__descriptor,
		&lectern__v1__reflection_service__descriptor,
	};
	if (*name == '/')
		name++;
	if (strncmp(name, PACKAGE, strlen(PACKAGE)) == 0)
		name += strlen(PACKAGE);
	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		size_t size = strlen(services[i]->short_name);
		if (strncmp(name, services[i]->short_name, size) == 0 && name[size] == '/')
			return protobuf_c_service_descriptor_get_method_by_name(
				services[i], name + size + 1);
	}
	return NULL;
}

static void copy_reply(const struct reply *reply, struct answer *answer)
{
	size_t size = 0;
	answer->bytes = malloc(reply->size_bytes + 1);
	if (answer->bytes == NULL)
		abort();
	for (size_t i = 0; i < reply->count; i++) {
		if (reply->parts[i].size > 0)
			memcpy(answer->bytes + size, reply->parts[i].data, reply->parts[i].size);
		size += reply->parts[i].size;
	}
	answer->size_bytes = size;
}

static void respond(struct rpc_call *rpc_call, const struct error *err)
{
	struct started_call *started = (struct started_call *)rpc_call;
	struct answer *answer = &started->answer;
	if (err != NULL) {
		answer->code = err->code;
		answer->err = *err;
	} else {
		copy_reply(&rpc_call->reply, answer);
	}
	answer->revision = rpc_call->revision;
	pthread_mutex_lock(&started->mutex);
	started->done = true;
	pthread_cond_signal(&started->answered);
	pthread_mutex_unlock(&started->mutex);
}

/* Takes the payload over. */
static struct started_call *start_call(
	struct local_server *server, const char *method, uint8_t *payload, size_t size_bytes)
{
	struct started_call *started = calloc(1, sizeof *started);
	if (started == NULL || payload == NULL)
		abort();
	bool short_name = strstr(method, PACKAGE) == NULL && strncmp(method, "/", 1) != 0;
	snprintf(started->method, sizeof started->method, "%s%s%s", short_name ? "/" : "",
		short_name ? PACKAGE : "", method);
	started->payload = payload;
	pthread_mutex_init(&started->mutex, NULL);
	pthread_cond_init(&started->answered, NULL);
	arena_init(&started->arena,
		server->arena_bytes != 0 ? server->arena_bytes : LIMIT_ARENA_BYTES);
	started->call.arena = &started->arena;
	started->call.method = slice_of_text(started->method);
	started->call.payload = slice_of(payload, size_bytes);
	started->call.arrival_ns = clock_monotonic_ns();
	started->call.timeout_ms = server->timeout_ms != 0 ? server->timeout_ms : LIMIT_TIMEOUT_MS;
	started->call.peer = "test";
	started->call.respond = respond;
	rpc_dispatch(server->rpc, &started->call);
	return started;
}

struct started_call *call_start(
	struct local_server *server, const char *method, const ProtobufCMessage *request)
{
	size_t size = protobuf_c_message_get_packed_size(request);
	uint8_t *payload = malloc(size + 1);
	if (payload != NULL)
		protobuf_c_message_pack(request, payload);
	return start_call(server, method, payload, size);
}

enum code call_wait(struct started_call *started, struct answer *ret)
{
	pthread_mutex_lock(&started->mutex);
	while (!started->done)
		pthread_cond_wait(&started->answered, &started->mutex);
	pthread_mutex_unlock(&started->mutex);
	answer_done(ret);
	*ret = started->answer;
	const ProtobufCMethodDescriptor *row = find_method(started->method);
	if (ret->code == CODE_OK && row != NULL) {
		ret->message =
			protobuf_c_message_unpack(row->output, NULL, ret->size_bytes, ret->bytes);
		if (ret->message == NULL) {
			fprintf(stderr, "%s: the answer is no %s\n", started->method,
				row->output->name);
			abort();
		}
	}
	arena_done(&started->arena);
	pthread_cond_destroy(&started->answered);
	pthread_mutex_destroy(&started->mutex);
	free(started->payload);
	free(started);
	return ret->code;
}

enum code call_bytes(struct local_server *server, const char *method, const void *payload,
	size_t size_bytes, struct answer *ret)
{
	uint8_t *copy = malloc(size_bytes + 1);
	if (copy != NULL && size_bytes > 0)
		memcpy(copy, payload, size_bytes);
	return call_wait(start_call(server, method, copy, size_bytes), ret);
}

enum code call(struct local_server *server, const char *method, const ProtobufCMessage *request,
	struct answer *ret)
{
	return call_wait(call_start(server, method, request), ret);
}

void *call_ok(struct local_server *server, const char *method, const ProtobufCMessage *request,
	struct answer *ret)
{
	if (call(server, method, request, ret) != CODE_OK)
		give_up(method, &ret->err);
	return ret->message;
}

void answer_done(struct answer *answer)
{
	if (answer->message != NULL)
		protobuf_c_message_free_unpacked(answer->message, NULL);
	free(answer->bytes);
	*answer = (struct answer){ .code = CODE_OK };
}

uint64_t count_problems(struct local_server *server)
{
	struct answer answer = { 0 };
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	const Lectern__V1__CheckStoreResponse *response =
		call_ok(server, "AdminService/CheckStore", &request.base, &answer);
	for (size_t i = 0; i < response->n_problems; i++)
		fprintf(stderr, "problem of the store: %s\n", response->problems[i]);
	uint64_t count = response->problem_count;
	answer_done(&answer);
	return count;
}

uint64_t revision_of(struct local_server *server)
{
	struct answer answer = { 0 };
	Lectern__V1__GetServerInfoRequest request = LECTERN__V1__GET_SERVER_INFO_REQUEST__INIT;
	call_ok(server, "AdminService/GetServerInfo", &request.base, &answer);
	uint64_t revision = answer.revision;
	answer_done(&answer);
	return revision;
}

char *text(const char *given)
{
	return (char *)(uintptr_t)(given == NULL ? protobuf_c_empty_string : given);
}
