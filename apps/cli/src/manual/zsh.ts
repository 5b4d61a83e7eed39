// SPDX-License-Identifier: GPL-2.0-only
import { flagsOf } from './bash.ts';
import type { ManualCommand, ManualFlag } from './manual.ts';

/** A script for zsh that knows the commands and their flags, with what the help says of each. */
export function zshCompletion(commands: readonly ManualCommand[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const specs = [...flagsOf(command).map(specOf), operandOf(command)];
    return `    ${command.name})\n      _arguments -S ${specs.map((spec) => `\\\n        ${spec}`).join(' ')} ;;`;
  });
  return `#compdef spte
# zsh completion of spte; load it with: source <(spte completion zsh)
_spte() {
  local -a commands
  commands=(
${list.join('\n')}
    'help:print the help of a command'
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
    help) _describe -t commands command commands ;;
${cases.join('\n')}
    *) _files ;;
  esac
}
compdef _spte spte`;
}

/** A flag with its text, and what may stand after it: words, or a file. */
function specOf({ name, text, takesValue, words }: ManualFlag): string {
  const what = `*${name}[${text.replaceAll(/[[\]\\]/g, '\\$&')}]`;
  if (!takesValue) return quoted(what);
  return quoted(words.length > 0 ? `${what}:value:(${words.join(' ')})` : `${what}:value:_files`);
}

const operandOf = ({ words }: ManualCommand): string =>
  quoted(words.length > 0 ? `1:word:(${words.join(' ')})` : '*:file:_files');

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
