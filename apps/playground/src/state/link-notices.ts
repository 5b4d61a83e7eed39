// SPDX-License-Identifier: GPL-2.0-only
import type { Codecs } from '../fields/codec.ts';
import { machineCodecs } from '../machine/machine.ts';
import { presets } from '../machine/presets.ts';
import { buildCodecs } from './build-form.ts';
import { LINK_VERSION } from './hash.ts';
import { heldText } from './held-text.ts';
import { readCodecs } from './read-form.ts';
import { viewCodec } from './state.ts';

/** How a part of a link is read; null: it is not understood. */
type Decode = (text: string) => unknown;

const presetId: Decode = (text) => presets.find(({ id }) => id === text) ?? null;
const whole: Decode = (text) => text;

function decodersOf<T>(codecs: Codecs<T>, prefix = ''): [string, Decode][] {
  return (Object.keys(codecs) as (keyof T & string)[]).map((name) => [
    `${prefix}${name}`,
    (text) => codecs[name].decode(text),
  ]);
}

const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['v', (text) => (text === LINK_VERSION ? text : null)],
  ['view', viewCodec.decode],
  ['preset', presetId],
  ['b.preset', presetId],
  ['paste', whole],
  ['held', heldText],
  ...decodersOf(machineCodecs),
  ...decodersOf(machineCodecs, 'b.'),
  ...decodersOf(readCodecs),
  ...decodersOf(buildCodecs),
]);

/** Characters of a part that are repeated. */
const SHOWN = 40;

const short = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

/** Notices that are given for one link, at most. */
const MOST = 5;

/** What a link says that this page does not understand, in sentences; what stands in its place is the page's own. */
export function noticesOf(hash: string): string[] {
  const notices: string[] = [];
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    const decode = decoders.get(name);
    if (decode === undefined) notices.push(`The link has a part that is not known here: ${short(name)}.`);
    else if (decode(text) === null) notices.push(noticeOf(name, text));
  }
  return notices.slice(0, MOST);
}

function noticeOf(name: string, text: string): string {
  if (name === 'held')
    return 'What was pasted was too long for the link and is not in this tab: paste it again.';
  return `The link says ${name} = ${short(text)}, which is not known here.`;
}
