#!/bin/sh
# Makes the token `countersign` where there is none, with the PINs of the secrets. Run again, it changes nothing.
set -eu
if softhsm2-util --show-slots | grep -q 'Label: *countersign'; then exit 0; fi
softhsm2-util --init-token --free --label countersign --pin "$(cat /run/secrets/hsm-pin)" --so-pin "$(cat /run/secrets/hsm-so-pin)"
