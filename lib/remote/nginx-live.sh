# shellcheck shell=sh disable=SC2154,SC2034
# Tells which of two upstreams the running workers of an nginx serve. Changes nothing. After processes.sh, nginx.sh,
# nginx-lock.sh, nginx-file.sh, nginx-names.sh, nginx-loaded.sh and nginx-note.sh.
# Arguments: program; main configuration, or "-"; the file with the name, or "-"; the two names.
#
# Results: upstream, the name that is served.

bin=$1 conf=$2 wanted=$3 from=$4 to=$5

find_program
find_conf
find_file
if is_unfinished && is_locked; then fail locked "$unfinished is under way: wait for its end"; fi
refuse_unfinished
read_file
upstream=$from
[ "$state" = from ] || upstream=$to
served=
# What serves now does not change by somebody's being midway in the files; only the file with the name counts then.
if test_configuration 2>/dev/null; then is_included; else cat "$conf" >"$essay_scratch/dump"; fi
find_master
case $(is_loaded) in
    yes) ;;
    no) fail not-loaded "$wanted names $upstream, and was changed after the workers of nginx began: reload nginx to be sure (es-nginx reload)" ;;
    crashed) fail not-loaded "$wanted names $upstream, and a worker of nginx took the place of one that crashed, so it may run what was there before: reload nginx to be sure (es-nginx reload)" ;;
    *) fail nginx-not-running "the nginx of $conf has no worker that takes connections; nothing is served" ;;
esac
result upstream "$upstream"
