#include "transport/ipc_path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { GREETING_BYTES = 8, GREETING_TIMEOUT_S = 1 };

/* Greets the server as a client would before leaving it: the listener of an nng older than 1.6 does
 * not survive a client that leaves without. The greeting of a REQ client is that of
 * https://nanomsg.org/rfcs/sp-ipc-v1.html with the protocol number 48. */
static void leave_politely(int fd)
{
	static const char greeting[GREETING_BYTES] = { 0, 'S', 'P', 0, 0, 48, 0, 0 };
	char answer[GREETING_BYTES];
	struct timeval timeout = { .tv_sec = GREETING_TIMEOUT_S };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	if (send(fd, greeting, sizeof greeting, MSG_NOSIGNAL) == (ssize_t)sizeof greeting) {
		ssize_t size = recv(fd, answer, sizeof answer, MSG_WAITALL);
		(void)size;
	}
}

/* Whether somebody listens on the socket. */
static bool is_alive(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true; /* nothing is removed on a guess */
	bool refused = connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 &&
		       errno == ECONNREFUSED;
	if (!refused)
		leave_politely(fd);
	close(fd);
	return !refused;
}

enum code ipc_path_claim(const char *path, struct error *err)
{
	struct sockaddr_un address;
	struct stat info;
	if (strlen(path) >= sizeof address.sun_path)
		return fail(err, CODE_INVALID_ARGUMENT,
			"cannot listen on ipc://%s: the path has more than %zu bytes", path,
			sizeof address.sun_path - 1);
	if (lstat(path, &info) != 0)
		return CODE_OK; /* listening tells what is wrong, if anything */
	if (!S_ISSOCK(info.st_mode))
		return fail(err, CODE_FAILED_PRECONDITION,
			"cannot listen on ipc://%s: a file that is no socket is there; remove it "
			"or choose another path",
			path);
	if (is_alive(path))
		return fail(err, CODE_FAILED_PRECONDITION,
			"cannot listen on ipc://%s: another program does; stop it or choose "
			"another address",
			path);
	if (unlink(path) != 0)
		return fail(err, CODE_PERMISSION_DENIED,
			"cannot listen on ipc://%s: a dead server's socket is there and cannot be "
			"removed: %s",
			path, strerror(errno));
	return CODE_OK;
}
