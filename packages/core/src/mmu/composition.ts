// SPDX-License-Identifier: GPL-2.0-only
import { hex, U64_MAX } from '../bits/bits.ts';
import { bitConflicts, conflictText } from './bit-conflicts.ts';
import type { Extension, Overlay, Policy, Vendor } from './contract.ts';
import { createMmu, type MmuConfig } from './create-mmu.ts';
import { PHYSICAL_MASK } from './host.ts';
import { initialRegistry, type Masks } from './masks.ts';
import { checkPlugin } from './plugin.ts';
import { PluginError, type PluginErrorCode } from './plugin-error.ts';

/** Something that is wrong with a plugin, or with several beside each other. */
export interface PluginProblem {
  /** Stable name of what was checked: `shape`, `mask-width`. */
  readonly check: string;
  /** The name of the plugin. */
  readonly plugin: string;
  /** The member that is wrong; null where it is the plugin as a whole. */
  readonly hook: string | null;
  /** Where it shows: a kernel, a machine, a field; empty where it always does. */
  readonly at: string;
  /** What is wrong, and what to mend. */
  readonly text: string;
}

/** What a member must be, by `typeof`, with `list` for arrays. */
type Shape = 'function' | 'object' | 'string' | 'number' | 'bigint' | 'list';

const EXTENSION: Readonly<Record<keyof Extension, Shape>> = {
  software: 'list',
  reserved: 'function',
  leafBits: 'function',
  initVm: 'function',
  findings: 'object',
  judge: 'function',
  objections: 'object',
  judgeChange: 'function',
  guesses: 'object',
  guess: 'function',
  kinds: 'object',
};

const PLUGIN = {
  name: 'string',
  apiVersion: 'number',
  version: 'string',
  variants: 'list',
  behaviours: 'list',
} as const satisfies Record<string, Shape>;

const VENDOR: Readonly<Record<keyof Vendor, Shape>> = {
  ...PLUGIN,
  ...EXTENSION,
  format: 'object',
  mirrorFormat: 'object',
  smeMeMask: 'bigint',
  setup: 'function',
  getMtMask: 'function',
  cpuReads: 'function',
  overlays: 'list',
  dependsOn: 'object',
};

const POLICY: Readonly<Record<keyof Policy, Shape>> = {
  ...PLUGIN,
  ...EXTENSION,
  parameters: 'object',
  moduleInit: 'function',
  resetEarly: 'function',
  resetLate: 'function',
  isMmioPfn: 'function',
  read: 'function',
  exposure: 'function',
  dependsOn: 'object',
};

const OVERLAY: Readonly<Record<keyof Overlay, Shape>> = {
  name: 'string',
  version: 'string',
  variants: 'list',
  behaviours: 'list',
  ...EXTENSION,
  masks: 'object',
  kernels: 'object',
  dependsOn: 'object',
};

const REQUIRED = {
  vendor: ['name', 'apiVersion', 'format', 'setup'],
  policy: ['name', 'apiVersion'],
  overlay: ['name'],
} as const;

/** What a plugin is. */
export type PluginRole = 'vendor' | 'policy' | 'overlay';

/**
 * What an object is as a plugin, by its members: a vendor has a format or sets masks up, a policy has a contract, an
 * overlay has anything that an overlay may bring.
 *
 * @returns null for anything that is not a plugin
 */
export function pluginRole(value: unknown): PluginRole | null {
  if (typeof value !== 'object' || value === null || !('name' in value)) return null;
  if ('format' in value || 'setup' in value) return 'vendor';
  if ('apiVersion' in value) return 'policy';
  return [...Object.keys(EXTENSION), 'masks'].some((member) => member in value) ? 'overlay' : null;
}

const SHAPES: Readonly<Record<PluginRole, Readonly<Record<string, Shape>>>> = {
  vendor: VENDOR,
  policy: POLICY,
  overlay: OVERLAY,
};

/**
 * What is wrong with the members of a plugin: names that the contract does not have, members that are missing or are not
 * what they must be. Nothing is called.
 */
export function shapeProblems(plugin: object, role: PluginRole): PluginProblem[] {
  const members = plugin as Readonly<Record<string, unknown>>;
  const { name, apiVersion } = members;
  const called = typeof name === 'string' && name !== '' ? name : role;
  const problem = (hook: string | null, text: string): PluginProblem => ({
    check: 'shape',
    plugin: called,
    hook,
    at: '',
    text,
  });
  const shapes = SHAPES[role];
  const missing = REQUIRED[role]
    .filter((member) => members[member] === undefined)
    .map((member) => problem(member, `${role} ${called} must have ${member}, a ${String(shapes[member])}`));
  const wrong = Object.entries(members).flatMap(([member, value]) => {
    if (value === undefined) return [];
    const shape = Object.hasOwn(shapes, member) ? shapes[member] : undefined;
    if (shape === undefined) {
      const near = nearest(member, Object.keys(shapes));
      const meant = near === null ? `it has ${Object.keys(shapes).join(', ')}` : `is ${near} meant?`;
      return [problem(member, `a ${role} has no member ${member}: ${meant}`)];
    }
    const is = Array.isArray(value) ? 'list' : typeof value;
    if (is !== shape || value === null) return [problem(member, `${member} must be a ${shape}, got a ${is}`)];
    return apiVersion === 1 && Object.hasOwn(EXTENSION, member)
      ? [
          problem(
            member,
            `${member} is of contract 2, which is not asked of a plugin of contract 1: say apiVersion: 2`,
          ),
        ]
      : [];
  });
  const named =
    typeof name === 'string' && !/^[\w.-]+$/.test(name)
      ? [problem('name', `name must be of letters, digits and any of _ . -, got ${JSON.stringify(name)}`)]
      : [];
  return [...missing, ...wrong, ...named];
}

/** Letters that a slip gets wrong, at most. */
const SLIP = 2;

/** The known name that one may be a slip of; null where none is near. */
function nearest(name: string, known: readonly string[]): string | null {
  const slips = known.map((other) => ({
    other,
    letters: lettersApart(name.toLowerCase(), other.toLowerCase()),
  }));
  const [best] = slips.toSorted((a, b) => a.letters - b.letters);
  return best !== undefined && best.letters <= SLIP ? best.other : null;
}

/** How many letters must be put in, left out or changed to make one text of the other. */
function lettersApart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const changed = (row[j] as number) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** What is wrong with the registry that came of the start-up, whoever of the plugins put it there. */
export function maskProblems(
  masks: Masks,
  setBy: Readonly<Record<string, string>>,
  plugin: string,
  at: string,
): PluginProblem[] {
  const known: Readonly<Record<string, unknown>> = { ...initialRegistry.masks };
  return Object.entries(masks).flatMap(([mask, value]: [string, unknown]): PluginProblem[] => {
    const by = `${mask}, set by ${String(setBy[mask])}`;
    const problem = (check: string, text: string): PluginProblem => ({
      check,
      plugin,
      hook: 'setup',
      at,
      text,
    });
    if (!Object.hasOwn(known, mask)) {
      const near = nearest(mask, Object.keys(known));
      return [problem('mask-name', `there is no mask ${mask}${near === null ? '' : `: is ${near} meant?`}`)];
    }
    if (typeof value !== typeof known[mask]) {
      return [problem('mask-type', `${by}, must be a ${typeof known[mask]}, got a ${typeof value}`)];
    }
    if (typeof value === 'bigint' && (value < 0n || value > U64_MAX)) {
      const got = value < 0n ? `-${hex(-value)}` : hex(value);
      return [problem('mask-width', `${by}, must be within 64 bits and not negative, got ${got}`)];
    }
    return [];
  });
}

/**
 * What is wrong with the plugins of a configuration: their shape, names that meet, bits that two of them claim, masks
 * that are no masks, a memory type that nobody gives, an address that core cannot serve. Empty for nothing.
 *
 * `createMmu()` does not ask: call this, or {@link checkComposition}, where plugins are put together that were not tried
 * beside each other.
 */
export function compositionProblems(config: MmuConfig): PluginProblem[] {
  const { vendor, policies = [] } = config;
  const roles = [
    { plugin: vendor, role: 'vendor' },
    ...policies.map((policy) => ({ plugin: policy, role: 'policy' }) as const),
  ] as const;
  for (const { plugin, role } of roles) {
    try {
      checkPlugin(plugin, role);
    } catch (error) {
      return [problemOf(error as PluginError)];
    }
  }
  const shapes = [
    ...roles.flatMap(({ plugin, role }) => shapeProblems(plugin, role)),
    ...(vendor.overlays ?? []).flatMap((overlay) => shapeProblems(overlay, 'overlay')),
  ];
  if (shapes.length > 0) return shapes;
  return [
    ...nameProblems(config),
    ...formatProblems(vendor),
    ...overlapProblems(config),
    ...startUpProblems(config),
  ];
}

/**
 * Refuses plugins that do not go together.
 *
 * @throws PluginError for the first problem that {@link compositionProblems} finds
 */
export function checkComposition(config: MmuConfig): void {
  const [first] = compositionProblems(config);
  if (first === undefined) return;
  const { check, plugin, hook, text } = first;
  const code = check === 'overlap' || check === 'names' ? 'SPTE_PLUGIN_OVERLAP' : 'SPTE_PLUGIN_SHAPE';
  throw new PluginError(code, plugin, hook, text);
}

/** What a check finds, by the error that it throws; what is not listed is about a plugin's shape. */
const CHECKS: Readonly<Partial<Record<PluginErrorCode, PluginProblem['check']>>> = {
  SPTE_PLUGIN_HOOK: 'start-up',
  SPTE_PLUGIN_API: 'api',
};

const problemOf = ({ code, plugin, hook, message }: PluginError, at = ''): PluginProblem => ({
  check: CHECKS[code] ?? 'shape',
  plugin,
  hook,
  at,
  text: message,
});

function nameProblems({ vendor, policies = [] }: MmuConfig): PluginProblem[] {
  const names = [vendor, ...(vendor.overlays ?? []), ...policies].map(({ name }) => name);
  return names
    .filter((name, i) => names.indexOf(name) !== i)
    .map((name) => ({
      check: 'names',
      plugin: name,
      hook: 'name',
      at: '',
      text: `two plugins are called ${name}: what one of them finds could not be told from the other's`,
    }));
}

function formatProblems({ name, format }: Vendor): PluginProblem[] {
  const problem = (check: string, hook: string, text: string): PluginProblem => ({
    check,
    plugin: name,
    hook,
    at: `format ${format.name}`,
    text,
  });
  const found: PluginProblem[] = [];
  const { high, low, mask } = format.address;
  if (high !== 51 || low !== 12) {
    found.push(
      problem(
        'address',
        'format.address',
        `core serves x86 only, where the address is bits 51:12; got ${high}:${low} (${hex(mask)})`,
      ),
    );
  }
  for (const place of ['leaf', 'table'] as const) {
    const fields = format[place];
    for (const [i, a] of fields.entries()) {
      for (const b of fields.slice(0, i)) {
        if (a.name === b.name) {
          found.push(
            problem('field-names', `format.${place}`, `two fields of ${place} entries are called ${a.name}`),
          );
        } else if (
          (a.mask & b.mask) !== 0n &&
          levelsMeet(a.levels, b.levels) &&
          !inAddress(a.mask, b.mask, mask)
        ) {
          found.push(
            problem(
              'overlap',
              `format.${place}`,
              `fields ${b.name} and ${a.name} of ${place} entries share ${hex(a.mask & b.mask)}`,
            ),
          );
        }
      }
    }
  }
  return found;
}

/** Whether one field is the address, and the other a part of it that is no address at its level: as the PAT bit 12. */
const inAddress = (a: bigint, b: bigint, address: bigint): boolean =>
  (a === address && (b & ~address) === 0n) || (b === address && (a & ~address) === 0n);

const levelsMeet = (
  [low, high]: readonly [number, number] = [1, 5],
  [otherLow, otherHigh]: readonly [number, number] = [1, 5],
): boolean => low <= otherHigh && otherLow <= high;

function overlapProblems({ vendor, policies = [] }: MmuConfig): PluginProblem[] {
  return bitConflicts(vendor.format, [vendor, ...(vendor.overlays ?? []), ...policies]).map((conflict) => ({
    check: 'overlap',
    plugin: conflict.second.slice(0, conflict.second.indexOf(': ')),
    hook: 'software',
    at: conflict.place,
    text: conflictText(conflict),
  }));
}

function startUpProblems(config: MmuConfig): PluginProblem[] {
  const { vendor } = config;
  try {
    const { masks, setBy, kernel } = createMmu(config);
    const at = `kernel ${kernel.name}`;
    const found = maskProblems(masks, setBy, vendor.name, at);
    if (found.length > 0) return found;
    const { hostWritable, mmuWritable, accTrack, accessed, dirty } = masks;
    const inAddress =
      (hostWritable | mmuWritable | accTrack | accessed | dirty) & vendor.format.address.mask & PHYSICAL_MASK;
    return [
      ...(masks.memtype !== 0n && vendor.getMtMask === undefined
        ? [
            {
              check: 'memtype',
              plugin: vendor.name,
              hook: 'getMtMask',
              at,
              text: `masks.memtype is ${hex(masks.memtype)}, but nobody says which type a page has: give the vendor a hook getMtMask`,
            },
          ]
        : []),
      ...(inAddress === 0n
        ? []
        : [
            {
              check: 'mask-in-address',
              plugin: vendor.name,
              hook: 'setup',
              at,
              text: `masks of software, accessed or dirty bits reach into the address: ${hex(inAddress)}`,
            },
          ]),
    ];
  } catch (error) {
    if (error instanceof PluginError) return [problemOf(error, `kernel ${JSON.stringify(config.kernel)}`)];
    throw error;
  }
}
