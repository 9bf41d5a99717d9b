#include "cli/cli.h"

#include <signal.h>

int main(int argc, char **argv)
{
	/* A reader that closes the pipe early ends the output, not the program. */
	signal(SIGPIPE, SIG_IGN);
	struct cli cli;
	cli_init(&cli);
	int status = cli_run(&cli, argc, argv);
	cli_done(&cli);
	return status;
}
