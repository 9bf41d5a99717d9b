#include "server/lifecycle.h"
#include "server/options.h"

#include <lectern/version.h>
#include <malloc.h>

enum {
	EXIT_USAGE = 2,
	LARGE_BLOCK_BYTES = 1024 * 1024,
	KEPT_BYTES = 4 * LARGE_BLOCK_BYTES, /* at the end of each heap */
};

static int act(struct server_options *options, int argc, char **argv)
{
	switch (options->action) {
	case SERVER_RUN:
		server_options_start_log(options);
		return server_run(options, argc, argv);
	case SERVER_RESTORE:
		server_options_start_log(options);
		return server_restore(options);
	case SERVER_HELP:
		server_options_print_help(stdout);
		return 0;
	case SERVER_VERSION:
		printf("lecternd %s\n", LECTERN_VERSION);
		return 0;
	case SERVER_MAN:
		server_options_print_man(stdout);
		return 0;
	case SERVER_PRINT_CONFIG:
		server_options_print_config(options, stdout);
		return 0;
	case SERVER_PRINT_OPTIONS:
		server_options_print_table(stdout);
		return 0;
	case SERVER_PRINT_SAMPLE:
		server_options_print_sample(stdout);
		return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct server_options options;
	struct error err;
	int status = EXIT_USAGE;
#ifdef M_MMAP_THRESHOLD
	/* Large messages come from the system and go back to it. glibc would raise the size from
	 * which it does so to that of the largest that was freed; the network library's memory for
	 * a request of megabytes that is only announced would then be written to, and kept. */
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
	/* And it would give back what ends a heap after each smaller one, to be faulted in again
	 * page by page for the next: a third of the kernel's time for replies of 250 KB. */
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
	if (server_options_parse(argc, argv, &options, &err) == CODE_OK)
		status = act(&options, argc, argv);
	else
		fprintf(stderr, "lecternd: %s\n", err.text);
	server_options_done(&options);
	return status;
}
