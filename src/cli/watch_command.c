/* lectern watch: every change of the store as it happens. */
#include "cli/change_text.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/watch_state.h"
#include "cli/watch_stop.h"
#include "client/change.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct watching {
	struct cli *cli;
	lectern_watch *watch;
	struct watch_stop stop;
	const char *state; /* the file; NULL: the position is not kept */
	bool no_wait;
	uint64_t until;		       /* UINT64_MAX: without end */
	uint64_t left;		       /* changes that are still to be shown */
	struct lectern_position saved; /* what the file holds */
	struct lectern_position shown; /* what was written to the output */
};

/* Where the line and the state's file say to begin; from now on if they say nothing. */
static enum exit_status choose_start(
	struct cli *cli, const struct args *args, struct watching *watching, bool *ret_found)
{
	struct lectern_error err;
	struct lectern_position *start = &watching->shown;
	const char *epoch = args_text(args, OPTION_EPOCH);
	bool since = args_text(args, OPTION_SINCE) != NULL;
	*ret_found = false;
	if (epoch != NULL && !since)
		return problem_usage(cli, "--epoch belongs to a revision: give --since, too");
	if (epoch != NULL && strlen(epoch) >= sizeof start->epoch)
		return problem_usage(cli, "--epoch %s: is too long for an epoch", epoch);
	struct lectern_position given = { .revision = 0 };
	enum exit_status status =
		args_number(cli, args, OPTION_SINCE, 0, UINT64_MAX - 1, &given.revision);
	if (status == EXIT_STATUS_OK && watching->state != NULL)
		status = watch_state_read(cli, watching->state, &watching->saved, ret_found);
	if (status == EXIT_STATUS_OK)
		status = cli_client(cli);
	if (status != EXIT_STATUS_OK)
		return status;
	/* Also where it is not needed: a server that cannot be reached is told of at once. */
	if (lectern_get_position(cli->client, 0, start, &err) != LECTERN_OK)
		return problem_rpc(cli, &err);
	if (*ret_found) {
		*start = watching->saved;
	} else if (since) {
		snprintf(given.epoch, sizeof given.epoch, "%s", epoch == NULL ? "" : epoch);
		*start = given;
	}
	return EXIT_STATUS_OK;
}

static enum exit_status save(struct watching *watching)
{
	enum exit_status status = EXIT_STATUS_OK;
	if (watching->state == NULL)
		return status;
	if (watching->saved.revision == watching->shown.revision &&
		strcmp(watching->saved.epoch, watching->shown.epoch) == 0)
		return status;
	status = watch_state_write(watching->cli, watching->state, &watching->shown);
	if (status == EXIT_STATUS_OK)
		watching->saved = watching->shown;
	return status;
}

static enum exit_status show(struct watching *watching, const lectern_change *change)
{
	struct cli *cli = watching->cli;
	enum exit_status status;
	if (cli->output == OUTPUT_TEXT) {
		struct buffer out;
		buffer_init(&out, CLI_FILE_BYTES);
		change_text(&out, change_message(change));
		status = output_finish(cli, &out);
	} else {
		status = output_message(cli, &change_message(change)->base);
	}
	if (status == EXIT_STATUS_OK)
		status = output_flush(cli);
	if (status != EXIT_STATUS_OK)
		return status;
	watching->shown.revision = lectern_watch_revision(watching->watch);
	snprintf(watching->shown.epoch, sizeof watching->shown.epoch, "%s",
		lectern_watch_epoch(watching->watch));
	watching->left--;
	/* Once for all that came together. */
	return lectern_watch_pending_count(watching->watch) == 0 ? save(watching) : status;
}

/* Nobody reads the output any more: as if writing it had failed. */
static enum exit_status reader_is_gone(struct cli *cli)
{
	enum exit_status status = problem_tool(cli, "cannot write the output: %s", strerror(EPIPE));
	cli->problem.quiet = true;
	return status;
}

static enum exit_status stopped_by(struct watching *watching, const struct lectern_error *err)
{
	struct cli *cli = watching->cli;
	enum exit_status status = problem_rpc(cli, err);
	if (err->code != LECTERN_OUT_OF_RANGE)
		return status;
	return problem_hint(cli,
		"keep revision and epoch of \"lectern info\", read everything anew, then watch "
		"--since that revision%s%s",
		watching->state == NULL ? "" : "; before that remove ",
		watching->state == NULL ? "" : watching->state);
}

static enum exit_status follow(struct watching *watching)
{
	enum exit_status status = EXIT_STATUS_OK;
	uint32_t timeout_ms = watching->no_wait ? 0 : LECTERN_WAIT_FOREVER;
	while (status == EXIT_STATUS_OK && watching->left > 0 &&
		watching->shown.revision < watching->until) {
		const lectern_change *change;
		struct lectern_error err;
		enum lectern_code code =
			lectern_watch_next(watching->watch, timeout_ms, &change, &err);
		if (code == LECTERN_CANCELLED && atomic_load(&watching->stop.asked))
			break;
		if (code == LECTERN_DEADLINE_EXCEEDED && strcmp(err.reason, "NO_CHANGE") == 0)
			break;
		status = code == LECTERN_OK ? show(watching, change) : stopped_by(watching, &err);
	}
	if (status == EXIT_STATUS_OK)
		status = save(watching);
	if (status == EXIT_STATUS_OK && atomic_load(&watching->stop.reader_is_gone))
		status = reader_is_gone(watching->cli);
	return status;
}

static enum exit_status open_watch(
	struct cli *cli, const struct args *args, struct watching *watching)
{
	struct lectern_error err;
	struct lectern_watch_options options = {
		.after_revision = watching->shown.revision,
		.epoch = watching->shown.epoch,
		.feed_url = args_text(args, OPTION_FEED),
	};
	if (lectern_watch_open(cli->client, &options, &watching->watch, &err) == LECTERN_OK)
		return EXIT_STATUS_OK;
	enum exit_status status = problem_rpc(cli, &err);
	if (err.code == LECTERN_INVALID_ARGUMENT)
		status = cli->problem.status = EXIT_STATUS_USAGE;
	return status;
}

static enum exit_status run_watch(struct cli *cli, const struct args *args)
{
	struct watching watching = { .cli = cli,
		.state = args_text(args, OPTION_STATE_FILE),
		.no_wait = args_flag(args, OPTION_NO_WAIT),
		.until = UINT64_MAX,
		.left = UINT64_MAX };
	bool found;
	/* A stream is no document: one line each. */
	if (cli->output == OUTPUT_JSON)
		cli->output = OUTPUT_JSONL;
	enum exit_status status =
		args_number(cli, args, OPTION_UNTIL, 1, UINT64_MAX - 1, &watching.until);
	if (status == EXIT_STATUS_OK)
		status = args_number(cli, args, OPTION_MOST, 1, UINT64_MAX - 1, &watching.left);
	if (status == EXIT_STATUS_OK)
		status = choose_start(cli, args, &watching, &found);
	if (status == EXIT_STATUS_OK)
		status = open_watch(cli, args, &watching);
	if (status != EXIT_STATUS_OK)
		return status;
	/* At once, so that one that is ended before the first change leaves no gap. */
	if (!found && watching.state != NULL) {
		status = watch_state_write(cli, watching.state, &watching.shown);
		watching.saved = watching.shown;
	}
	if (status == EXIT_STATUS_OK && !watch_stop_begin(&watching.stop, watching.watch))
		status = problem_tool(cli, "cannot listen to signals: %s", strerror(errno));
	if (status == EXIT_STATUS_OK) {
		status = follow(&watching);
		watch_stop_end(&watching.stop);
	}
	lectern_watch_close(watching.watch);
	return status;
}

static const struct option_row options[] = {
	{ .id = OPTION_SINCE,
		.name = "since",
		.value = "REVISION",
		.help = "Begin with the change after this one, 0 for all that there are (default: "
			"from now on)" },
	{ .id = OPTION_EPOCH,
		.name = "epoch",
		.value = "EPOCH",
		.help = "The epoch that the revision of --since belongs to, to be told if it is "
			"over" },
	{ .id = OPTION_STATE_FILE,
		.name = "state",
		.value = "FILE",
		.words = WORDS_FILE,
		.help = "Keep the position in FILE, and go on there if FILE exists" },
	{ .id = OPTION_FEED,
		.name = "feed",
		.value = "URL",
		.help = "Listen to the server's PUB socket as well" },
	{ .id = OPTION_UNTIL,
		.name = "until",
		.value = "REVISION",
		.help = "End after the change of this revision" },
	{ .id = OPTION_MOST, .name = "count", .value = "N", .help = "End after so many changes" },
	{ .id = OPTION_NO_WAIT,
		.name = "no-wait",
		.help = "End when there are no more changes for now" },
};

const struct command watch_command = {
	.name = "watch",
	.summary = "Show every change of posts and terms as it happens",
	.details =
		"Each change is one line: revision, time, what happened to what, state, slug. With "
		"-o json or jsonl it is a lectern.v1.Change on one line. The changes come once "
		"each "
		"and in order, also when the server restarts meanwhile.\n\n"
		"With --state the position is written after the output, so that a watch that is "
		"started again misses nothing; it may show the last changes twice:\n\n"
		"  lectern -o jsonl watch --state position.json --since 0 | ./feed-the-cache\n\n"
		"Ends with 75 if the changes cannot be had any more: the log is kept for a time "
		"only, and begins anew when a backup is restored. SIGINT and SIGTERM end it with "
		"0.",
	.options = options,
	.option_count = OPTION_COUNT(options),
	.run = run_watch,
};
