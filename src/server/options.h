/* lecternd's options: one table gives parsing, environment, --help and the manual page. */
#pragma once
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum server_action {
	SERVER_RUN,
	SERVER_RESTORE,
	SERVER_HELP,
	SERVER_VERSION,
	SERVER_MAN,
};

struct server_options {
	enum server_action action;
	const char *data;
	const char *backup_dir; /* NULL: "backups" in `data` */
	const char *restore;	/* the file, for SERVER_RESTORE */
	const char *urls[LIMIT_LISTENERS];
	size_t url_count;
	const char *publish_urls[LIMIT_LISTENERS];
	size_t publish_url_count; /* 0: nothing is published */
	/* Owned; what urls from the environment point into. */
	char *url_text;
	char *publish_url_text;
	uint64_t map_bytes;
	size_t contexts;
	size_t max_connections; /* 0: as many as the limit of descriptors allows */
	uint32_t max_in_flight; /* on each connection */
	uint32_t revisions_kept;
	int64_t trash_retention_us; /* 0: for ever; so below */
	int64_t change_retention_us;
	uint64_t changes_kept; /* 0: no bound */
	enum log_format log_format;
	enum log_level log_level;
	bool insecure;
};

/*
 * Reads the arguments and, for options that are not among them, the variables LECTERND_*. The texts
 * of arguments and environment are borrowed. INVALID_ARGUMENT with one line that says what to
 * write. *ret is to be freed with server_options_done() in any case.
 */
enum code server_options_parse(
	int argc, char *const *argv, struct server_options *ret, struct error *err) NODISCARD;
void server_options_done(struct server_options *options);

/* The text of --help and the manual page lecternd(8) in man(7) format. */
void server_options_print_help(FILE *out);
void server_options_print_man(FILE *out);
