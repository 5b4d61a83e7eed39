// SPDX-License-Identifier: GPL-2.0-only
import type { OwnAnswer, PluginText } from '../mmu/contract.ts';
import type { PluginName } from '../mmu/entry-kind.ts';

/** A hook that threw, or answered what it must not. */
export interface Failure {
  readonly plugin: string;
  readonly hook: string;
  readonly message: string;
}

/** What a hook answered, or that it failed. */
export type Answer<T> = { readonly value: T } | Failure;

/** What a hook answers; reading never throws, whatever plugins do. */
export function attempt<T>(plugin: string, hook: string, call: () => T): Answer<T> {
  try {
    return { value: call() };
  } catch (cause) {
    return { plugin, hook, message: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** An answer of a plugin's, with its words. */
export interface SaidByPlugin {
  readonly code: PluginName;
  readonly params: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Puts an answer into words. */
export function ownAnswer({ code, params = {} }: OwnAnswer, text: PluginText): SaidByPlugin {
  return { code, params, text: typeof text === 'string' ? text : text(params) };
}

/**
 * Puts an answer into the words that a table of its plugin has for it.
 *
 * @throws TypeError when the table has none
 */
export function answerOf(
  plugin: string,
  table: 'objections' | 'guesses',
  texts: Readonly<Record<string, PluginText>> | undefined,
  answer: OwnAnswer,
): SaidByPlugin {
  const own = answer.code.slice(plugin.length + 1);
  const text =
    answer.code.startsWith(`${plugin}/`) && Object.hasOwn(texts ?? {}, own) ? texts?.[own] : undefined;
  if (text === undefined) throw new TypeError(`${table} has no ${answer.code}`);
  return ownAnswer(answer, text);
}
