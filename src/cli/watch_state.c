#include "cli/watch_state.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, STATE_BYTES_MAX = 4096 };

static enum exit_status no_state(struct cli *cli, const char *path)
{
	problem_usage(cli, "%s does not hold the position of a watch", path);
	return problem_hint(cli, "name another file, or remove it to begin anew");
}

static bool take(const json_t *json, struct lectern_position *ret)
{
	const char *epoch = json_string_value(json_object_get(json, "epoch"));
	const char *revision = json_string_value(json_object_get(json, "revision"));
	uint64_t number;
	if (epoch == NULL || revision == NULL || strlen(epoch) >= sizeof ret->epoch ||
		!text_number(slice_of_text(revision), &number))
		return false;
	*ret = (struct lectern_position){ .revision = number };
	snprintf(ret->epoch, sizeof ret->epoch, "%s", epoch);
	return true;
}

enum exit_status watch_state_read(
	struct cli *cli, const char *path, struct lectern_position *ret, bool *ret_found)
{
	char text[STATE_BYTES_MAX];
	*ret_found = false;
	FILE *file = fopen(path, "r");
	if (file == NULL && errno == ENOENT)
		return EXIT_STATUS_OK;
	if (file == NULL)
		return problem_usage(cli, "cannot read %s: %s", path, strerror(errno));
	size_t size = fread(text, 1, sizeof text, file);
	fclose(file);
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	*ret_found = take(json, ret);
	json_decref(json);
	return *ret_found ? EXIT_STATUS_OK : no_state(cli, path);
}

static int write_file(const char *path, const char *text)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (descriptor < 0)
		return -1;
	size_t size = strlen(text);
	bool written = write(descriptor, text, size) == (ssize_t)size && fsync(descriptor) == 0;
	return close(descriptor) == 0 && written ? 0 : -1;
}

/* So that the new name is on the disk as well. Not every file system can. */
static void sync_directory(const char *path)
{
	char copy[PATH_BYTES];
	snprintf(copy, sizeof copy, "%s", path);
	int descriptor = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return;
	(void)fsync(descriptor);
	close(descriptor);
}

enum exit_status watch_state_write(
	struct cli *cli, const char *path, const struct lectern_position *position)
{
	char beside[PATH_BYTES];
	char text[256];
	if (snprintf(beside, sizeof beside, "%s.part", path) >= (int)sizeof beside)
		return problem_usage(cli, "the name of the state's file is too long");
	json_t *json = json_object();
	snprintf(text, sizeof text, "%" PRIu64, position->revision);
	json_object_set_new(json, "revision", json_string(text));
	json_object_set_new(json, "epoch", json_string(position->epoch));
	size_t size = json_dumpb(json, text, sizeof text - 2, JSON_COMPACT);
	json_decref(json);
	if (size == 0 || size > sizeof text - 2)
		return problem_tool(cli, "cannot write %s: the epoch is no text", path);
	memcpy(text + size, "\n", sizeof "\n");
	if (write_file(beside, text) != 0 || rename(beside, path) != 0) {
		enum exit_status status =
			problem_tool(cli, "cannot write %s: %s", path, strerror(errno));
		unlink(beside);
		return status;
	}
	sync_directory(path);
	return EXIT_STATUS_OK;
}
