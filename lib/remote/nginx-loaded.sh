# shellcheck shell=sh disable=SC2154
# Whether the workers that serve have read the file; after nginx-file.sh.

# hundredths: seconds since 1970, with two digits behind the point where date knows them.
hundredths() {
    hundredth=$(date +%s.%2N)
    case $hundredth in *[!0-9.]*) hundredth=${hundredth%%.*} ;; esac
    echo "$hundredth"
}

# clock: "TICKS TIME": now, in the ticks of /proc since the boot and in seconds since 1970. A process that begins now says
# what the clock of /proc says, also in a container; of some tries, the one that was quickest.
clock() {
    for _ in 1 2 3 4; do
        echo "$(hundredths) $(read -r line </proc/self/stat && echo "${line##*) }" | cut -d ' ' -f 20) $(hundredths)"
    done | awk '
        NR == 1 || $3 - $1 < least { least = $3 - $1; ticks = $2; now = ($1 ~ /\./) ? sprintf("%.2f", ($1 + $3) / 2) : $1 }
        END { print ticks, now }'
}

# written: when the file came to be what it is: its text, its name, or the link that leads to it, in seconds since 1970.
# The time of a status change cannot be set as that of a modification is by `cp -p` and `mv`.
written() {
    stat -c %.2Z "$file" "$wanted" 2>/dev/null | sort -n | tail -n 1
}

# crashed_at: the moments, as nginx's log has them, at which workers of this master ended by themselves.
crashed_at() {
    [ -f "/proc/$master/fd/2" ] || return 0
    tail -c 1000000 "/proc/$master/fd/2" |
        sed -n "s/^\([0-9/]* [0-9:]*\) \[alert\] $master#.*: worker process [0-9]* exited .*/\1/p"
}

# readers: the workers that serve, as entries, in one line.
readers() {
    workers | tr ' \n' ': ' | sed 's/ $//'
}

# note_readers SUM READERS: these have read the text of this checksum, although the file is younger than they are.
note_readers() {
    printf 'sum %s\nread %s\n' "$1" "$2" >"$known.new"
    mv -f "$known.new" "$known"
}

# is_noted: true when such a note says so of the file as it is, and of all workers that serve.
is_noted() {
    [ -e "$known" ] && [ "$(sed -n 's/^sum //p' "$known")" = "$(checksum <"$file")" ] || return 1
    noted_readers=" $(sed -n 's/^read //p' "$known") "
    serving=$(readers)
    for reader in $serving; do
        case $noted_readers in *" $reader "*) ;; *) return 1 ;; esac
    done
    [ -n "$serving" ]
}

# is_loaded: prints "yes" when the workers that serve have read the file as it is: they all began after it was written,
# or are noted; "no" when one did not; "crashed" when one may have been started in the place of one that crashed, as it
# then runs what the master had read before. Prints nothing where no worker serves.
is_loaded() {
    if is_noted; then
        echo yes
        return
    fi
    hertz=$(getconf CLK_TCK 2>/dev/null || echo 100)
    crashed=$(crashed_at)
    clock=$(clock)
    written=$(written)
    workers | while read -r _ start; do
        # When it began, in seconds since 1970; a tick and the time that looking takes are nobody's edit.
        began=$(echo "$clock $start $hertz" | awk '{ printf $2 ~ /\./ ? "%.2f" : "%d", $2 - ($1 - $3) / $4 }')
        echo "$began $written" | awk '{ slack = ($1 $2 ~ /\..*\./) ? 0.02 : 1; print ($2 > $1 + slack) ? "no" : "yes" }'
        [ -n "$crashed" ] || continue
        for second in "${began%.*}" "$((${began%.*} - 1))"; do
            case $essay_newline$crashed$essay_newline in
                *"$essay_newline$(date -d "@$second" '+%Y/%m/%d %H:%M:%S')$essay_newline"*) echo crashed ;;
            esac
        done
    done | sort | head -n 1
}
