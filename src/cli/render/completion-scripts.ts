/**
 * The scripts that shells load. Each asks `credits complete -- WORDS` (words after the program's name, the last one
 * unfinished) and reads `value<TAB>description` lines and a last line `:0` (files fit too) or `:4`.
 */

// Bash breaks words at `:` and `=` too, and replaces only what stands behind the last break. So the words are read from
// the line itself, and the part of the last word that Bash does not replace is cut off every answer.
const BASH = `# Completion of credits for bash. Load it in ~/.bashrc:
#   source <(credits completion bash)
_credits() {
  local line="\${COMP_LINE:0:COMP_POINT}" shown="\${COMP_WORDS[COMP_CWORD]}" current prefix value files=4
  local -a words
  read -ra words <<<"$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]} - 1]}"
  [[ "$shown" == [:=]* ]] && shown=""
  prefix="\${current%"$shown"}"
  COMPREPLY=()
  while IFS= read -r value; do
    case "$value" in
      :*) files="\${value#:}" ;;
      *) value="\${value%%$'\\t'*}"; COMPREPLY+=("\${value#"$prefix"}") ;;
    esac
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
  if [[ "$files" == 0 ]]; then
    compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$shown"))
  fi
}
complete -F _credits credits`;

const ZSH = `#compdef credits
# Completion of credits for zsh. Load it in ~/.zshrc, after compinit:
#   source <(credits completion zsh)
_credits() {
  local line value description files=4
  local -a offers before
  (( CURRENT > 2 )) && before=("\${(@Q)words[2,CURRENT-1]}")
  for line in "\${(@f)$("\${words[1]}" complete -- "\${before[@]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    case "$line" in
      "") ;;
      :*) files="\${line#:}" ;;
      *)
        value="\${line%%$'\\t'*}"
        description=""
        [[ "$line" == *$'\\t'* ]] && description="\${line#*$'\\t'}"
        offers+=("\${value//:/\\\\:}\${description:+:$description}")
        ;;
    esac
  done
  (( \${#offers} )) && _describe credits offers
  [[ "$files" == 0 ]] && _files
}
if [[ "\${funcstack[1]}" == "_credits" ]]; then
  _credits "$@"
else
  compdef _credits credits
fi`;

const FISH = `# Completion of credits for fish. Save it:
#   credits completion fish > ~/.config/fish/completions/credits.fish
function __credits_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program complete -- $words "$current" 2>/dev/null)
        switch $line
            case ':0'
                __fish_complete_path "$current"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c credits -f -a '(__credits_complete)'`;

/** One script for each shell, without a last line feed. */
export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

/** A shell that there is a script for. */
export type Shell = keyof typeof COMPLETION_SCRIPTS;
