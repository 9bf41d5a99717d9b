# What some options need beside them, for options.sh: adds to ${others[@]} by $name.
# shellcheck shell=bash
case ${name:?} in
tls-cert) others+=(--tls-key "${work:?}/key") ;;
tls-key) others+=(--tls-cert "${work:?}/certificate") ;;
tls-client-ca) others+=(--tls-cert "${work:?}/certificate" --tls-key "$work/key") ;;
*) ;;
esac
