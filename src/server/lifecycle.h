/* From start to stop: the parts of the server in the order in which they need each other. */
#pragma once
#include "server/options.h"

/* Serves until a signal; returns the exit status. Logs every failure itself. The arguments are
 * those that the options were read from, to read them again at SIGHUP. */
int server_run(struct server_options *options, int argc, char *const *argv);

/* Makes the store in the data directory from a backup, without serving; the same. */
int server_restore(const struct server_options *options);
