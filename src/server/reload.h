/* What SIGHUP does to options. */
#pragma once
#include "server/options.h"

/* Reads arguments, variables and file again. What can change without a restart does; everything
 * else that has changed is named in the log. Where they are wrong all stays as it is, which is
 * logged. */
void reload_options(struct server_options *options, int argc, char *const *argv);
