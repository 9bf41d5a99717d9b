#include "server/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_BYTES_MAX = 256 };

static const char *without_prefix(const char *text, const char *prefix)
{
	size_t size = strlen(prefix);
	return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

bool address_is_tls(const char *url)
{
	return without_prefix(url, "tls+tcp://") != NULL;
}

/* Splits HOST:PORT; the host without the brackets of IPv6. */
static bool split(const char *rest, char host[HOST_BYTES_MAX], const char **port)
{
	const char *end;
	if (rest[0] == '[') {
		rest++;
		end = strchr(rest, ']');
		if (end == NULL || end[1] != ':')
			return false;
		*port = end + 2;
	} else {
		end = strrchr(rest, ':');
		if (end == NULL)
			return false;
		*port = end + 1;
	}
	if ((size_t)(end - rest) >= HOST_BYTES_MAX)
		return false;
	snprintf(host, HOST_BYTES_MAX, "%.*s", (int)(end - rest), rest);
	return true;
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits <= 5 && text[digits] == '\0' && atoi(text) <= 65535;
}

enum code address_check(const char *url, struct error *err)
{
	const char *path = without_prefix(url, "ipc://");
	if (path != NULL && path[0] != '\0')
		return CODE_OK;
	const char *rest = without_prefix(url, address_is_tls(url) ? "tls+tcp://" : "tcp://");
	char host[HOST_BYTES_MAX];
	const char *port;
	if (rest != NULL && split(rest, host, &port) && is_port(port))
		return CODE_OK;
	return fail(err, CODE_INVALID_ARGUMENT,
		"'%s' is no address; write tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH, "
		"for example tcp://127.0.0.1:7400",
		url);
}

bool address_is_local(const char *url)
{
	const char *scheme_end = strstr(url, "://");
	const char *rest = scheme_end == NULL ? url : scheme_end + strlen("://");
	char host[HOST_BYTES_MAX];
	const char *port;
	if (without_prefix(url, "ipc://") != NULL)
		return true;
	if (!split(rest, host, &port))
		return false;
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcmp(host, "localhost") == 0;
}

enum code address_check_http(const char *address, struct error *err)
{
	const char *rest = without_prefix(address, "https://");
	char host[HOST_BYTES_MAX];
	const char *port;
	if (rest == NULL)
		rest = without_prefix(address, "http://");
	if (split(rest == NULL ? address : rest, host, &port) && host[0] != '\0' && is_port(port))
		return CODE_OK;
	return fail(err, CODE_INVALID_ARGUMENT,
		"'%s' is no address; write HOST:PORT, http://HOST:PORT or https://HOST:PORT, for "
		"example 127.0.0.1:7480",
		address);
}

enum code address_check_origin(const char *origin, struct error *err)
{
	const char *host = without_prefix(origin, "https://");
	if (host == NULL)
		host = without_prefix(origin, "http://");
	if (strcmp(origin, "*") == 0 ||
		(host != NULL && host[0] != '\0' && strpbrk(host, "/?# \t\"<>") == NULL))
		return CODE_OK;
	return fail(err, CODE_INVALID_ARGUMENT,
		"'%s' is no origin; write for example https://example.org, without a slash behind "
		"it, or *",
		origin);
}
