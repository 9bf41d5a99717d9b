#include "client/token.h"

#include "client/failure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	READ_BYTES = 2 * CLIENT_TOKEN_BYTES, /* room for blanks around the token */
	HOST_BYTES_MAX = 256,
};

static void close_file(int *file)
{
	if (*file >= 0)
		close(*file);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum lectern_code refuse(const char *path, const char *what, struct lectern_error *err)
{
	return failure(
		err, LECTERN_INVALID_ARGUMENT, "TOKEN_FILE", "token file %s: %s", path, what);
}

/* The first line without what is blank around it. */
static enum lectern_code take_token(const char *path, char text[READ_BYTES + 1],
	char out[CLIENT_TOKEN_BYTES + 1], struct lectern_error *err)
{
	char *line = text + strspn(text, " \t");
	line[strcspn(line, "\r\n")] = '\0';
	size_t size = strlen(line);
	while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t'))
		size--;
	if (size == 0)
		return refuse(path,
			"its first line is empty; write the token there, as lectern token create "
			"prints it",
			err);
	if (size > CLIENT_TOKEN_BYTES)
		return refuse(
			path, "its first line is longer than any token; it is another file", err);
	for (size_t i = 0; i < size; i++)
		if (line[i] <= ' ' || line[i] > '~')
			return refuse(path,
				"its first line is no token: that has neither blanks nor other "
				"characters than ASCII",
				err);
	memcpy(out, line, size);
	out[size] = '\0';
	return LECTERN_OK;
}

/* Writes the token and what the file looked like. */
static enum lectern_code read_token(const char *path, struct stat *info,
	char out[CLIENT_TOKEN_BYTES + 1], struct lectern_error *err)
{
	AUTO(close_file) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0 || fstat(descriptor, info) != 0)
		return refuse(path, strerror(errno), err);
	if (!S_ISREG(info->st_mode))
		return refuse(path, "is no regular file", err);
	char text[READ_BYTES + 1];
	ssize_t size = read(descriptor, text, READ_BYTES);
	if (size < 0)
		return refuse(path, strerror(errno), err);
	text[size] = '\0';
	enum lectern_code code = take_token(path, text, out, err);
	sodium_memzero(text, sizeof text);
	return code;
}

enum lectern_code token_file_init(
	struct token_file *file, const char *path, struct lectern_error *err)
{
	*file = (struct token_file){ .path = NULL };
	if (path == NULL)
		return LECTERN_OK;
	enum lectern_code code = read_token(path, &file->read, file->text, err);
	if (code != LECTERN_OK)
		return code;
	file->path = strdup(path);
	if (file->path == NULL || pthread_mutex_init(&file->mutex, NULL) != 0) {
		free(file->path);
		file->path = NULL;
		return failure_memory(err);
	}
	return LECTERN_OK;
}

void token_file_done(struct token_file *file)
{
	if (file->path == NULL)
		return;
	pthread_mutex_destroy(&file->mutex);
	sodium_memzero(file->text, sizeof file->text);
	free(file->path);
	file->path = NULL;
}

void token_file_get(struct token_file *file, bool again, char out[CLIENT_TOKEN_BYTES + 1])
{
	struct stat info;
	char text[CLIENT_TOKEN_BYTES + 1];
	out[0] = '\0';
	if (file->path == NULL)
		return;
	pthread_mutex_lock(&file->mutex);
	bool changed = again || (stat(file->path, &info) == 0 && !is_same(&info, &file->read));
	if (changed && read_token(file->path, &info, text, NULL) == LECTERN_OK) {
		file->read = info;
		strcpy(file->text, text);
		sodium_memzero(text, sizeof text);
	}
	strcpy(out, file->text);
	pthread_mutex_unlock(&file->mutex);
}

static bool is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcmp(host, "localhost") == 0;
}

bool token_is_safe_on(const char *url)
{
	if (strncmp(url, "tcp", strlen("tcp")) != 0)
		return true;
	const char *host = strstr(url, "://") + strlen("://");
	const char *end = strrchr(host, ':');
	char text[HOST_BYTES_MAX];
	if (host[0] == '[') {
		host++;
		end = strchr(host, ']');
	}
	if (end == NULL || end - host >= HOST_BYTES_MAX)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)(end - host), host);
	return is_loopback(text);
}
