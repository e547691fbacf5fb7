# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for matetool, which knows itself what can come next.

_matetool() {
	local line=${COMP_LINE:0:COMP_POINT} words candidate
	COMPREPLY=()
	read -ra words <<<"$line"
	# After a space a new word begins.
	[[ $line == *[[:space:]] ]] && words+=('')
	local word=${words[${#words[@]} - 1]}
	while IFS= read -r candidate; do
		if [ "$candidate" = :files ]; then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi
		# Readline takes what is behind the last = for the word.
		[[ $word == *=* ]] && candidate=${candidate#"${word%=*}="}
		COMPREPLY+=("$candidate")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	return 0
}
complete -F _matetool matetool
