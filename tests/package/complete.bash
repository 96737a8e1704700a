# complete.bash SCRIPT LINE: what bash would offer, a word a line.
source "$1"
COMP_LINE=$2
COMP_POINT=${#2}
# Outside of a completion there is nothing to set.
compopt() { :; }
_rfmpi
printf '%s\n' "${COMPREPLY[@]}"
