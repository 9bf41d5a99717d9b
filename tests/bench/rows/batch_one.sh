# As the row batch with one call in flight on each connection: Redis sends large replies in parts, and
# takes more processor time for each of them where several wait.
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by run.sh
batch_in_flight=1
. tests/bench/rows/batch.sh
