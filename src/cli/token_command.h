/* What the commands of "lectern token" have in common. */
#pragma once
#include "cli/args.h"
#include "cli/cli.h"

#include <stdint.h>

struct token_entry;

#define OPTION_ROW_TOKENS \
	{ \
		.id = OPTION_TOKENS, .name = "tokens", .value = "FILE", .words = WORDS_FILE, \
		.help = "The tokens file of the server (default: LECTERND_TOKENS)" \
	}

/* The tokens file that the line or the environment names. */
enum exit_status token_choose_file(struct cli *cli, const struct args *args, const char **ret)
	NODISCARD;

/* "never" or a time. */
const char *token_expiry(int64_t expires_us, char text[32]);

extern const struct command token_check_command;
extern const struct command token_list_command;
