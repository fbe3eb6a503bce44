# Amounts are whole cents everywhere inside.

# 4.2 -> 420
to_cents() {
    printf '%s\n' "$1" | awk '{ printf "%d\n", $1 * 100 }'
}

# 420 -> 4.20
from_cents() {
    awk -v cents="$1" 'BEGIN { printf "%.2f\n", cents / 100 }'
}
