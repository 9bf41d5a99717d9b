/* lectern stats --watch */
#pragma once
#include "cli/cli.h"

enum exit_status stats_watch(struct cli *cli, const struct args *args);
