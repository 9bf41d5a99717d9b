/*
 * lecternd's options. One table (option_table.h) gives how they are read from arguments and
 * environment, --help and the manual page.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "telemetry/telemetry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	OPTIONS_MAX = 96,		   /* rows of the table */
	OPTION_LIST_MAX = LIMIT_LISTENERS, /* values of one option */
};

enum server_action {
	SERVER_RUN,
	SERVER_RESTORE,
	SERVER_HELP,
	SERVER_VERSION,
	SERVER_MAN,
	SERVER_PRINT_CONFIG,
	SERVER_PRINT_OPTIONS, /* as a table in Markdown */
	SERVER_PRINT_SAMPLE,  /* as a file for --config */
};

/* The values of an option that may be given several times. */
struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

enum server_log_format {
	SERVER_LOG_AUTO, /* text on a terminal, else JSON */
	SERVER_LOG_TEXT,
	SERVER_LOG_JSON,
};

/* Fields have the types that option_table.h allows. */
struct server_options {
	enum server_action action;
	const char *config;  /* the file of further options; NULL: none */
	const char *restore; /* the file, for SERVER_RESTORE */

	const char *data;
	const char *backup_dir; /* NULL: "backups" in `data` */
	/* PEM files for addresses with TLS; NULL where they are not given. */
	const char *tls_cert;
	const char *tls_key;
	const char *tls_client_ca;

	uint64_t map_bytes;
	uint64_t revisions_kept;
	int64_t trash_retention_us; /* 0: for ever; so below */
	int64_t change_retention_us;
	uint64_t changes_kept; /* 0: no bound */
	uint64_t reply_cache_bytes;

	struct option_list listen;
	struct option_list publish; /* none: nothing is published */
	uint64_t contexts;
	uint64_t max_connections; /* 0: as many as the limit of open files allows */
	uint64_t max_in_flight;	  /* on each connection */

	const char *tokens; /* the file; NULL: nobody needs one */
	bool insecure;

	struct option_list http; /* none: no HTTP */
	struct option_list http_cors_origin;
	uint64_t http_connections;
	int64_t http_max_age_us;
	const char *site_url; /* NULL: from each request */
	const char *site_title;
	const char *site_post_path;
	const char *site_term_path;
	bool public_feeds;

	enum server_log_format log_format;
	enum log_level log_level;
	enum telemetry_log_calls log_calls;
	int64_t slow_call_us; /* 0: none is slow */

	/* Of each row of the table, by its index. */
	const char *origins[OPTIONS_MAX]; /* "default", "--map-size", "/etc/a.ini:12" */
	struct arena texts; /* owns what fields point to, but for arguments and environment */
};

/*
 * Reads the arguments, the variables LECTERND_*, the file of --config and the defaults, of which
 * the first that has an option wins. The texts of arguments and environment are borrowed.
 * INVALID_ARGUMENT with one line that says what to write. *ret must not be moved and is to be freed
 * with server_options_done() in any case.
 */
enum code server_options_parse(
	int argc, char *const *argv, struct server_options *ret, struct error *err) NODISCARD;
void server_options_done(struct server_options *options);

/* What the options must be together; server_options_parse() has called it. */
enum code server_options_check(const struct server_options *options, struct error *err) NODISCARD;

/* INVALID_ARGUMENT if other machines can reach an address that is not protected, which
 * server_options_check() allows with `insecure`. */
enum code server_options_check_reach(const struct server_options *options, struct error *err)
	NODISCARD;

/* Starts the log as the options say. */
void server_options_start_log(const struct server_options *options);

/* The text of --help and the manual page lecternd(8) in man(7) format. */
void server_options_print_help(FILE *out);
void server_options_print_man(FILE *out);

/* Each option with its value and where it comes from, as a file for --config. */
void server_options_print_config(const struct server_options *options, FILE *out);

/* The options as a table in Markdown, and as a file for --config with comments. */
void server_options_print_table(FILE *out);
void server_options_print_sample(FILE *out);
