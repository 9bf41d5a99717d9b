/* The rows behind options.h. */
#pragma once
#include "server/options.h"

struct option_row {
	const char *name;     /* of the long option, without dashes */
	const char *argument; /* as in help; NULL for a switch */
	const char *help;     /* one sentence a piece, without a full stop at its end */
	const char *initial;  /* the default as help shows it; NULL if there is none */
	/* Takes the value, NULL for a switch that is given as an argument; `source` names the
	 * option or variable for the error's text. */
	enum code (*apply)(struct server_options *options, const char *value, const char *source,
		struct error *err);
	bool environment; /* also LECTERND_NAME */
	/* Where the texts of a variable with several values, separated by blanks, are kept: a char
	 * pointer of struct server_options. 0: a variable holds one value. */
	size_t list_text;
	bool hidden; /* not in help */
};

extern const struct option_row option_table[];
extern const size_t option_count;

enum { VARIABLE_BYTES_MAX = 64 };

/* "LECTERND_MAP_SIZE" for "map-size". */
void option_variable(const struct option_row *row, char out[VARIABLE_BYTES_MAX]);

/* The visible option whose name is nearest to a wrong one; NULL if none is near. */
const char *option_nearest(const char *name);
