/* Addresses that the server listens on. */
#include "http/server_private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_BYTES_MAX = 256, PORT_BYTES_MAX = 6, BACKLOG = 511 };

struct endpoint {
	char host[HOST_BYTES_MAX];
	char port[PORT_BYTES_MAX];
	bool bracketed;
};

static enum code fail_address(struct error *err, const char *address)
{
	return fail(err, CODE_INVALID_ARGUMENT,
		"'%s' is no address; write HOST:PORT, http://HOST:PORT or https://HOST:PORT, for "
		"example 127.0.0.1:7480",
		address);
}

static const char *without(const char *text, const char *prefix)
{
	size_t size = strlen(prefix);
	return strncasecmp(text, prefix, size) == 0 ? text + size : NULL;
}

static bool split(const char *text, struct endpoint *ret)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
	ret->bracketed = text[0] == '[';
	if (end == NULL)
		return false;
	const char *host = text + ret->bracketed;
	const char *colon = end + ret->bracketed;
	size_t size = (size_t)(end - host);
	size_t digits = *colon == ':' ? strspn(colon + 1, "0123456789") : 0;
	if (size == 0 || size >= HOST_BYTES_MAX || digits == 0 || digits >= PORT_BYTES_MAX ||
		colon[1 + digits] != '\0' || atoi(colon + 1) > 65535)
		return false;
	snprintf(ret->host, sizeof ret->host, "%.*s", (int)size, host);
	snprintf(ret->port, sizeof ret->port, "%s", colon + 1);
	return true;
}

static int open_socket(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		info->ai_protocol);
	const int on = 1;
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int failure = errno;
	close(fd);
	errno = failure;
	return -1;
}

static unsigned bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		return 0;
	return address.ss_family == AF_INET6
		       ? ntohs(((const struct sockaddr_in6 *)&address)->sin6_port)
		       : ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

static enum code fail_listen(struct error *err, const char *address)
{
	if (errno == EADDRINUSE)
		return fail(err, CODE_FAILED_PRECONDITION,
			"cannot listen on %s: another program does; stop it or choose another "
			"address",
			address);
	if (errno == EACCES)
		return fail(err, CODE_PERMISSION_DENIED,
			"cannot listen on %s: this user may not; choose a port from 1024 upwards",
			address);
	if (errno == EADDRNOTAVAIL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"cannot listen on %s: it is no address of this machine", address);
	return fail(err, CODE_INTERNAL, "cannot listen on %s: %s", address, strerror(errno));
}

enum code listener_open(struct listener *listener, const char *address, struct error *err)
{
	struct endpoint endpoint;
	const char *rest = without(address, "https://");
	listener->secure = rest != NULL;
	if (rest == NULL)
		rest = without(address, "http://");
	if (!split(rest == NULL ? address : rest, &endpoint))
		return fail_address(err, address);
	const char *host = strcmp(endpoint.host, "*") == 0 ? "0.0.0.0" : endpoint.host;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *info;
	int rv = getaddrinfo(host, endpoint.port, &hints, &info);
	if (rv != 0)
		return fail(err, CODE_INVALID_ARGUMENT, "cannot listen on %s: %s", address,
			gai_strerror(rv));
	listener->ipv6 = info->ai_family == AF_INET6;
	listener->fd = open_socket(info);
	freeaddrinfo(info);
	if (listener->fd < 0)
		return fail_listen(err, address);
	if (asprintf(&listener->url, "http%s://%s%s%s:%u", listener->secure ? "s" : "",
		    endpoint.bracketed ? "[" : "", host, endpoint.bracketed ? "]" : "",
		    bound_port(listener->fd)) < 0) {
		listener->url = NULL;
		return fail_out_of_memory(err);
	}
	return CODE_OK;
}

void listener_close(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener->url);
}
