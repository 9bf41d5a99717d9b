# What some options need beside them, for options.sh: adds to ${others[@]} by $name.
# shellcheck shell=bash
case ${name:?} in
*) ;;
esac
