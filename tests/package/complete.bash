# complete.bash SCRIPT LINE: what bash would offer, a word a line.
# shellcheck disable=SC1090 # the script is what is tested
source "$1"
COMP_LINE=$2
COMP_POINT=${#2}
# Outside of a completion there is nothing to set.
compopt() { :; }
_rfmpi
printf '%s\n' "${COMPREPLY[@]}"
