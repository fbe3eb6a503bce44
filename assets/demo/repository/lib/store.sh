# The file: one entry a line, as date,cents,category,note.

TALLY_FILE=${TALLY_FILE:-$HOME/.tally.csv}

add_entry() {
    cents=$(to_cents "$1")
    printf '%s,%s,%s,%s\n' "$(date +%Y-%m-%d)" "$cents" "$2" "${3-}" >>"$TALLY_FILE"
}

list_entries() {
    cat "$TALLY_FILE"
}
