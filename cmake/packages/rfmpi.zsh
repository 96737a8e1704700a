# What zsh completes of rfmpi; files where no word is known.
_rfmpi_offer() {
    local word help
    local -a found
    while IFS=$'\t' read -r word help; do
        found+=("${word//:/\\:}:$help")
    done < <(_rfmpi_words "$2" "$3")
    ((${#found} > 0)) || return 1
    _describe "$1" found "${@:4}"
}

_rfmpi() {
    local before=${words[CURRENT - 1]} key
    ! compset -P '--set=' || before=--set
    if ((CURRENT == 2)); then
        _rfmpi_offer command command -
    elif [[ $before == --set && $PREFIX == *=* ]]; then
        key=${PREFIX%%=*}
        compset -P '*='
        _rfmpi_offer value value "$key" || _files
    elif [[ $before == --set ]]; then
        _rfmpi_offer option key - -S =
    elif [[ $PREFIX == -* ]]; then
        _rfmpi_offer flag flag "${words[2]}"
    else
        _rfmpi_offer value value "$before" || _files
    fi
}
_rfmpi "$@"
