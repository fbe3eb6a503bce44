#!/bin/sh
# Runs every test. Needs nothing but a shell and awk.
set -u

cd "$(dirname "$0")/.." || exit 1
TALLY_FILE=$(mktemp)
export TALLY_FILE
trap 'rm -f "$TALLY_FILE"' EXIT
. lib/money.sh
. lib/store.sh
. lib/report.sh
failed=0

# check NAME EXPECTED ACTUAL
check() {
    if [ "$2" = "$3" ]; then
        echo "ok      $1"
    else
        echo "FAILED  $1: expected '$2', got '$3'"
        failed=1
    fi
}

check 'cents of a whole amount' 400 "$(to_cents 4)"
check 'cents of an amount' 420 "$(to_cents 4.2)"
check 'amount of cents' 4.20 "$(from_cents 420)"

cp data/sample.csv "$TALLY_FILE"
check 'report has every category' 3 "$(report | wc -l | tr -d ' ')"
check 'report sums up' 12.70 "$(report | awk '$1 == "coffee" { print $2 }')"

exit $failed
