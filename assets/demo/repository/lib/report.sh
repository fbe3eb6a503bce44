# What was spent on what.

report() {
    cut -d, -f3 "$TALLY_FILE" | sort -u | while read -r category; do
        cents=$(awk -F, -v c="$category" '$3 == c { sum += $2 } END { print sum + 0 }' "$TALLY_FILE")
        printf '%-12s %10s\n' "$category" "$(from_cents "$cents")"
    done
}
