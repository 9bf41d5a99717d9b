#include "support/transport_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void answers_on_every_address(void **state)
{
	/* Whatever files are made with, sockets are for their owner. */
	mode_t mask = umask(0);
	struct nng_server *server = start();
	umask(mask);
	assert_int_equal(nng_server_address_count(server), 2);
	assert_string_equal(nng_server_address(server, 0), ipc_url);
	unsigned port = 0;
	assert_int_equal(sscanf(nng_server_address(server, 1), "tcp://127.0.0.1:%u", &port), 1);
	assert_int_not_equal(port, 0);
	check_works(nng_server_address(server, 0));
	check_works(nng_server_address(server, 1));
	struct stat info;
	assert_int_equal(stat(ipc_url + strlen("ipc://"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	stop(server);
}

struct client {
	pthread_t thread;
	const char *url;
	int number;
	int good;
};

enum { CLIENTS = 12, EXCHANGES = 100 };

static void *run_client(void *arg)
{
	struct client *client = arg;
	nng_socket socket = connect_to(client->url);
	for (int i = 0; i < EXCHANGES; i++) {
		char slug[32];
		snprintf(slug, sizeof slug, "client-%d-%d", client->number, i);
		client->good += echoes(socket, slug);
	}
	nng_close(socket);
	return NULL;
}

static void serves_many_clients_at_once(void **state)
{
	struct nng_server *server = start();
	struct client clients[CLIENTS];
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){
			.url = nng_server_address(server, (size_t)i % 2),
			.number = i,
		};
		assert_int_equal(
			pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		assert_int_equal(clients[i].good, EXCHANGES);
	}
	stop(server);
}

/* Frames that are no requests, and what of the status they get. */
static const struct {
	const char *label;
	const char *bytes;
	size_t size;
	enum code code;
	const char *text;
} garbage[] = {
	{ "nothing", "", 0, CODE_INVALID_ARGUMENT, "names no method" },
	{ "text", "GET / HTTP/1.1\r\n\r\n", 18, CODE_INVALID_ARGUMENT, "malformed" },
	{ "zeros", "\0\0\0\0\0\0\0\0", 8, CODE_INVALID_ARGUMENT, "malformed" },
	{ "4 GiB length", "\x0a\xff\xff\xff\xff\x0f", 6, CODE_INVALID_ARGUMENT, "malformed" },
	{ "unknown method", "\x0a\x03x/y", 5, CODE_UNIMPLEMENTED, "there is no service 'x'" },
	{ "bad payload", "\x0a\x1dlectern.v1.TagService/GetTagX", 2, CODE_INVALID_ARGUMENT,
		"malformed" },
};

static void answers_garbage_with_a_status(void **state)
{
	struct nng_server *server = start();
	nng_socket socket = connect_to(nng_server_address(server, 1));
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		Lectern__Rpc__V1__Response *response = NULL;
		print_message("%s\n", garbage[i].label);
		assert_int_equal(
			exchange(socket, slice_of(garbage[i].bytes, garbage[i].size), &response),
			0);
		assert_non_null(response->status);
		assert_int_equal(response->status->code, garbage[i].code);
		assert_non_null(strstr(response->status->message, garbage[i].text));
		lectern__rpc__v1__response__free_unpacked(response, NULL);
	}
	assert_true(echoes(socket, "still-there"));
	nng_close(socket);
	stop(server);
}

static void refuses_large_requests(void **state)
{
	struct nng_server *server = start();
	nng_socket socket = connect_to(nng_server_address(server, 1));
	uint8_t *large = calloc(1, LIMIT_REQUEST_BYTES + 1);
	assert_non_null(large);
	Lectern__Rpc__V1__Response *response = NULL;
	assert_int_equal(exchange(socket, slice_of(large, LIMIT_REQUEST_BYTES + 1), &response), 0);
	assert_non_null(strstr(response->status->message, "at most 8388608 are allowed"));
	lectern__rpc__v1__response__free_unpacked(response, NULL);
	assert_true(echoes(socket, "still-there"));
	nng_close(socket);
	free(large);
	stop(server);
}

static enum code try_listen(const char *url, struct error *err)
{
	struct nng_server_options options = { .rpc = rpc, .urls = &url, .url_count = 1 };
	struct nng_server *server = NULL;
	enum code code = nng_server_new(&options, &server, err);
	if (code == CODE_OK) {
		nng_server_start(server);
		check_works(url);
		stop(server);
	}
	return code;
}

static void listens_again_on_an_ipc_path(void **state)
{
	struct error err;
	const char *path = ipc_url + strlen("ipc://");
	for (int i = 0; i < 3; i++)
		assert_int_equal(try_listen(ipc_url, &err), CODE_OK);

	/* What a killed server leaves. */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(try_listen(ipc_url, &err), CODE_OK);

	/* A server that lives. */
	struct nng_server *server = start();
	assert_int_equal(try_listen(ipc_url, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "another program does"));
	check_works(ipc_url);
	stop(server);

	/* A file that is no socket is left alone. */
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(try_listen(ipc_url, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "a file that is no socket is there"));
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

static const struct {
	const char *url;
	enum code code;
	const char *text;
} addresses[] = {
	{ "http://127.0.0.1:80", CODE_INVALID_ARGUMENT,
		"'http://127.0.0.1:80' is no address to listen on; write tcp://HOST:PORT, "
		"tls+tcp://HOST:PORT or "
		"ipc://PATH" },
	{ "tcp://127.0.0.1", CODE_INVALID_ARGUMENT,
		"'tcp://127.0.0.1' has no port; write for example tcp://127.0.0.1:7400, or port 0 "
		"for any free one" },
	{ "tls+tcp://127.0.0.1:0", CODE_INVALID_ARGUMENT,
		"'tls+tcp://127.0.0.1:0' needs a certificate and its key" },
	{ "tcp://[::1]", CODE_INVALID_ARGUMENT, NULL },
	{ "ipc://", CODE_INVALID_ARGUMENT,
		"'ipc://' has no path; write for example ipc:///run/lectern/rpc.sock" },
	{ "ipc:///does/not/exist/rpc.sock", CODE_FAILED_PRECONDITION,
		"cannot listen on ipc:///does/not/exist/rpc.sock: its folder does not exist; make "
		"it first" },
	{ "tcp://192.0.2.1:7400", CODE_INVALID_ARGUMENT,
		"cannot listen on tcp://192.0.2.1:7400: it is no address of this machine" },
};

static void refuses_wrong_addresses(void **state)
{
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct error err;
		print_message("%s\n", addresses[i].url);
		enum code code = try_listen(addresses[i].url, &err);
		if (code != addresses[i].code)
			print_message("%s\n", err.text);
		assert_int_equal(code, addresses[i].code);
		if (addresses[i].text != NULL)
			assert_string_equal(err.text, addresses[i].text);
	}
	struct nng_server *server = start();
	struct error err;
	assert_int_equal(try_listen(nng_server_address(server, 1), &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "another program does"));
	stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_on_every_address),
		cmocka_unit_test(serves_many_clients_at_once),
		cmocka_unit_test(answers_garbage_with_a_status),
		cmocka_unit_test(refuses_large_requests),
		cmocka_unit_test(listens_again_on_an_ipc_path),
		cmocka_unit_test(refuses_wrong_addresses),
	};
	return cmocka_run_group_tests(tests, transport_set_up, transport_tear_down);
}
