#!/usr/bin/env bash
# Makes certificates for tests of TLS in a folder: certificates.sh DIR. NAME.crt has the certificate
# (PEM), NAME.key its private key. Valid for two days unless said otherwise.
#
#   ca              the authority of all below but those of other-ca
#   server          for localhost, 127.0.0.1 and ::1; server-chain.crt is the same through an
#                   intermediate authority (key: server-chain.key)
#   client          a client's, common name "editor"
#   client-revoked  likewise, revoked by the authority's list; ca-list.crt has ca.crt and that list
#   client-server   signed by the authority for servers alone
#   server-expired  client-expired  expired a year ago
#   server-wrong    for wrong.example
#   server-weak     RSA with 1024 bits
#   other-ca        an authority that nobody trusts
#   server-other    client-other    signed by it
#   encrypted.key   the key of server with a pass phrase
#   garbage.pem     no certificate
set -euo pipefail
cd "${1:?usage: certificates.sh DIR}"
umask 077
log=openssl.log

# key NAME: on the curve P-256, fast to make.
key() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>>$log
}

# authority NAME [SIGNER]
authority() {
	key "$1"
	if [ $# -eq 1 ]; then
		openssl req -x509 -new -key "$1.key" -days 2 -subj "/CN=Lectern test $1" \
			-addext basicConstraints=critical,CA:TRUE -out "$1.crt" 2>>$log
	else
		sign "$1" "$2" "Lectern test $1" "basicConstraints=critical,CA:TRUE"
	fi
}

# sign NAME SIGNER COMMON_NAME EXTENSION [OPTION...]: certifies NAME.key.
sign() {
	local name=$1 signer=$2 common_name=$3 extension=$4
	shift 4
	[ $# -gt 0 ] || set -- -days 2
	openssl req -new -key "$name.key" -subj "/CN=$common_name" -out "$name.csr" 2>>$log
	openssl x509 -req -in "$name.csr" -CA "$signer.crt" -CAkey "$signer.key" \
		-set_serial "0x$(openssl rand -hex 8)" -extfile <(printf '%s\n' "$extension") \
		"$@" -out "$name.crt" 2>>$log
	rm "$name.csr"
}

# office: a folder with what `openssl ca` wants of an authority.
office() {
	mkdir -p office && : >office/index.txt && openssl rand -hex 8 >office/serial
	cat >office/config <<-END
		[ca]
		default_ca = it
		[it]
		database = office/index.txt
		serial = office/serial
		new_certs_dir = office
		default_md = sha256
		policy = any
		[any]
		commonName = supplied
	END
}

# expired NAME COMMON_NAME EXTENSION: `openssl x509` of Debian 12 sets no dates; `openssl ca` does.
expired() {
	key "$1"
	office
	printf '%s\n' "$3" >office/extensions
	openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr" 2>>$log
	openssl ca -batch -notext -config office/config -extfile office/extensions -in "$1.csr" \
		-cert ca.crt -keyfile ca.key -startdate 20240101000000Z -enddate 20250101000000Z \
		-out "$1.crt" 2>>$log
	rm -r office "$1.csr"
}

# revoked NAME FILE: the authority's certificate with its list, on which NAME.crt is.
revoked() {
	office
	openssl ca -config office/config -cert ca.crt -keyfile ca.key -revoke "$1.crt" 2>>$log
	openssl ca -config office/config -cert ca.crt -keyfile ca.key -gencrl -crldays 2 \
		-out office/list 2>>$log
	cat ca.crt office/list >"$2"
	rm -r office
}

here='subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
if ! {
	authority ca
	authority other-ca
	authority intermediate ca
	key server && sign server ca localhost "$here"
	key server-chain && sign server-chain intermediate localhost "$here"
	cat intermediate.crt >>server-chain.crt
	key client && sign client ca editor 'extendedKeyUsage=clientAuth'
	key client-server && sign client-server ca editor 'extendedKeyUsage=serverAuth'
	key client-revoked && sign client-revoked ca editor 'extendedKeyUsage=clientAuth'
	revoked client-revoked ca-list.crt
	key server-wrong && sign server-wrong ca wrong.example 'subjectAltName=DNS:wrong.example'
	key server-other && sign server-other other-ca localhost "$here"
	key client-other && sign client-other other-ca editor 'extendedKeyUsage=clientAuth'
	expired server-expired localhost "$here"
	expired client-expired editor 'extendedKeyUsage=clientAuth'
	openssl genrsa -out server-weak.key 1024 2>>$log && sign server-weak ca localhost "$here"
	openssl pkey -in server.key -aes256 -passout pass:secret -out encrypted.key 2>>$log
	echo 'this is no certificate' >garbage.pem
}; then
	cat $log >&2
	exit 1
fi
