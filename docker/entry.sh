#!/bin/sh
# Without arguments: the part of the service that SERVICE_ROLE names. With arguments: the operator's command line, as in `docker compose run --rm signer ledger`.
set -eu
if [ "$#" -gt 0 ]; then exec node /app/dist/apps/cli/src/main.js "$@"; fi
# Each running call into the HSM holds a thread of libuv's pool, whose size is read once, before any script runs.
UV_THREADPOOL_SIZE="$(node /app/docker/thread-pool.mjs)"
export UV_THREADPOOL_SIZE
# In place of the shell, so that SIGTERM reaches the service.
exec node "/app/dist/apps/$SERVICE_ROLE/src/main.js"
