# Completion for bash: eval "$(es completion bash)" in ~/.bashrc.
_essay() {
    local line=${COMP_LINE:0:COMP_POINT} words word
    read -ra words <<<"$line"
    case $line in *[[:space:]]) words+=("") ;; esac
    word=${words[${#words[@]} - 1]}
    mapfile -t COMPREPLY < <(es-completion words "${words[@]}" 2>/dev/null)
    # What stands before a = or : is a word of its own for readline.
    COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*[=:]}"}"}")
}
complete -o bashdefault -o default -F _essay @programs@
