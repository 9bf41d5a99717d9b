/* Whole runs of the tool that need no server: exit statuses, and where the texts go. */
#include "cli/cli.h"
#include "cli/completion.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

enum { OUTPUT_MAX = 256 * 1024, WORDS_MAX = 16 };

struct run {
	int status;
	char out[OUTPUT_MAX];
	char err[OUTPUT_MAX];
};

static void read_back(FILE *file, char *text)
{
	rewind(file);
	size_t size = fread(text, 1, OUTPUT_MAX - 1, file);
	text[size] = '\0';
	fclose(file);
}

/* In a child, because the tool reads standard input and writes to the standard files. */
static void run(const char *line, const char *input, struct run *ret)
{
	FILE *in = tmpfile();
	FILE *out = tmpfile();
	FILE *err = tmpfile();
	fputs(input, in);
	rewind(in);
	pid_t child = fork();
	if (child == 0) {
		char copy[1024] = "lectern ";
		char *words[WORDS_MAX];
		int count = 0;
		strcat(copy, line);
		for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
			words[count++] = word;
		words[count] = NULL;
		dup2(fileno(in), STDIN_FILENO);
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		struct cli cli;
		cli_init(&cli);
		int status = cli_run(&cli, count, words);
		cli_done(&cli);
		fflush(NULL);
		_exit(status);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	ret->status = WEXITSTATUS(status);
	fclose(in);
	read_back(out, ret->out);
	read_back(err, ret->err);
}

static const struct {
	const char *label, *line;
	int status;
	const char *out, *err; /* a part that must be there; "" for none at all */
} cases[] = {
	{ "version", "--version", 0, "lectern 0.1.0\n", "" },
	{ "help", "--help", 0, "   69  NOT_FOUND\n", "" },
	{ "help of a group", "post --help", 0, "Usage: lectern post COMMAND [OPTION...]\n", "" },
	{ "help of a command", "post create --help", 0, "--create-missing", "" },
	{ "help by name", "help post create", 0, "Usage: lectern post create [OPTION...]\n", "" },
	{ "help for nothing", "help post nothing", 2, "", "\"lectern post\" has no command" },
	{ "unknown command", "psot", 2, "", "did you mean \"post\"?\n  see: lectern --help\n" },
	{ "unknown, as JSON", "-o json psot", 2, "", "{\n  \"code\": 3,\n  \"message\": " },
	{ "completion", "completion bash", 0, "complete -F _lectern lectern\n", "" },
	{ "completion for nothing", "completion csh", 2, "", "must be bash, zsh or fish" },
	{ "manual", "manual", 0, ".TH LECTERN 1 ", "" },
	{ "schema", "describe --offline HealthService", 0, "rpc Check(CheckRequest)", "" },
	{ "schema as JSON", "-o json describe --offline HealthService", 0,
		"\"name\": \"HealthService\"", "" },
	{ "schema as lines", "-o jsonl describe --offline", 0,
		"{\"kind\":\"method\",\"name\":\"lectern.v1.HealthService/Check\"}\n", "" },
	{ "schema of nothing", "describe --offline Pots", 69, "", "did you mean Post?" },
	{ "call of nothing", "call PostService/GetPots", 2, "", "did you mean \"GetPost\"?" },
	{ "call with a wrong field", "call PostService/GetPost {\"slugg\":\"a\"}", 2, "",
		"did you mean \"slug\"?\n  reason: UNKNOWN_FIELD\n  field: slugg\n"
		"  see: lectern describe lectern.v1.GetPostRequest\n" },
	{ "server that is none", "--server http://x health", 2, "",
		"must begin with tcp://, tls+tcp:// or ipc://" },
	{ "server that is not there", "--server ipc:///nonexistent/s --timeout 100 health", 78, "",
		"lectern: UNAVAILABLE: " },
	{ "batch against nothing", "--server ipc:///nonexistent/s --timeout 100 batch", 2,
		"{\"error\":{\"code\":3,", "" },
	{ "date", "archive date 2026-1", 2, "", "must be a date as YYYY, YYYY-MM or YYYY-MM-DD" },
	{ "date with a sign", "archive date 2026-+1", 2, "", "must be a date" },
	{ "page and token", "post list --page 2 --page-token x", 2, "", "exclude each other" },
	{ "update without fields", "post update x", 2, "", "nothing to change" },
	{ "create without a title", "post create", 2, "", "a post needs a title" },
	{ "merge without a target", "tag merge a", 2, "", "merge needs --into TO" },
	{ "import of an unknown format", "import foo /", 2, "", "there is no format 'foo'" },
	{ "bench with a request for a kind", "bench --method get --request {}", 2, "",
		"--request goes with the name of a method" },
	{ "bench with requests for a kind", "bench --requests -", 2, "",
		"--requests goes with the name of a method" },
	{ "bench with both", "bench --method PostService/GetPost --request {} --requests -", 2, "",
		"exclude each other" },
	{ "bench with Zipf of nothing", "bench --zipf", 2, "", "--zipf goes with --requests" },
	{ "bench with requests of no method", "bench --method PostService/GetPots --requests -", 2,
		"", "did you mean \"GetPost\"?" },
	{ "bench with no file", "bench --method PostService/GetPost --requests /nonexistent/r", 2,
		"", "cannot read /nonexistent/r: No such file" },
	{ "bench with an empty file", "bench --method PostService/GetPost --requests /dev/null", 2,
		"", "/dev/null has no requests; give one a line" },
	{ "bench with a line that is no request", "bench --method PostService/GetPost --requests -",
		2, "", "standard input:1: JSON" },
	{ "export to an unknown format", "export foo", 2, "", "there is no such format" },
};

static void test_runs(void **state)
{
	struct run *result = malloc(sizeof *result);
	int wrong = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run(cases[i].line, "junk\n", result);
		bool fits = result->status == cases[i].status;
		fits = fits && strstr(result->out, cases[i].out) != NULL;
		fits = fits && strstr(result->err, cases[i].err) != NULL;
		fits = fits && (*cases[i].out != '\0' || *result->out == '\0');
		fits = fits &&
		       (*cases[i].err != '\0' || cases[i].status != 0 || *result->err == '\0');
		if (!fits) {
			print_error("%s: %d\nout: %.500s\nerr: %.500s\n", cases[i].label,
				result->status, result->out, result->err);
			wrong++;
		}
	}
	free(result);
	assert_int_equal(wrong, 0);
}

/* Every command has its help, which names its options. */
static void visit_help(void *context, const struct completion_entry *entry)
{
	struct run *result = context;
	char line[160];
	snprintf(line, sizeof line, "%s --help", entry->path);
	run(line, "", result);
	assert_int_equal(result->status, 0);
	assert_string_equal(result->err, "");
	for (size_t i = 0; i < entry->command->option_count; i++) {
		snprintf(line, sizeof line, "--%s", entry->command->options[i].name);
		assert_non_null(strstr(result->out, line));
	}
}

static void test_help_of_every_command(void **state)
{
	struct run *result = malloc(sizeof *result);
	completion_each(visit_help, result);
	free(result);
}

static void test_full_disk(void **state)
{
	if (access("/dev/full", W_OK) != 0)
		skip();
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		char *words[] = { (char *)"lectern", (char *)"--help", NULL };
		if (freopen("/dev/full", "w", stdout) == NULL ||
			freopen("/dev/null", "w", stderr) == NULL)
			_exit(99);
		struct cli cli;
		cli_init(&cli);
		_exit(cli_run(&cli, 2, words));
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), EXIT_STATUS_FAILED);
}

int main(void)
{
	unsetenv("LECTERN_SERVER");
	unsetenv("COLUMNS");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_help_of_every_command),
		cmocka_unit_test(test_full_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
