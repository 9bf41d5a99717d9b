#include "server/lifecycle.h"
#include "server/options.h"

#include <lectern/version.h>

enum { EXIT_USAGE = 2 };

static int act(const struct server_options *options)
{
	switch (options->action) {
	case SERVER_RUN:
		log_configure(options->log_format, options->log_level);
		return server_run(options);
	case SERVER_RESTORE:
		log_configure(options->log_format, options->log_level);
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
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct server_options options;
	struct error err;
	int status = EXIT_USAGE;
	if (server_options_parse(argc, argv, &options, &err) == CODE_OK)
		status = act(&options);
	else
		fprintf(stderr, "lecternd: %s\n", err.text);
	server_options_done(&options);
	return status;
}
