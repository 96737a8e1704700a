# complete.zsh FOLDER LINE: what a zsh at a terminal makes of the line when Tab is pressed.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; unsetopt zle_bracketed_paste; unset zle_bracketed_paste; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; echo rea''dy"
zpty -r -m shell line '*ready*' || exit 1
# An empty line after the last key tells that it is through.
show-buffer() { print -r -- "<$BUFFER>"; }
zpty -w shell "$(functions show-buffer); zle -N show-buffer; bindkey '^X' show-buffer; echo rea''dy"
zpty -r -m shell line '*ready*' || exit 1
zpty -w -n shell "$2"$'\t\x18'
zpty -r -m shell line '*<*>*'
print -r -- "${${line##*<}%%>*}"
