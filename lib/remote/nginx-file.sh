# shellcheck shell=sh disable=SC2154
# A file of nginx's configuration in which a side is named, and what es-nginx-switch keeps beside it; after nginx.sh. Set
# before it is used: wanted, the file by its path, from the folder of the main configuration, or "-" for that itself.

# find_file: the file that names the upstream, $wanted as it is called and $file as it is; after find_conf.
# shellcheck disable=SC2034 # for the scripts
find_file() {
    case $wanted in
        -) wanted=$conf ;;
        /*) ;;
        \~/*)
            expand_home "$wanted"
            wanted=$expanded
            ;;
        *) wanted=${conf%/*}/$wanted ;;
    esac
    [ -f "$wanted" ] || fail conf-missing "there is no file $wanted; name it with --switch-conf"
    # A link stays; what it leads to is edited.
    file=$(readlink -f "$wanted")
    folder=${file%/*}
    note=$folder/.${file##*/}.essay-switch
    old=$folder/.${file##*/}.essay-before
    new=$folder/.${file##*/}.essay-new
    known=$folder/.${file##*/}.essay-read
}

# checksum: of stdin.
checksum() {
    cksum | tr ' ' '-'
}
