#include "tls/probe.h"

#include "base/clock.h"
#include "tls/certificate.h"

#include <errno.h>
#include <mbedtls/version.h>
/* mbedTLS's own order: the version first. */
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CAUSE_BYTES = 256 };

struct probe {
	int fd;
	uint64_t deadline_ns;
	uint8_t first; /* byte that the server has sent */
	bool answered;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_x509_crt ca;
	mbedtls_x509_crt certificate;
	mbedtls_pk_context key;
};

/* Waits for the socket. False when the time is over. */
static bool wait_for(struct probe *probe, short events)
{
	uint64_t now_ns = clock_monotonic_ns();
	if (now_ns >= probe->deadline_ns)
		return false;
	struct pollfd poller = { .fd = probe->fd, .events = events };
	return poll(&poller, 1, (int)((probe->deadline_ns - now_ns) / 1000000) + 1) > 0;
}

static int send_some(void *arg, const unsigned char *data, size_t size)
{
	struct probe *probe = arg;
	ssize_t sent = send(probe->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent >= 0)
		return (int)sent;
	return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE
						 : MBEDTLS_ERR_NET_SEND_FAILED;
}

static int receive_some(void *arg, unsigned char *data, size_t size)
{
	struct probe *probe = arg;
	ssize_t got = recv(probe->fd, data, size, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ
							 : MBEDTLS_ERR_NET_CONN_RESET;
	if (got > 0 && !probe->answered)
		probe->first = data[0];
	probe->answered = probe->answered || got > 0;
	return (int)got;
}

/* Connected, or -1. */
static int connect_to(struct probe *probe, const struct addrinfo *address)
{
	probe->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe->fd < 0)
		return -1;
	int problem = 0;
	socklen_t size = sizeof problem;
	int rv = connect(probe->fd, address->ai_addr, address->ai_addrlen);
	if (rv != 0 && errno == EINPROGRESS && wait_for(probe, POLLOUT) &&
		getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 && problem == 0)
		rv = 0;
	if (rv == 0)
		return 0;
	close(probe->fd);
	probe->fd = -1;
	return -1;
}

static bool connect_any(struct probe *probe, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *addresses = NULL;
	if (getaddrinfo(host, port, &hints, &addresses) != 0)
		return false;
	for (const struct addrinfo *it = addresses; it != NULL && probe->fd < 0; it = it->ai_next)
		(void)connect_to(probe, it);
	freeaddrinfo(addresses);
	return probe->fd >= 0;
}

static int parse(mbedtls_x509_crt *certificate, const char *pem)
{
	return mbedtls_x509_crt_parse(certificate, (const unsigned char *)pem, strlen(pem) + 1);
}

static int set_own(struct probe *probe, const struct tls_credentials *credentials)
{
	const unsigned char *key = (const unsigned char *)credentials->key;
	int rv = parse(&probe->certificate, credentials->certificate);
	if (rv != 0)
		return rv;
#if MBEDTLS_VERSION_MAJOR < 3
	rv = mbedtls_pk_parse_key(&probe->key, key, strlen(credentials->key) + 1, NULL, 0);
#else
	rv = mbedtls_pk_parse_key(
		&probe->key, key, strlen(credentials->key) + 1, NULL, 0, certificate_random, NULL);
#endif
	return rv == 0 ? mbedtls_ssl_conf_own_cert(&probe->config, &probe->certificate, &probe->key)
		       : rv;
}

static int set_up(
	struct probe *probe, const struct tls_credentials *credentials, const char *server_name)
{
	int rv = mbedtls_ssl_config_defaults(&probe->config, MBEDTLS_SSL_IS_CLIENT,
		MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
	if (rv != 0)
		return rv;
	/* Its certificate is looked at below, and the other end's opinion of ours heard. */
	mbedtls_ssl_conf_authmode(&probe->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
	mbedtls_ssl_conf_rng(&probe->config, certificate_random, NULL);
#if MBEDTLS_VERSION_MAJOR < 3
	mbedtls_ssl_conf_min_version(
		&probe->config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#else
	/* 1.3 would need more of mbedTLS to be started; every server of ours speaks 1.2. */
	mbedtls_ssl_conf_min_tls_version(&probe->config, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(&probe->config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
	if (credentials->ca != NULL)
		rv = parse(&probe->ca, credentials->ca);
	if (rv == 0 && credentials->certificate != NULL)
		rv = set_own(probe, credentials);
	if (rv != 0)
		return rv;
	mbedtls_ssl_conf_ca_chain(&probe->config, &probe->ca, NULL);
	rv = mbedtls_ssl_setup(&probe->ssl, &probe->config);
	if (rv == 0)
		rv = mbedtls_ssl_set_hostname(&probe->ssl, server_name);
	mbedtls_ssl_set_bio(&probe->ssl, probe, send_some, receive_some, NULL);
	return rv;
}

/* Repeats a step until it is done or the time is over. */
static int run(struct probe *probe, int (*step)(struct probe *probe))
{
	for (;;) {
		int rv = step(probe);
		if (rv != MBEDTLS_ERR_SSL_WANT_READ && rv != MBEDTLS_ERR_SSL_WANT_WRITE)
			return rv;
		if (!wait_for(probe, rv == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT))
			return MBEDTLS_ERR_SSL_TIMEOUT;
	}
}

static int shake_hands(struct probe *probe)
{
	return mbedtls_ssl_handshake(&probe->ssl);
}

/* A server says what it thinks of our certificate before the handshake ends (TLS 1.2). After it, it
 * sends its eight bytes of greeting. */
static int hear_greeting(struct probe *probe)
{
	unsigned char byte;
	return mbedtls_ssl_read(&probe->ssl, &byte, 1);
}

/* Texts of the flags, the first line of what mbedTLS says. */
static enum code fail_certificate(uint32_t flags, const char *host, struct error *err)
{
	if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FAILED",
			"the server's certificate has expired; renew it on the server, or set this "
			"machine's clock if it is wrong");
	if (flags & MBEDTLS_X509_BADCERT_FUTURE)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FAILED",
			"the server's certificate is not valid yet; is this machine's clock "
			"right?");
	if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FAILED",
			"the server's certificate is not trusted: no authority of the CA file has "
			"signed it; give the file of the authority that did (--tls-ca, "
			"LECTERN_TLS_CA, tls_ca_file)");
	if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FAILED",
			"the server's certificate is not made out to '%s'; use a name that it has "
			"(mbedTLS before 3.5 takes an IP address only where the certificate has it "
			"as a DNS name)",
			host);
	char text[CAUSE_BYTES] = "";
	mbedtls_x509_crt_verify_info(text, sizeof text, "", flags);
	text[strcspn(text, "\n")] = '\0';
	return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FAILED",
		"the server's certificate is not accepted: %s", text);
}

/* What a server that refuses us says is an alert, whose number mbedTLS keeps for itself. */
static enum code fail_handshake(
	const struct probe *probe, int rv, bool has_certificate, struct error *err)
{
	if (probe->answered && (probe->first < 20 || probe->first > 23))
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FAILED",
			"the server does not speak TLS on this port; use tcp:// for it, or its "
			"port for TLS");
	if (rv == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE || rv == MBEDTLS_ERR_NET_CONN_RESET ||
		rv == MBEDTLS_ERR_NET_SEND_FAILED || rv == MBEDTLS_ERR_SSL_CONN_EOF ||
		rv == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TLS_FAILED",
			has_certificate
				? "the server has broken off the handshake; it may not trust the "
				  "client certificate, or that may have expired"
				: "the server has broken off the handshake; it may ask for a "
				  "client "
				  "certificate (--tls-cert and --tls-key, LECTERN_TLS_CERT and "
				  "LECTERN_TLS_KEY, tls_cert_file and tls_key_file)");
	char cause[CAUSE_BYTES];
	mbedtls_strerror(rv, cause, sizeof cause);
	return fail_reason(
		err, CODE_FAILED_PRECONDITION, "TLS_FAILED", "the handshake failed: %s", cause);
}

static enum code judge(struct probe *probe, const char *host,
	const struct tls_credentials *credentials, struct error *err)
{
	bool has_certificate = credentials->certificate != NULL;
	int rv = run(probe, shake_hands);
	uint32_t flags = mbedtls_ssl_get_verify_result(&probe->ssl);
	if (rv == 0 && flags != 0)
		return fail_certificate(flags, host, err);
	if (rv == 0)
		rv = run(probe, hear_greeting);
	if (rv >= 0 || rv == MBEDTLS_ERR_SSL_TIMEOUT)
		return CODE_OK;
	/* Where it broke off early no certificate was seen, and all bits are set. */
	if (flags != 0 && flags != UINT32_MAX)
		return fail_certificate(flags, host, err);
	return fail_handshake(probe, rv, has_certificate, err);
}

enum code tls_probe(const char *host, const char *port, const struct tls_credentials *credentials,
	uint64_t deadline_ns, struct error *err)
{
	struct probe probe = { .fd = -1, .deadline_ns = deadline_ns };
	if (!connect_any(&probe, host, port))
		return CODE_OK;
	mbedtls_ssl_init(&probe.ssl);
	mbedtls_ssl_config_init(&probe.config);
	mbedtls_x509_crt_init(&probe.ca);
	mbedtls_x509_crt_init(&probe.certificate);
	mbedtls_pk_init(&probe.key);
	enum code code = CODE_OK;
	if (set_up(&probe, credentials, host) == 0)
		code = judge(&probe, host, credentials, err);
	mbedtls_ssl_free(&probe.ssl);
	mbedtls_ssl_config_free(&probe.config);
	mbedtls_x509_crt_free(&probe.ca);
	mbedtls_x509_crt_free(&probe.certificate);
	mbedtls_pk_free(&probe.key);
	close(probe.fd);
	return code;
}
