/* A real server for a test: $LECTERN_BIN/lecternd on an ipc address in a directory of its own. */
#pragma once
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct lecternd {
	char directory[64];
	char url[128];
	pid_t pid;
	FILE *log;	  /* its standard error */
	char ready[4096]; /* the line that says where it listens */
	/* To be set before it is started; may be NULL. */
	const char *data;	  /* the data directory, else one in `directory` */
	const char *map_size;	  /* else one of a gigabyte */
	char *const *environment; /* "NAME=VALUE" for the server alone, with a NULL behind them */
};

static inline void lecternd_path(const struct lecternd *server, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", server->directory, name);
}

static inline void lecternd_exec(const struct lecternd *server, int log)
{
	char program[512];
	char data[256];
	const char *bin = getenv("LECTERN_BIN");
	snprintf(program, sizeof program, "%s/lecternd", bin == NULL ? "bin" : bin);
	if (server->data != NULL)
		snprintf(data, sizeof data, "%s", server->data);
	else
		lecternd_path(server, "data", data);
	for (char *const *variable = server->environment; variable != NULL && *variable != NULL;
		variable++)
		putenv(*variable);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no server behind */
	dup2(log, STDERR_FILENO);
	execl(program, program, "--data", data, "--listen", server->url, "--map-size",
		server->map_size == NULL ? "1073741824" : server->map_size, (char *)NULL);
	fprintf(stderr, "cannot run %s\n", program);
	_exit(127);
}

/* Runs the server in its directory and waits for the ready line. */
static inline void lecternd_run(struct lecternd *server)
{
	int ends[2];
	if (pipe(ends) != 0)
		abort();
	server->pid = fork();
	if (server->pid == 0)
		lecternd_exec(server, ends[1]);
	close(ends[1]);
	server->log = fdopen(ends[0], "r");
	while (fgets(server->ready, sizeof server->ready, server->log) != NULL)
		if (strstr(server->ready, "\"ready\"") != NULL)
			return;
	fprintf(stderr, "lecternd did not start\n");
	abort();
}

/* The same in a new directory. */
static inline void lecternd_start(struct lecternd *server)
{
	strcpy(server->directory, "/tmp/lectern-test-XXXXXX");
	if (mkdtemp(server->directory) == NULL)
		abort();
	snprintf(server->url, sizeof server->url, "ipc://%s/rpc.sock", server->directory);
	lecternd_run(server);
}

/* kill -9. The directory stays, so that lecternd_run() can follow. */
static inline void lecternd_kill(struct lecternd *server)
{
	int status;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, &status, 0);
	fclose(server->log);
}

/* Returns its exit status. */
static inline int lecternd_stop(struct lecternd *server)
{
	int status = 0;
	kill(server->pid, SIGTERM);
	char line[4096];
	while (fgets(line, sizeof line, server->log) != NULL)
		if (strstr(line, "ERROR: ") != NULL) /* of a sanitizer */
			fputs(line, stderr);
	waitpid(server->pid, &status, 0);
	fclose(server->log);
	char command[512];
	snprintf(command, sizeof command, "rm -rf '%s'", server->directory);
	if (system(command) != 0)
		abort();
	return status;
}
