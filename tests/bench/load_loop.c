#include "load_loop.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	OUTPUT_BYTES_MAX = 64 * 1024 * 1024,
	INPUT_BYTES = 512 * 1024,
	DRAWS = 1 << 16, /* a power of two */
	EVENTS = 64,
	/* Answers that are later than this after the end have failed. */
	GRACE_MS = 5000,
};
#define NS_PER_S UINT64_C(1000000000)

struct loop {
	const struct loop_options *options;
	struct loop_result *result;
	uint32_t *draws; /* requests in the order in which they are sent, round and round */
	size_t next_draw;
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t running; /* calls */
	int poll;
	uint8_t *input;
};

struct loop_connection {
	struct loop *loop;
	int socket;
	void *state;
	struct buffer output;
	size_t written; /* of output */
	bool waits_to_write;
	uint64_t *began_ns; /* of each slot */
};

struct buffer *loop_output(struct loop_connection *connection)
{
	return &connection->output;
}

static bool begin(struct loop_connection *connection, uint32_t slot, uint64_t now_ns)
{
	struct loop *loop = connection->loop;
	uint32_t draw = loop->draws[loop->next_draw++ % DRAWS];
	connection->began_ns[slot] = now_ns;
	loop->running++;
	return loop->options->protocol->send(
		connection->state, slot, loop->options->requests[draw].bytes);
}

bool loop_answered(struct loop_connection *connection, uint32_t slot, bool succeeded, size_t size)
{
	struct loop *loop = connection->loop;
	uint64_t now_ns = clock_monotonic_ns();
	if (slot >= loop->options->in_flight)
		return false;
	loop->running--;
	if (succeeded) {
		loop->result->succeeded++;
		loop->result->received_bytes += size;
		latency_add(&loop->result->latency, now_ns - connection->began_ns[slot]);
	} else {
		loop->result->failed++;
	}
	return now_ns >= loop->end_ns || begin(connection, slot, now_ns);
}

bool loop_start(struct loop_connection *connection)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool fine = true;
	for (uint32_t i = 0; i < connection->loop->options->in_flight && fine; i++)
		fine = begin(connection, i, now_ns);
	return fine;
}

/* xorshift64*, always the same. */
static double random_share(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0;
}

/* By their weights. */
static bool draw_requests(struct loop *loop)
{
	size_t count = loop->options->request_count;
	double *sums = calloc(count, sizeof *sums);
	loop->draws = calloc(DRAWS, sizeof *loop->draws);
	if (sums == NULL || loop->draws == NULL) {
		free(sums);
		return false;
	}
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sums[i] = sum += loop->options->requests[i].weight;
	uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < DRAWS; i++) {
		double at = random_share(&random) * sum;
		size_t low = 0, high = count - 1;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (sums[middle] > at)
				high = middle;
			else
				low = middle + 1;
		}
		loop->draws[i] = (uint32_t)low;
	}
	free(sums);
	return true;
}

static bool watch(struct loop_connection *connection, int operation)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
	if (connection->waits_to_write)
		event.events |= EPOLLOUT;
	return epoll_ctl(connection->loop->poll, operation, connection->socket, &event) == 0;
}

static bool write_output(struct loop_connection *connection)
{
	struct buffer *output = &connection->output;
	while (connection->written < output->size) {
		ssize_t size = send(connection->socket, output->data + connection->written,
			output->size - connection->written, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (size < 0 && errno == EAGAIN)
			break;
		if (size > 0)
			connection->written += (size_t)size;
	}
	bool waits = connection->written < output->size;
	if (!waits) {
		buffer_clear(output);
		connection->written = 0;
	}
	if (waits == connection->waits_to_write)
		return true;
	connection->waits_to_write = waits;
	return watch(connection, EPOLL_CTL_MOD);
}

static bool flush(struct loop_connection *connection)
{
	return connection->loop->options->protocol->flush(connection->state) &&
	       !connection->output.overflow && write_output(connection);
}

static bool read_input(struct loop_connection *connection)
{
	struct loop *loop = connection->loop;
	ssize_t size = recv(connection->socket, loop->input, INPUT_BYTES, MSG_DONTWAIT);
	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	return size > 0 && loop->options->protocol->receive(
				   connection->state, slice_of(loop->input, (size_t)size));
}

static bool open_connection(struct loop *loop, struct loop_connection *connection)
{
	const struct loop_options *options = loop->options;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(options->port) };
	int on = 1;
	*connection = (struct loop_connection){ .loop = loop };
	buffer_init(&connection->output, OUTPUT_BYTES_MAX);
	connection->began_ns = calloc(options->in_flight, sizeof *connection->began_ns);
	connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->began_ns == NULL || connection->socket < 0 ||
		inet_pton(AF_INET, options->host, &address.sin_addr) != 1 ||
		connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0 ||
		setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		return false;
	connection->state = options->protocol->open(connection, options->method);
	return connection->state != NULL && watch(connection, EPOLL_CTL_ADD) && flush(connection);
}

static void close_connection(struct loop_connection *connection)
{
	if (connection->state != NULL)
		connection->loop->options->protocol->close(connection->state);
	if (connection->loop != NULL && connection->socket >= 0)
		close(connection->socket);
	buffer_done(&connection->output);
	free(connection->began_ns);
}

static bool turn(struct loop *loop)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(loop->poll, events, EVENTS, 100);
	for (int i = 0; i < count; i++) {
		struct loop_connection *connection = events[i].data.ptr;
		bool readable = (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
		if ((readable && !read_input(connection)) || !flush(connection)) {
			fprintf(stderr, "bench.load: a connection was lost or is none of %s\n",
				loop->options->protocol->name);
			return false;
		}
	}
	return count >= 0 || errno == EINTR;
}

static bool run(struct loop *loop, struct loop_connection *connections)
{
	for (uint32_t i = 0; i < loop->options->connections; i++)
		if (!open_connection(loop, &connections[i])) {
			fprintf(stderr, "bench.load: connect to %s:%u: %s\n", loop->options->host,
				loop->options->port, strerror(errno));
			return false;
		}
	loop->start_ns = clock_monotonic_ns();
	loop->end_ns = loop->start_ns + loop->options->seconds * NS_PER_S;
	while (clock_monotonic_ns() < loop->end_ns || loop->running > 0) {
		if (!turn(loop))
			return false;
		if (clock_monotonic_ns() > loop->end_ns + GRACE_MS * (NS_PER_S / 1000))
			break;
	}
	loop->result->elapsed_s = (double)(clock_monotonic_ns() - loop->start_ns) / 1e9;
	loop->result->failed += loop->running;
	return true;
}

bool loop_run(const struct loop_options *options, struct loop_result *ret)
{
	struct loop loop = { .options = options, .result = ret, .end_ns = UINT64_MAX };
	struct loop_connection *connections = calloc(options->connections, sizeof *connections);
	loop.poll = epoll_create1(EPOLL_CLOEXEC);
	loop.input = malloc(INPUT_BYTES);
	bool fine =
		connections != NULL && loop.poll >= 0 && loop.input != NULL && draw_requests(&loop);
	if (!fine)
		fprintf(stderr, "bench.load: out of memory\n");
	fine = fine && run(&loop, connections);
	for (uint32_t i = 0; connections != NULL && i < options->connections; i++)
		close_connection(&connections[i]);
	free(connections);
	free(loop.input);
	free(loop.draws);
	close(loop.poll);
	return fine;
}
