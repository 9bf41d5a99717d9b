/* The functions behind `lectern tag`, `category` and `author`. command->subject is the kind. */
#pragma once
#include "cli/cli.h"
#include "cli/term.h"

/* term_read.c */
enum exit_status term_run_get(struct cli *cli, const struct args *args);
enum exit_status term_run_list(struct cli *cli, const struct args *args);
/* term_write.c */
enum exit_status term_run_create(struct cli *cli, const struct args *args);
enum exit_status term_run_update(struct cli *cli, const struct args *args);
enum exit_status term_run_rename(struct cli *cli, const struct args *args);
enum exit_status term_run_merge(struct cli *cli, const struct args *args);
enum exit_status term_run_delete(struct cli *cli, const struct args *args);
