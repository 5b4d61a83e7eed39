// SPDX-License-Identifier: GPL-2.0-only
import { readKernelRelease } from '@spte/core';
import type { MachineFacts } from '@spte/host';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../io/errors.ts';
import { integer, oneOf, parseSwitch } from '../io/parse.ts';

/** What the flags of a context give, or the words of a context string. */
export interface ContextOptions extends Omit<MachineFacts, 'tdp'> {
  readonly host?: string | undefined;
  readonly preset?: string | undefined;
  readonly ept?: boolean | undefined;
  readonly npt?: boolean | undefined;
  readonly shadow?: boolean | undefined;
  /** Files or packages of plugins, in the order in which they are put in. */
  readonly plugin?: readonly string[] | undefined;
  /** Whether the tables mirror those of the TDX module. */
  readonly mirror?: boolean | undefined;
}

interface ValueFlag {
  readonly arg: string;
  readonly what: string;
  readonly parse: (text: string) => string | number;
}

const VENDOR_NAMES = { vmx: 'vmx', intel: 'vmx', svm: 'svm', amd: 'svm' } as const;

function parseVendor(text: string): 'vmx' | 'svm' {
  return VENDOR_NAMES[oneOf('vmx', 'svm', 'intel', 'amd')(text)];
}

function parseKernel(text: string): string {
  try {
    return readKernelRelease(text).name;
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

const asTyped = (text: string): string => text;

/** Flags with a value, by name; context strings use the same names. */
export const VALUE_FLAGS: Readonly<Record<string, ValueFlag>> = {
  host: {
    arg: 'DIR|BUNDLE',
    what: 'a machine: a folder with cpuinfo, params, uname, or a captured bundle',
    parse: asTyped,
  },
  preset: { arg: 'NAME', what: 'a typical machine, see `spte presets`', parse: asTyped },
  kernel: {
    arg: 'RELEASE',
    what: 'kernel as uname -r says it: 6.1.192, 5.14.0-570.el9.x86_64',
    parse: parseKernel,
  },
  vendor: { arg: 'NAME', what: 'vmx (intel) or svm (amd)', parse: parseVendor },
  maxphyaddr: {
    arg: 'BITS',
    what: 'physical address bits as CPUID reports them (32..52)',
    parse: integer(32, 52),
  },
  'phys-bits': {
    arg: 'BITS',
    what: 'those left after memory encryption (32..52)',
    parse: integer(32, 52),
  },
  'cache-bits': {
    arg: 'BITS',
    what: 'address bits that the L1 cache looks at (32..63)',
    parse: integer(32, 63),
  },
  'sme-c-bit': {
    arg: 'BIT',
    what: "SME: the host's encryption bit, takes 5 address bits (32..63)",
    parse: integer(32, 63),
  },
  'root-level': { arg: 'LEVELS', what: 'levels of the tables (2..5)', parse: integer(2, 5) },
  mmu: {
    arg: 'KIND',
    what: 'tdp, shadow (also nested NPT) or ept12 (nested EPT)',
    parse: oneOf('tdp', 'shadow', 'ept12', 'none'),
  },
};

/** Flags that are on or off, by name, and what they say where they are off (or on, for those off by default). */
export const SWITCHES: Readonly<Record<string, readonly [shown: 'on' | 'off', what: string]>> = {
  ept: ['off', 'Intel without EPT: shadow paging'],
  npt: ['off', 'AMD without NPT: shadow paging'],
  shadow: ['on', 'shadow paging'],
  ad: ['off', 'EPT without accessed and dirty bits (eptad=0)'],
  'exec-only': ['off', 'EPT that cannot express execute-only'],
  pml: ['off', 'no page modification log'],
  gbpages: ['off', 'no 1G pages'],
  'efer-nx': ['off', 'the guest has EFER.NX=0; without TDP, KVM uses NX all the same'],
  l1tf: ['on', 'the CPU has the L1TF bug'],
  'mmio-caching': ['off', 'kvm.mmio_caching=0'],
  'nx-huge-pages': ['on', 'kvm.nx_huge_pages=1: huge pages are not executable'],
};

const CONTEXT_GROUP = 'Context (kernel and machine):';

/** Adds the flags that say which kernel on which machine an entry belongs to. */
export function addContextOptions(command: Command): Command {
  for (const [name, { arg, what, parse }] of Object.entries(VALUE_FLAGS)) {
    command.addOption(new Option(`--${name} <${arg}>`, what).argParser(parse).helpGroup(CONTEXT_GROUP));
  }
  for (const [name, [visible, what]] of Object.entries(SWITCHES)) {
    const on = new Option(`--${name}`, what).helpGroup(CONTEXT_GROUP);
    const off = new Option(`--no-${name}`, what).helpGroup(CONTEXT_GROUP);
    command.addOption(on.hideHelp(visible === 'off')).addOption(off.hideHelp(visible === 'on'));
  }
  const mirror = new Option('--mirror', 'the tables mirror those of the TDX module (with a plugin)');
  return addPluginOption(command.addOption(mirror.helpGroup(CONTEXT_GROUP)));
}

/** Adds the flag that names plugins; it may be given several times. */
export function addPluginOption(command: Command): Command {
  const what = 'a plugin: a module, a package, or data in JSON; may be given several times';
  const collect = (word: string, before: readonly string[] = []): string[] => [...before, word];
  return command.addOption(
    new Option('--plugin <FILE|PACKAGE|DATA.json>', what).argParser(collect).helpGroup(CONTEXT_GROUP),
  );
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Reads one `name=value` of a context string. */
export function parseFact(name: string, text: string): ContextOptions | null {
  const value = Object.hasOwn(VALUE_FLAGS, name) ? VALUE_FLAGS[name]?.parse(text) : undefined;
  if (value !== undefined) return { [camelCase(name)]: value };
  return Object.hasOwn(SWITCHES, name) ? { [camelCase(name)]: parseSwitch(text) } : null;
}

/** Flags that are no fact of their own. */
const OTHER_FLAGS: readonly string[] = ['host', 'preset', 'ept', 'npt', 'shadow'];

const FACT_FLAGS = [...Object.keys(VALUE_FLAGS), ...Object.keys(SWITCHES)]
  .filter((name) => !OTHER_FLAGS.includes(name))
  .map(camelCase) as readonly (keyof MachineFacts & keyof ContextOptions)[];

/**
 * The facts among the flags: those that were given.
 *
 * @throws UsageError where two flags cannot both be meant
 */
export function factsOf(options: ContextOptions): MachineFacts {
  const given = FACT_FLAGS.filter((name) => options[name] !== undefined);
  const tdp = saidBy('tdp', options)?.value;
  const vendor = saidBy('vendor', options)?.value;
  return {
    ...Object.fromEntries(given.map((name) => [name, options[name]])),
    ...(tdp !== undefined && { tdp }),
    ...(vendor !== undefined && { vendor }),
  };
}

/** What a flag says of the vendor, and of whether EPT or NPT is used. */
type Said = Pick<MachineFacts, 'vendor' | 'tdp'>;

/** The flags that say something of either where they are given, those first that say it plainly. */
const SAYING: Partial<Readonly<Record<keyof ContextOptions, (given: ContextOptions) => Said>>> = {
  vendor: ({ vendor }) => ({ vendor }),
  shadow: ({ shadow }) => ({ tdp: shadow === false }),
  ept: ({ ept }) => ({ vendor: 'vmx', tdp: ept }),
  npt: ({ npt }) => ({ vendor: 'svm', tdp: npt }),
  smeCBit: () => ({ vendor: 'svm' }),
  ad: () => ({ vendor: 'vmx' }),
  execOnly: () => ({ vendor: 'vmx' }),
  pml: () => ({ vendor: 'vmx' }),
  l1tf: ({ l1tf }) => (l1tf === true ? { vendor: 'vmx' } : {}),
  mmu: ({ mmu }) => (mmu === 'ept12' ? { vendor: 'vmx', tdp: true } : mmu === 'tdp' ? { tdp: true } : {}),
};

const SAYING_FLAGS = Object.keys(SAYING) as readonly (keyof ContextOptions)[];

/** What flags say of the one or the other, and the first that does. */
function saidBy<Fact extends keyof Said>(fact: Fact, options: ContextOptions) {
  const all = SAYING_FLAGS.flatMap((flag) => {
    const value = options[flag] === undefined ? undefined : SAYING[flag]?.(options)[fact];
    return value === undefined ? [] : [{ flag, value }];
  });
  const [first] = all;
  const other = all.find(({ value }) => value !== first?.value);
  if (first === undefined || other === undefined) return first;
  throw exclusive([typed(first.flag, options), first.value], [typed(other.flag, options), other.value]);
}

/** That two words of a command line cannot both be meant: which, and what each is about. */
export function exclusive(
  ...both: readonly (readonly [word: string, about: string | boolean])[]
): UsageError {
  return new UsageError(
    both.map(([word, about]) => `${word} is about ${String(MEANT[String(about)])}`).join(', '),
  );
}

/** What the values of both are called. */
const MEANT: Readonly<Record<string, string>> = {
  vmx: 'Intel (vmx)',
  svm: 'AMD (svm)',
  true: 'EPT or NPT',
  false: 'shadow paging',
};

/** A flag as it is typed. */
function typed(flag: keyof ContextOptions, options: ContextOptions): string {
  const words = flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${options[flag] === false ? 'no-' : ''}${words}`;
}

/** The flag that gives a fact, as it is typed; null where none does. */
export function flagOf(name: keyof MachineFacts, options: ContextOptions): string | null {
  const flag = name === 'tdp' || name === 'vendor' ? saidBy(name, options)?.flag : name;
  return flag === undefined || options[flag] === undefined ? null : typed(flag, options);
}
