# Completion for zsh: eval "$(es completion zsh)" in ~/.zshrc, after compinit.
_essay() {
    local -a found
    found=("${(@f)$(es-completion words "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then compadd -a found; else _files; fi
}
compdef _essay @programs@
