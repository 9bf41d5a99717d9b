/* lectern batch: many calls from one stream of lines, answered in order. */
#include "cli/batch_line.h"
#include "cli/cli.h"
#include "cli/lines.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_FLIGHT_DEFAULT = 16, IN_FLIGHT_MAX = 64 };

enum job_state { JOB_FREE, JOB_WAITING, JOB_RUNNING, JOB_DONE };

/* A line on its way through. */
struct job {
	enum job_state state;
	struct buffer line;
	struct buffer answer;
	enum exit_status status;
};

/* Lines are numbered from 0; line n is in jobs[n % job_count]. Each number only grows. */
struct batch {
	struct cli *cli;
	struct lines lines;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct job *jobs;
	size_t job_count;
	uint64_t added;	  /* lines that were read */
	uint64_t taken;	  /* of them, those that a thread works on or has done */
	uint64_t printed; /* of them, those whose answers are out */
	bool no_more;	  /* no line will be added */
	bool broken;	  /* the output failed: stop */
	enum exit_status first_failure;
	enum exit_status output_status;
};

static struct job *job_of(struct batch *batch, uint64_t number)
{
	return &batch->jobs[number % batch->job_count];
}

/* Prints what is done, in order. The mutex is held, so that one thread prints at a time. */
static void print_done(struct batch *batch)
{
	bool any = false;
	while (batch->printed < batch->added && !batch->broken) {
		struct job *job = job_of(batch, batch->printed);
		if (job->state != JOB_DONE)
			break;
		batch->output_status = output_buffer(batch->cli, &job->answer);
		batch->broken = batch->output_status != EXIT_STATUS_OK;
		if (batch->first_failure == EXIT_STATUS_OK)
			batch->first_failure = job->status;
		job->state = JOB_FREE;
		batch->printed++;
		any = true;
	}
	if (any && !batch->broken) {
		batch->output_status = output_flush(batch->cli);
		batch->broken = batch->output_status != EXIT_STATUS_OK;
	}
	if (batch->broken)
		lines_wake(&batch->lines);
}

/* What each of the threads does. */
static void *work(void *arg)
{
	struct batch *batch = arg;
	pthread_mutex_lock(&batch->mutex);
	for (;;) {
		while (batch->taken == batch->added && !batch->no_more && !batch->broken)
			pthread_cond_wait(&batch->changed, &batch->mutex);
		if (batch->broken || batch->taken == batch->added)
			break;
		struct job *job = job_of(batch, batch->taken++);
		job->state = JOB_RUNNING;
		pthread_mutex_unlock(&batch->mutex);
		job->status = batch_line_run(
			batch->cli, slice_of(job->line.data, job->line.size), &job->answer);
		pthread_mutex_lock(&batch->mutex);
		job->state = JOB_DONE;
		print_done(batch);
		pthread_cond_broadcast(&batch->changed);
	}
	pthread_mutex_unlock(&batch->mutex);
	return NULL;
}

/* Waits for room and adds the line. False when there is no use in going on. */
static bool add_line(struct batch *batch, struct slice line)
{
	pthread_mutex_lock(&batch->mutex);
	while (batch->added - batch->printed == batch->job_count && !batch->broken)
		pthread_cond_wait(&batch->changed, &batch->mutex);
	bool goes_on = !batch->broken;
	if (goes_on) {
		struct job *job = job_of(batch, batch->added++);
		buffer_clear(&job->line);
		buffer_append(&job->line, line.data, line.size);
		job->state = JOB_WAITING;
		pthread_cond_broadcast(&batch->changed);
	}
	pthread_mutex_unlock(&batch->mutex);
	return goes_on;
}

static bool is_empty(struct slice line)
{
	for (size_t i = 0; i < line.size; i++) {
		if (strchr(" \t\r", line.data[i]) == NULL)
			return false;
	}
	return true;
}

static enum exit_status read_lines(struct batch *batch)
{
	for (;;) {
		struct slice line;
		switch (lines_next(&batch->lines, &line)) {
		case LINES_LINE:
			if (!is_empty(line) && !add_line(batch, line))
				return EXIT_STATUS_OK;
			break;
		case LINES_END:
		case LINES_WOKEN:
			return EXIT_STATUS_OK;
		case LINES_TOO_LONG:
			return EXIT_STATUS_USAGE;
		case LINES_ERROR:
			return EXIT_STATUS_FAILED;
		}
	}
}

/* Starts up to `wanted` threads; returns how many run. */
static size_t start_threads(struct batch *batch, pthread_t *threads, size_t wanted)
{
	size_t count = 0;
	while (count < wanted && pthread_create(&threads[count], NULL, work, batch) == 0)
		count++;
	return count;
}

static enum exit_status run_threads(struct batch *batch, size_t wanted)
{
	struct cli *cli = batch->cli;
	pthread_t threads[IN_FLIGHT_MAX];
	size_t count = start_threads(batch, threads, wanted);
	if (count == 0)
		return problem_tool(cli, "cannot start a thread");
	enum exit_status reading = read_lines(batch);
	int cause = errno;
	pthread_mutex_lock(&batch->mutex);
	batch->no_more = true;
	pthread_cond_broadcast(&batch->changed);
	pthread_mutex_unlock(&batch->mutex);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	if (batch->output_status != EXIT_STATUS_OK)
		return batch->output_status;
	if (reading == EXIT_STATUS_USAGE)
		return problem_usage(cli, "a line is longer than %d bytes", CLI_FILE_BYTES);
	if (reading == EXIT_STATUS_FAILED)
		return problem_tool(cli, "cannot read the requests: %s", strerror(cause));
	if (batch->first_failure == EXIT_STATUS_OK)
		return EXIT_STATUS_OK;
	/* The answer has said it. */
	cli->problem = (struct problem){ .status = batch->first_failure, .quiet = true };
	return batch->first_failure;
}

static enum exit_status run_jobs(struct cli *cli, int descriptor, size_t in_flight)
{
	struct batch batch = { .cli = cli, .job_count = in_flight * 2 };
	batch.jobs = calloc(batch.job_count, sizeof *batch.jobs);
	if (batch.jobs == NULL)
		return problem_tool(cli, "out of memory");
	for (size_t i = 0; i < batch.job_count; i++) {
		buffer_init(&batch.jobs[i].line, CLI_FILE_BYTES);
		buffer_init(&batch.jobs[i].answer, CLI_DOCUMENT_BYTES);
	}
	enum exit_status status;
	pthread_mutex_init(&batch.mutex, NULL);
	pthread_cond_init(&batch.changed, NULL);
	if (lines_init(&batch.lines, descriptor, CLI_FILE_BYTES)) {
		status = run_threads(&batch, in_flight);
		lines_done(&batch.lines);
	} else {
		status = problem_tool(cli, "cannot make a pipe: %s", strerror(errno));
	}
	for (size_t i = 0; i < batch.job_count; i++) {
		buffer_done(&batch.jobs[i].line);
		buffer_done(&batch.jobs[i].answer);
	}
	pthread_cond_destroy(&batch.changed);
	pthread_mutex_destroy(&batch.mutex);
	free(batch.jobs);
	return status;
}

static enum exit_status run_batch(struct cli *cli, const struct args *args)
{
	uint64_t in_flight = IN_FLIGHT_DEFAULT;
	enum exit_status status =
		args_number(cli, args, OPTION_IN_FLIGHT, 1, IN_FLIGHT_MAX, &in_flight);
	if (status == EXIT_STATUS_OK)
		status = cli_client(cli);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *path = args->argument_count > 0 ? args->arguments[0] : "-";
	if (strcmp(path, "-") == 0)
		return run_jobs(cli, STDIN_FILENO, in_flight);
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return problem_usage(cli, "cannot read %s: %s", path, strerror(errno));
	status = run_jobs(cli, descriptor, in_flight);
	close(descriptor);
	return status;
}

static const struct option_row options[] = {
	{ .id = OPTION_IN_FLIGHT,
		.name = "in-flight",
		.value = "N",
		.help = "Calls under way at once, 1 to 64 (default: 16); 1 makes each wait for the "
			"answer before it" },
};

const struct command batch_command = {
	.name = "batch",
	.arguments = "[FILE|-]",
	.summary = "Make many calls, one for each line of JSON",
	.details = "Each line is an object with method and request:\n\n"
		   "  {\"method\": \"PostService/GetPost\", \"request\": {\"slug\": \"hello\"}}\n\n"
		   "Each answer is a line with response or, for a call that failed, error; answers "
		   "come in the order of the requests. Ends with the status of the first call that "
		   "failed.",
	.words = WORDS_FILE,
	.arguments_max = 1,
	.options = options,
	.option_count = OPTION_COUNT(options),
	.run = run_batch,
};
