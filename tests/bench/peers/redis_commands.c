/*
 * The posts of a server as commands of Redis, for redis-cli --pipe:
 *
 *   bench.redis_commands <VALUES        the output of bench.values
 *
 * The keys are post:000000000000 and so on, numbers in the order of the posts, as redis-benchmark
 * makes them of post:__rand_int__.
 */
#include "values.h"

#include <inttypes.h>
#include <stdlib.h>

enum { KEY_BYTES = 17 };

static enum code print_commands(struct values *values, struct error *err)
{
	for (;;) {
		bool more;
		enum code code = values_next(values, &more, err);
		if (code != CODE_OK || !more)
			return code;
		printf("*3\r\n$3\r\nSET\r\n$%d\r\npost:%012" PRIu64 "\r\n$%zu\r\n", KEY_BYTES,
			values->count - 1, values->size_bytes);
		fwrite(values->bytes, 1, values->size_bytes, stdout);
		if (printf("\r\n") < 0)
			return fail(err, CODE_UNKNOWN, "cannot write the commands");
	}
}

int main(void)
{
	struct error err;
	AUTO(values_done) struct values values;
	values_init(&values, stdin);
	enum code code = print_commands(&values, &err);
	if (code == CODE_OK && fflush(stdout) != 0)
		code = fail(&err, CODE_UNKNOWN, "cannot write the commands");
	if (code != CODE_OK)
		fprintf(stderr, "bench.redis_commands: %s\n", err.text);
	return code == CODE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
