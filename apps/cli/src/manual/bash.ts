// SPDX-License-Identifier: GPL-2.0-only
import type { ManualCommand, ManualFlag } from './manual.ts';

/** The flags of a command. */
export const flagsOf = ({ groups }: ManualCommand): ManualFlag[] => groups.flatMap(({ flags }) => flags);

/** A script for bash that knows the commands and their flags as they are now. */
export function bashCompletion(commands: readonly ManualCommand[]): string {
  const names = [...commands.map(({ name }) => name), 'help', '--help', '--version'];
  const cases = commands.map(
    (command) =>
      `    ${command.name}) words='${flagsOf(command)
        .map(({ name }) => name)
        .join(' ')}'; first='${command.words.join(' ')}' ;;`,
  );
  const values = new Map(
    commands
      .flatMap(flagsOf)
      .filter(({ words }) => words.length > 0)
      .map(({ name, words }) => [name, words]),
  );
  const lists = [...values].map(
    ([name, words]) => `    ${name}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur")); return ;;`,
  );
  return `# bash completion of spte; load it with: source <(spte completion bash)
_spte() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words='' first=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$cur"))
    return
  fi
  case $prev in
${lists.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
    help) first='${commands.map(({ name }) => name).join(' ')}' ;;
${cases.join('\n')}
  esac
  case $cur in
    -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    *) [ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W "$first" -- "$cur")) ;;
  esac
}
complete -o default -F _spte spte`;
}
