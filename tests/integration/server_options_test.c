#include "server/address.h"
#include "server/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 8 };

static const char *const variables[] = { "LECTERND_DATA", "LECTERND_BACKUP_DIR", "LECTERND_LISTEN",
	"LECTERND_PUBLISH", "LECTERND_MAP_SIZE", "LECTERND_CONTEXTS", "LECTERND_LOG_FORMAT",
	"LECTERND_LOG_LEVEL", "LECTERND_INSECURE", "LECTERND_REVISIONS_KEPT",
	"LECTERND_TRASH_RETENTION", "LECTERND_CHANGE_RETENTION", "LECTERND_CHANGES_KEPT",
	"LECTERND_TOKENS", "LECTERND_CONFIG", "LECTERND_MAP_SISE", "LECTERND_SERVICE_PORT",
	"LECTERND_LISTEN_PORT", "LECTERND_PORT_7400_TCP_ADDR" };

static int forget_environment(void **state)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		unsetenv(variables[i]);
	return 0;
}

static enum code parse(
	const char *const *arguments, struct server_options *options, struct error *err)
{
	char *argv[ARGUMENTS_MAX + 2] = { (char[]){ "lecternd" } };
	int argc = 1;
	for (; arguments[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
	return server_options_parse(argc, argv, options, err);
}

#define ARGUMENTS(...) \
	{ \
		__VA_ARGS__, NULL \
	}
static const struct {
	const char *arguments[ARGUMENTS_MAX + 1];
	const char *text;
} wrong[] = {
	{ { NULL }, "--data is required: the folder of the store, for example --data "
		    "/var/lib/lectern" },
	{ ARGUMENTS("--dta", "x"), "there is no option --dta; did you mean --data" },
	{ ARGUMENTS("--frobnicate"), "there is no option --frobnicate; see lecternd --help" },
	{ ARGUMENTS("--data"), "--data needs a value" },
	{ ARGUMENTS("--data", ""), "--data: needs a value" },
	{ ARGUMENTS("--backup-dir", ""), "--backup-dir: needs a value" },
	{ ARGUMENTS("--restore", ""), "--restore: needs a value" },
	{ ARGUMENTS("--restore", "x"), "--data is required: the folder of the store, for example "
				       "--data /var/lib/lectern" },
	{ ARGUMENTS("--insecure=1"), "--insecure takes no value" },
	{ ARGUMENTS("-x"), "'-x': options start with --; see lecternd --help" },
	{ ARGUMENTS("--data", "x", "y"),
		"'y' is no option; lecternd takes options only, see lecternd --help" },
	{ ARGUMENTS("--map-size", "1Q"),
		"--map-size: '1Q' is not a size; write for example 64G (K, M, G or T)" },
	{ ARGUMENTS("--map-size", "-1"),
		"--map-size: '-1' is not a size; write for example 64G (K, M, G or T)" },
	{ ARGUMENTS("--map-size", "1GG"),
		"--map-size: '1GG' is not a size; write for example 64G (K, M, G or T)" },
	{ ARGUMENTS("--map-size", "1K"), "--map-size: '1K' is not between 1M and 64T" },
	{ ARGUMENTS("--map-size", "65T"), "--map-size: '65T' is not between 1M and 64T" },
	{ ARGUMENTS("--map-size", "18446744073709551615T"),
		"--map-size: '18446744073709551615T' is not between 1M and 64T" },
	{ ARGUMENTS("--contexts", "0"), "--contexts: '0' is not a number from 1 to 512" },
	{ ARGUMENTS("--max-in-flight", "513"),
		"--max-in-flight: '513' is not a number from 1 to 512" },
	{ ARGUMENTS("--max-connections", "65537"),
		"--max-connections: '65537' is not a number from 0 to 65536" },
	{ ARGUMENTS("--contexts", "513"), "--contexts: '513' is not a number from 1 to 512" },
	{ ARGUMENTS("--revisions-kept", "10001"),
		"--revisions-kept: '10001' is not a number from 0 to 10000" },
	{ ARGUMENTS("--trash-retention", "30"),
		"--trash-retention: '30' is not a time; write for example 30d, 12h, 15m or 10s, or "
		"0" },
	{ ARGUMENTS("--trash-retention", "1w"),
		"--trash-retention: '1w' is not a time; write for example 30d, 12h, 15m or 10s, or "
		"0" },
	{ ARGUMENTS("--change-retention", "36501d"),
		"--change-retention: '36501d' is not at most 36500d" },
	{ ARGUMENTS("--changes-kept", "-1"),
		"--changes-kept: '-1' is not a number from 0 to 1000000000000" },
	{ ARGUMENTS("--log-format", "xml"), "--log-format: 'xml' is not auto, text or json" },
	{ ARGUMENTS("--log-level", "loud"),
		"--log-level: 'loud' is not debug, info, warn or error" },
	{ ARGUMENTS("--listen", "http://x:1"),
		"--listen: 'http://x:1' is no address; write tcp://HOST:PORT, tls+tcp://HOST:PORT "
		"or ipc://PATH, for "
		"example tcp://127.0.0.1:7400" },
	{ ARGUMENTS("--data", "x", "--listen", "tls+tcp://127.0.0.1:7400"),
		"tls+tcp://127.0.0.1:7400 needs a certificate and its key: add --tls-cert FILE and "
		"--tls-key FILE" },
	{ ARGUMENTS("--data", "x", "--publish", "tls+tcp://[::1]:7401"),
		"tls+tcp://[::1]:7401 needs a certificate and its key: add --tls-cert FILE and "
		"--tls-key FILE" },
	{ ARGUMENTS("--data", "x", "--http", "https://127.0.0.1:7480"),
		"https://127.0.0.1:7480 needs a certificate and its key: add --tls-cert FILE and "
		"--tls-key FILE" },
	{ ARGUMENTS("--data", "x", "--tls-cert", "c"),
		"--tls-cert without its key: add --tls-key FILE" },
	{ ARGUMENTS("--data", "x", "--tls-key", "k"),
		"--tls-key without its certificate: add --tls-cert FILE" },
	{ ARGUMENTS("--data", "x", "--tls-client-ca", "a"),
		"--tls-client-ca asks clients for certificates, which needs one of the server's: "
		"add --tls-cert FILE and --tls-key FILE" },
	{ ARGUMENTS("--data", "x", "--listen", "tcp://0.0.0.0:7400"),
		"other machines can reach tcp://0.0.0.0:7400, which needs tls+tcp:// and --tokens "
		"FILE; add "
		"what is missing, use 127.0.0.1 or ipc, or add --insecure if you trust the "
		"network" },
	{ ARGUMENTS("--publish", "7401"), "--publish: '7401' is no address; write tcp://HOST:PORT, "
					  "tls+tcp://HOST:PORT or ipc://PATH, for "
					  "example tcp://127.0.0.1:7400" },
	{ ARGUMENTS("--data", "x", "--publish", "ipc://p", "--publish", "tcp://[::]:7401"),
		"other machines can reach tcp://[::]:7401, which needs tls+tcp:// and "
		"--tls-client-ca FILE; add "
		"what is missing, use 127.0.0.1 or ipc, or add --insecure if you trust the "
		"network" },
};

static void says_what_is_wrong(void **state)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct server_options options;
		struct error err;
		assert_int_equal(parse(wrong[i].arguments, &options, &err), CODE_INVALID_ARGUMENT);
		assert_string_equal(err.text, wrong[i].text);
		server_options_done(&options);
	}
}

static void has_safe_defaults(void **state)
{
	static const char *const arguments[] = ARGUMENTS("--data", "/d");
	struct server_options options;
	assert_int_equal(parse(arguments, &options, NULL), CODE_OK);
	assert_int_equal(options.action, SERVER_RUN);
	assert_string_equal(options.data, "/d");
	assert_null(options.backup_dir);
	assert_int_equal(options.listen.count, 1);
	assert_string_equal(options.listen.items[0], "tcp://127.0.0.1:7400");
	assert_int_equal(options.publish.count, 0);
	assert_true(options.map_bytes == UINT64_C(64) << 30);
	assert_int_equal(options.contexts, 320);
	assert_int_equal(options.revisions_kept, 100);
	assert_true(options.trash_retention_us == INT64_C(30) * 86400 * 1000000);
	assert_true(options.change_retention_us == INT64_C(30) * 86400 * 1000000);
	assert_int_equal(options.changes_kept, 1000000);
	assert_int_equal(options.log_level, LOG_INFO);
	assert_false(options.insecure);
	server_options_done(&options);
}

static void restores_without_listening(void **state)
{
	static const char *const arguments[] = ARGUMENTS("--restore", "b.mdb");
	static const char *const version[] = ARGUMENTS("--version", "--restore", "b.mdb");
	struct server_options options;
	setenv("LECTERND_DATA", "/e", 1);
	setenv("LECTERND_LISTEN", "tcp://0.0.0.0:7400", 1); /* refused where it is listened on */
	assert_int_equal(parse(arguments, &options, NULL), CODE_OK);
	assert_int_equal(options.action, SERVER_RESTORE);
	assert_string_equal(options.restore, "b.mdb");
	assert_string_equal(options.data, "/e");
	server_options_done(&options);
	assert_int_equal(parse(version, &options, NULL), CODE_OK);
	assert_int_equal(options.action, SERVER_VERSION);
	server_options_done(&options);
}

static void reads_the_environment(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const some[] =
		ARGUMENTS("--listen", "ipc://b", "--map-size=2m", "--publish", "ipc://q");
	struct server_options options;
	setenv("LECTERND_DATA", "/e", 1);
	setenv("LECTERND_LISTEN", " tcp://[::1]:0  ipc:///a ", 1);
	setenv("LECTERND_PUBLISH", "ipc:///p tcp://127.0.0.1:0", 1);
	setenv("LECTERND_BACKUP_DIR", "/b", 1);
	setenv("LECTERND_MAP_SIZE", "1T", 1);
	setenv("LECTERND_CONTEXTS", "", 1);
	setenv("LECTERND_REVISIONS_KEPT", "7", 1);
	setenv("LECTERND_TRASH_RETENTION", "12h", 1);
	setenv("LECTERND_CHANGE_RETENTION", "0", 1);
	setenv("LECTERND_CHANGES_KEPT", "5", 1);
	assert_int_equal(parse(none, &options, NULL), CODE_OK);
	assert_string_equal(options.data, "/e");
	assert_string_equal(options.backup_dir, "/b");
	assert_int_equal(options.listen.count, 2);
	assert_string_equal(options.listen.items[0], "tcp://[::1]:0");
	assert_string_equal(options.listen.items[1], "ipc:///a");
	assert_int_equal(options.publish.count, 2);
	assert_string_equal(options.publish.items[0], "ipc:///p");
	assert_string_equal(options.publish.items[1], "tcp://127.0.0.1:0");
	assert_true(options.map_bytes == UINT64_C(1) << 40);
	assert_int_equal(options.revisions_kept, 7);
	assert_true(options.trash_retention_us == INT64_C(12) * 3600 * 1000000);
	assert_true(options.change_retention_us == 0);
	assert_int_equal(options.changes_kept, 5);
	assert_int_equal(options.contexts, 320);
	server_options_done(&options);

	assert_int_equal(parse(some, &options, NULL), CODE_OK); /* options win */
	assert_int_equal(options.listen.count, 1);
	assert_string_equal(options.listen.items[0], "ipc://b");
	assert_int_equal(options.publish.count, 1);
	assert_string_equal(options.publish.items[0], "ipc://q");
	assert_int_equal(options.map_bytes, 2 * 1024 * 1024);
	server_options_done(&options);

	static const char *const open[] = ARGUMENTS("--insecure", "--publish", "tcp://*:7401");
	assert_int_equal(parse(open, &options, NULL), CODE_OK);
	assert_string_equal(options.publish.items[0], "tcp://*:7401");
	server_options_done(&options);

	struct error err;
	setenv("LECTERND_INSECURE", "maybe", 1);
	assert_int_equal(parse(none, &options, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "LECTERND_INSECURE: 'maybe' is not true or false");
	server_options_done(&options);
}

static void refuses_variables_of_no_option(void **state)
{
	static const char *const none[] = ARGUMENTS("--data", "d");
	struct server_options options;
	struct error err;
	setenv("LECTERND_SERVICE_PORT", "7400", 1); /* of Kubernetes */
	assert_int_equal(parse(none, &options, &err), CODE_OK);
	server_options_done(&options);
	setenv("LECTERND_LISTEN_PORT", "7500", 1);
	assert_int_equal(parse(none, &options, &err), CODE_INVALID_ARGUMENT);
	server_options_done(&options);
	setenv("LECTERND_LISTEN_PORT", "tcp://10.0.0.1:7400", 1);
	setenv("LECTERND_PORT_7400_TCP_ADDR", "10.0.0.1", 1);
	assert_int_equal(parse(none, &options, &err), CODE_OK);
	server_options_done(&options);
	setenv("LECTERND_MAP_SISE", "1G", 1);
	assert_int_equal(parse(none, &options, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "LECTERND_MAP_SISE is the variable of no option; did you "
				      "mean LECTERND_MAP_SIZE");
	server_options_done(&options);
}

/* A file with the text, in a temporary folder. */
static void write_file(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static const struct {
	const char *text, *error; /* NULL: none */
} files[] = {
	{ "", NULL },
	{ "# nothing\n; nothing\n\n[store]\n[log]\n", NULL },
	{ "[store]\nmap-size = 1G\n\n[network]\nlisten=ipc://a  ipc://b\nlisten = ipc://c\n"
	  "[security]\ninsecure = yes\n",
		NULL },
	{ "\xEF\xBB\xBF[store]\r\nmap-size = 1G\r\n", NULL },
	{ "[store]\ndata = /srv/a ;b\n", ":2: comments stand on lines of their own" },
	{ "[store]\ndata = /srv/a #b\n", ":2: comments stand on lines of their own" },
	{ "[store]\ndata = /srv/a;b#c\n", NULL },
	{ "[store] junk\n", ":1: the line is neither NAME = VALUE nor [SECTION]" },
	{ "[store]\nmap-size: 1G\n", ":2: the line is neither NAME = VALUE nor [SECTION]" },
	{ "[store]\n= 1G\n", ":2: there is no option ''; see lecternd --help" },
	{ "map-size = 1G\n", ":1: 'map-size' belongs to the section [store]" },
	{ "[network]\nmap-size = 1G\n", ":2: 'map-size' belongs to the section [store]" },
	{ "[store]\nmap-sise = 1G\n",
		":2: there is no option 'map-sise'; did you mean 'map-size'?" },
	{ "[store]\nfrobnicate = 1G\n",
		":2: there is no option 'frobnicate'; see lecternd --help" },
	{ "[store]\n\nmap-size = 1Q\n",
		":3: '1Q' is not a size; write for example 64G (K, M, G or T)" },
	{ "[store]\nmap-size = 1G\nmap-size = 2G\n", ":3: 'map-size' is given twice" },
	{ "[store]\nmap-size =\n", ":2: 'map-size' has no value" },
	{ "[store]\nmap-size = \"1G\"\n", ":2: 'map-size': values stand without quotation marks" },
	{ "[store]\nmap-size\n", ":2: the line is neither NAME = VALUE nor [SECTION]" },
	{ "[stroe]\n", ":1: there is no section [stroe]; see lecternd --print-config" },
	{ "[store\n", ":1: the line is neither NAME = VALUE nor [SECTION]" },
	{ "[store]\nmap-size = 1G\n  2G\n",
		":3: the line begins with a blank; begin it with a name" },
	{ "[store]\nrestore = x\n",
		":2: 'restore' cannot stand in a file; give it as an argument" },
	{ "[store]\nconfig = x\n", ":2: 'config' cannot stand in a file; give it as an argument" },
	{ "[network]\nlisten = 7400\n", ":2: '7400' is no address; write tcp://HOST:PORT, "
					"tls+tcp://HOST:PORT or ipc://PATH, for example "
					"tcp://127.0.0.1:7400" },
};

static void reads_files(void **state)
{
	char folder[] = "/tmp/lectern-options-XXXXXX";
	assert_non_null(mkdtemp(folder));
	char path[64];
	snprintf(path, sizeof path, "%s/a.ini", folder);
	const char *const arguments[] = ARGUMENTS("--data", "d", "--config", path);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct server_options options;
		struct error err = { .text = "" };
		write_file(path, files[i].text, strlen(files[i].text));
		enum code code = parse(arguments, &options, &err);
		print_message("%s%s\n", files[i].text, err.text);
		assert_int_equal(code, files[i].error == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (files[i].error != NULL) {
			assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
			assert_string_equal(err.text + strlen(path), files[i].error);
		}
		server_options_done(&options);
	}
	remove(path);
	remove(folder);
}

static void ranks_its_sources(void **state)
{
	char path[] = "/tmp/lectern-options-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	static const char text[] = "[store]\nmap-size = 1G\nrevisions-kept = 3\nchanges-kept = 4\n"
				   "[network]\nlisten = ipc://f\nlisten = ipc://g\n";
	write_file(path, text, strlen(text));
	setenv("LECTERND_CONFIG", path, 1);
	setenv("LECTERND_MAP_SIZE", "2G", 1);
	setenv("LECTERND_REVISIONS_KEPT", "5", 1);
	static const char *const arguments[] = ARGUMENTS("--data", "d", "--map-size", "3G");
	struct server_options options;
	struct error err;
	assert_int_equal(parse(arguments, &options, &err), CODE_OK);
	assert_true(options.map_bytes == UINT64_C(3) << 30);
	assert_int_equal(options.revisions_kept, 5);
	assert_int_equal(options.changes_kept, 4);
	assert_int_equal(options.listen.count, 2);
	assert_string_equal(options.listen.items[1], "ipc://g");
	server_options_done(&options);

	/* A value that is not used must be right all the same. */
	static const char unused[] = "[store]\nmap-size = 1Q\n";
	write_file(path, unused, strlen(unused));
	assert_int_equal(parse(arguments, &options, &err), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, ":2: '1Q' is not a size"));
	server_options_done(&options);

	/* What is no text is refused, whole. */
	char long_line[256];
	memset(long_line, '#', sizeof long_line);
	write_file(path, long_line, sizeof long_line);
	assert_int_equal(parse(arguments, &options, &err), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, ":1: the line is longer than 190 bytes"));
	server_options_done(&options);
	write_file(path, "[store]\n\0", 9);
	assert_int_equal(parse(arguments, &options, &err), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "has a NUL byte"));
	server_options_done(&options);
	remove(path);
	assert_int_equal(parse(arguments, &options, &err), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "No such file"));
	server_options_done(&options);
}

/* A pipe would look empty, a device has no end. */
static void takes_regular_files_only(void **state)
{
	char path[] = "/tmp/lectern-options-XXXXXX";
	assert_int_equal(close(mkstemp(path)), 0);
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	const char *const paths[] = { path, "/", "/dev/zero", "/dev/null" };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const char *const arguments[] = ARGUMENTS("--data", "d", "--config", paths[i]);
		struct server_options options;
		struct error err;
		assert_int_equal(parse(arguments, &options, &err), CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(err.text, "is no regular file"));
		server_options_done(&options);
	}
	remove(path);
}

static const struct {
	const char *url;
	bool is_address;
	bool is_local;
} addresses[] = {
	{ "tcp://127.0.0.1:7400", true, true },
	{ "tcp://127.9.9.9:0", true, true },
	{ "tcp://localhost:65535", true, true },
	{ "tcp://[::1]:7400", true, true },
	{ "ipc:///run/x", true, true },
	{ "tcp://0.0.0.0:7400", true, false },
	{ "tcp://*:7400", true, false },
	{ "tcp://:7400", true, false },
	{ "tcp://[::]:7400", true, false },
	{ "tcp://[::ffff:127.0.0.1]:1", true, false },
	{ "tcp://127.0.0.1.example.org:1", true, false },
	{ "tcp://10.0.0.1:7400", true, false },
	{ "tcp://127.0.0.1", false, false },
	{ "tcp://127.0.0.1:65536", false, false },
	{ "tcp://127.0.0.1:x", false, false },
	{ "tcp://[::1:7400", false, false },
	{ "ipc://", false, true },
	{ "", false, true },
};

static void knows_which_addresses_are_local(void **state)
{
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		print_message("%s\n", addresses[i].url);
		assert_int_equal(
			address_check(addresses[i].url, NULL) == CODE_OK, addresses[i].is_address);
		if (addresses[i].is_address)
			assert_int_equal(address_is_local(addresses[i].url), addresses[i].is_local);
	}
}

/* The help and the page come from one table; each has every option but the hidden one. */
static void documents_every_option(void **state)
{
	static const char *const names[] = { "data", "backup-dir", "restore", "listen", "publish",
		"map-size", "contexts", "max-connections", "max-in-flight", "revisions-kept",
		"trash-retention", "change-retention", "changes-kept", "log-format", "log-level",
		"tokens", "insecure", "version", "help" };
	char *help = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&help, &size);
	assert_non_null(out);
	server_options_print_help(out);
	fclose(out);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char option[32];
		snprintf(option, sizeof option, "\n  --%s", names[i]);
		assert_non_null(strstr(help, option));
	}
	assert_null(strstr(help, "--man"));
	free(help);

	out = open_memstream(&help, &size);
	assert_non_null(out);
	server_options_print_man(out);
	fclose(out);
	assert_int_equal(strncmp(help, ".TH LECTERND 8", 14), 0);
	for (size_t i = 0; strcmp(variables[i], "LECTERND_MAP_SISE") != 0; i++)
		assert_non_null(strstr(help, variables[i]));
	free(help);
}

#define TEST(name) cmocka_unit_test_setup(name, forget_environment)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_what_is_wrong),
		TEST(has_safe_defaults),
		TEST(restores_without_listening),
		TEST(reads_the_environment),
		TEST(refuses_variables_of_no_option),
		TEST(reads_files),
		TEST(ranks_its_sources),
		TEST(takes_regular_files_only),
		TEST(knows_which_addresses_are_local),
		TEST(documents_every_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
