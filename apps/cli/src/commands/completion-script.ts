// SPDX-License-Identifier: GPL-2.0-only
import type { Command } from 'commander';

/** What may stand after a flag. */
export type Words = Readonly<Record<string, readonly string[]>>;

const flagsOf = (command: Command): string[] =>
  command.options.flatMap(({ long, hidden }) => (hidden || typeof long !== 'string' ? [] : [long]));

/** A script for bash that knows the commands and their flags as they are now. */
export function bashCompletion(root: Command, words: Words): string {
  const cases = root.commands.map(
    (command) => `    ${command.name()}) flags='${[...flagsOf(command), '--help'].join(' ')}' ;;`,
  );
  const values = Object.entries(words).map(
    ([flag, list]) => `    --${flag}) COMPREPLY=($(compgen -W '${list.join(' ')}' -- "$cur")); return ;;`,
  );
  return `# bash completion of spte; load it with: source <(spte completion bash)
_spte() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} flags=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${root.commands.map((command) => command.name()).join(' ')} --help' -- "$cur"))
    return
  fi
  case $prev in
${values.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  case $cur in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
  esac
}
complete -o default -F _spte spte`;
}
