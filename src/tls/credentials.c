#include "tls/credentials.h"

#include "tls/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void wipep(char **text)
{
	wipe(*text);
}

static enum code fail_file(const char *path, struct error *err)
{
	switch (errno) {
	case ENOENT:
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FILES",
			"%s: there is no such file", path);
	case EACCES:
		return fail_reason(err, CODE_PERMISSION_DENIED, "TLS_FILES",
			"%s: this user may not read the file; give it to the user or its group",
			path);
	default:
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FILES",
			"%s: cannot be read: %s", path, strerror(errno));
	}
}

/* The size is only a hint: the file may grow. */
static enum code read_all(int fd, const char *path, char *text, size_t *size, struct error *err)
{
	*size = 0;
	for (;;) {
		ssize_t got = read(fd, text + *size, TLS_FILE_BYTES_MAX + 1 - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_file(path, err);
		if (got == 0)
			return CODE_OK;
		*size += (size_t)got;
		if (*size > TLS_FILE_BYTES_MAX)
			return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
				"%s: larger than %d MiB; is it the right file?", path,
				TLS_FILE_BYTES_MAX >> 20);
	}
}

/* Not a FIFO or a device, which could be waited for without end. */
static enum code read_file(const char *path, char **ret, mode_t *mode, struct error *err)
{
	AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0)
		return fail_file(path, err);
	if (!S_ISREG(status.st_mode))
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES", "%s: is no file", path);
	AUTO(wipep) char *text = calloc(1, TLS_FILE_BYTES_MAX + 2);
	if (text == NULL)
		return fail_out_of_memory(err);
	size_t size;
	enum code code = read_all(fd, path, text, &size, err);
	if (code != CODE_OK)
		return code;
	if (strlen(text) != size)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
			"%s: is not PEM, which is text; convert it with openssl, for example "
			"openssl x509 -inform der -in FILE",
			path);
	*ret = strdup(text);
	*mode = status.st_mode;
	return *ret == NULL ? fail_out_of_memory(err) : CODE_OK;
}

static enum code read_pair(
	const struct tls_files *files, struct tls_credentials *ret, struct error *err)
{
	mode_t mode;
	enum code code = read_file(files->certificate, &ret->certificate, &mode, err);
	if (code == CODE_OK)
		code = certificate_read(ret->certificate, files->certificate, ret, err);
	if (code == CODE_OK)
		code = read_file(files->key, &ret->key, &mode, err);
	if (code != CODE_OK)
		return code;
	ret->key_is_public = (mode & S_IROTH) != 0;
	return certificate_check_key(ret->certificate, ret->key, files, err);
}

void tls_credentials_done(struct tls_credentials *credentials)
{
	free(credentials->certificate);
	wipe(credentials->key);
	free(credentials->ca);
	*credentials = (struct tls_credentials){ .certificate = NULL };
}

enum code tls_credentials_read(
	const struct tls_files *files, struct tls_credentials *ret, struct error *err)
{
	AUTO(tls_credentials_done) struct tls_credentials read = { .certificate = NULL };
	if ((files->certificate == NULL) != (files->key == NULL))
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
			files->key == NULL ? "%s: a certificate without its key; give both"
					   : "%s: a key without its certificate; give both",
			files->key == NULL ? files->certificate : files->key);
	enum code code = CODE_OK;
	mode_t mode;
	if (files->certificate != NULL)
		code = read_pair(files, &read, err);
	if (code == CODE_OK && files->ca != NULL) {
		code = read_file(files->ca, &read.ca, &mode, err);
		if (code == CODE_OK)
			code = certificate_check_authorities(read.ca, files->ca, err);
	}
	if (code != CODE_OK)
		return code;
	*ret = read;
	read = (struct tls_credentials){ .certificate = NULL }; /* the caller owns it now */
	return CODE_OK;
}
