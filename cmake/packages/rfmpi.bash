# What bash completes of rfmpi; files where no word is known.
_rfmpi_reply() {
    local word
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        [[ $word != "$current"* ]] || COMPREPLY+=("$word")
    done < <(_rfmpi_words "$1" "$2")
}

_rfmpi() {
    local line=${COMP_LINE:0:COMP_POINT} typed current='' before key=''
    # Readline cuts words at "=": the line itself does not.
    read -ra typed <<<"$line"
    [[ $line == *[[:space:]] ]] || { current=${typed[-1]} && unset 'typed[-1]'; }
    [[ $current != --set=* ]] || { typed+=(--set) && current=${current#--set=}; }
    before=${typed[-1]}
    if [ ${#typed[@]} -eq 1 ]; then
        _rfmpi_reply command -
    elif [[ $before == --set && $current == *=* ]]; then
        key=${current%%=*}
        current=${current#*=}
        _rfmpi_reply value "$key"
        [[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$key=}")
    elif [[ $before == --set ]]; then
        _rfmpi_reply key -
        COMPREPLY=("${COMPREPLY[@]/%/=}")
        compopt -o nospace
    elif [[ $current == -* ]]; then
        _rfmpi_reply flag "${typed[1]}"
    else
        _rfmpi_reply value "$before"
    fi
}
complete -o default -F _rfmpi rfmpi
