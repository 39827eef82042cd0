# Completion for fish: es completion fish | source in ~/.config/fish/config.fish.
function __essay_words
    set -l words (commandline -opc) (commandline -ct)
    es-completion words $words 2>/dev/null
end
for program in @programs@
    complete -c $program -a '(__essay_words)'
end
