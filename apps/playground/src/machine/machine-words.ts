// SPDX-License-Identifier: GPL-2.0-only
import type { Machine } from './machine.ts';

type Words<K extends keyof Machine> = (value: Machine[K]) => string;

const onOff =
  (what: string): ((value: boolean) => string) =>
  (value) =>
    value ? what : `no ${what}`;

/** Each input of a machine in a few words. */
const WORDS: { readonly [K in keyof Machine]: Words<K> } = {
  vendor: (vendor) => vendor,
  kernel: (kernel) => `Linux ${kernel}`,
  physBits: (bits) => `${bits} bits`,
  rawPhysBits: (bits) => `MAXPHYADDR ${bits}`,
  cacheBits: (bits) => `cache looks at ${bits} bits`,
  l1tf: onOff('L1TF bug'),
  gbpages: onOff('1G pages'),
  ept: onOff('EPT'),
  eptAd: onOff('EPT A/D bits'),
  eptExecOnly: onOff('execute-only entries'),
  eptMaxPageLevel: (level) => `EPT pages up to level ${level}`,
  pml: onOff('PML'),
  npt: onOff('NPT'),
  sme: (sme) => ({ off: 'no SME', firmware: 'SME on, not used', kernel: 'SME' })[sme],
  cBit: (bit) => `C-bit ${bit}`,
  mmioCaching: onOff('mmio_caching'),
  nxHugePages: onOff('nx_huge_pages'),
  mmuKind: (kind) => (kind === 'default' ? "the vendor's MMU" : `${kind} MMU`),
  rootLevel: (level) => `root level ${level}`,
  eferNx: onOff('EFER.NX'),
  guestGbpages: onOff('guest 1G pages'),
  ept12ExecOnly: onOff('nested execute-only entries'),
};

/** Inputs that one vendor's module alone looks at. */
const ONLY_OF: { readonly [K in keyof Machine]?: Machine['vendor'] } = {
  ept: 'vmx',
  eptAd: 'vmx',
  eptExecOnly: 'vmx',
  eptMaxPageLevel: 'vmx',
  pml: 'vmx',
  ept12ExecOnly: 'vmx',
  npt: 'svm',
  sme: 'svm',
};

const isUsed = (name: keyof Machine, machine: Machine): boolean =>
  name === 'cBit'
    ? machine.vendor === 'svm' && machine.sme !== 'off'
    : (ONLY_OF[name] ?? machine.vendor) === machine.vendor;

const wordsOf = (name: keyof Machine, machine: Machine): string =>
  (WORDS[name] as (value: Machine[keyof Machine]) => string)(machine[name]);

/** As many differences as a title names. */
const MOST = 6;

/** What a machine is called beside another: its vendor, its kernel, and what else is otherwise. */
export function titleBeside(machine: Machine, other: Machine): string {
  const names = (Object.keys(WORDS) as (keyof Machine)[]).filter(
    (name) =>
      name === 'vendor' ||
      name === 'kernel' ||
      (isUsed(name, machine) && isUsed(name, other) && machine[name] !== other[name]),
  );
  const words = names.map((name) => wordsOf(name, machine));
  const left = words.length - MOST;
  return left > 1 ? `${words.slice(0, MOST).join(', ')} and ${left} more` : words.join(', ');
}
