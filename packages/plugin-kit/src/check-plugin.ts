// SPDX-License-Identifier: GPL-2.0-only
import {
  compositionProblems,
  createMmu,
  extendVendor,
  type MmuConfig,
  type Policy,
  shapeProblems,
  type Vendor,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { vmx } from '@spte/vendor-vmx';
import { entryChecks } from './entry-checks.ts';
import { fastPathChecks } from './fast-path-checks.ts';
import { declarationChecks, hookChecks } from './hook-checks.ts';
import { KIT_HOSTS, KIT_KERNELS } from './kernels.ts';
import { mmioChecks } from './mmio-checks.ts';
import type { CheckOptions, KitHost, Problem } from './problem.ts';
import { randomWords } from './random.ts';
import { readerChecks } from './reader-checks.ts';
import { startUpChecks } from './start-up-checks.ts';
import { type Check, tryCheck } from './trial.ts';

/** Everything that is tried on each machine, in order. */
const CHECKS: readonly Check[] = [
  ...startUpChecks,
  ...readerChecks,
  ...declarationChecks,
  ...entryChecks,
  ...mmioChecks,
  ...hookChecks,
  ...fastPathChecks,
];

/** Every check by its name, and what must hold; `composition` stands for those that core makes of plugins beside each other. */
export const KIT_CHECKS: Readonly<Record<string, string>> = {
  factory: 'the plugin is made by a function, which makes the same one each time',
  composition:
    'shape, names, widths and overlaps: shape, api, names, address, field-names, overlap, mask-name, mask-type, mask-width, mask-in-address, memtype, start-up',
  ...Object.fromEntries(CHECKS.map(({ name, holds }) => [name, holds])),
  'extend-vendor': 'with an empty overlay the vendor does what it did',
};

/** What a policy is tried beside. */
export interface PolicyOptions extends CheckOptions {
  /** Makes the vendor; EPT of `@spte/vendor-vmx` when absent. */
  readonly with?: (() => Vendor) | undefined;
  /** Policies beside it; those of MMIO and L1TF, after it, when absent. */
  readonly beside?: readonly Policy[] | undefined;
}

/** One kernel on one machine. */
interface Place {
  readonly kernel: string;
  readonly host: KitHost;
  readonly at: string;
  readonly slow: boolean;
}

function* placesOf({ kernels = KIT_KERNELS, hosts = KIT_HOSTS }: CheckOptions): Generator<Place> {
  for (const [k, kernel] of kernels.entries()) {
    for (const [h, host] of hosts.entries()) {
      // What is slow is tried for each kernel, on one machine at a time.
      yield {
        kernel,
        host,
        at: `kernel ${kernel}, MAXPHYADDR ${host.physBits}`,
        slow: k % hosts.length === h,
      };
    }
  }
}

/**
 * Says what is wrong with a vendor: every check of {@link KIT_CHECKS} on every kernel and machine, and once more under an
 * empty overlay on the first machine. Empty for nothing.
 *
 * @param make makes the vendor; it is called more than once
 *
 * @example
 * ```ts
 * import { checkVendor } from '@spte/plugin-kit';
 * import { svm } from '@spte/vendor-svm';
 *
 * checkVendor(() => svm(), { kernels: ['6.8'] }); // []
 * checkVendor(() => ({ ...svm(), name: 'odd', cpuReads: () => [] }), { kernels: ['6.8'] })[0]?.check; // cpu
 * ```
 *
 * @example
 * ```ts
 * import { checkVendor } from '@spte/plugin-kit';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const cpuReads = () => {
 *   throw new Error('no');
 * };
 * const loud = { ...vmx(), name: 'loud', cpuReads };
 * const [problem] = checkVendor(() => loud, { kernels: ['6.8'] });
 * [problem?.plugin, problem?.check]; // [ 'loud', 'cpu' ]
 * ```
 */
export function checkVendor(make: () => Vendor, options: CheckOptions = {}): Problem[] {
  const made = factory(make, 'vendor');
  if ('problems' in made) return made.problems;
  const config = (vendor: Vendor) => ({ vendor, policies: [mmio(), l1tf] });
  const vendor = made.plugin;
  const found = tryEverywhere(vendor.name, config(vendor), options);
  if (found.length > 0) return found;
  const { hosts = KIT_HOSTS } = options;
  const again = { ...options, hosts: hosts.slice(0, 1) };
  return tryEverywhere(vendor.name, config(extendVendor(vendor, {})), again).map((problem) => ({
    ...problem,
    check: 'extend-vendor',
    text: `under an empty overlay, ${problem.check}: ${problem.text}`,
  }));
}

/**
 * Says what is wrong with a policy: every check of {@link KIT_CHECKS} on every kernel and machine. Empty for nothing.
 *
 * @param make makes the policy; it is called more than once
 */
export function checkPolicy(make: () => Policy, options: PolicyOptions = {}): Problem[] {
  const made = factory(make, 'policy');
  if ('problems' in made) return made.problems;
  const policy = made.plugin;
  const vendor = (options.with ?? vmx)();
  const beside = (options.beside ?? [mmio(), l1tf]).filter(({ name }) => name !== policy.name);
  return tryEverywhere(policy.name, { vendor, policies: [policy, ...beside] }, options);
}

/** Calls a factory, twice, and looks at the shape of what it makes. */
function factory<P extends Vendor | Policy>(
  make: () => P,
  role: 'vendor' | 'policy',
): { readonly plugin: P } | { readonly problems: Problem[] } {
  const problem = (plugin: string, text: string): Problem => ({
    check: 'factory',
    plugin,
    hook: null,
    at: '',
    text,
  });
  if (typeof make !== 'function')
    return { problems: [problem(role, `give a function that makes the ${role}: () => ${role}`)] };
  try {
    const [plugin, again] = [make(), make()];
    const given: unknown = plugin;
    if (typeof given !== 'object' || given === null)
      return { problems: [problem(role, `the function must return the ${role}, got ${typeof given}`)] };
    const shape = shapeProblems(plugin, role);
    if (shape.length > 0) return { problems: shape };
    return Object.keys(plugin).join() === Object.keys(again).join() && plugin.name === again.name
      ? { plugin }
      : { problems: [problem(plugin.name, 'the function makes another plugin the second time')] };
  } catch (error) {
    return { problems: [problem(role, `the function that makes the ${role} throws ${String(error)}`)] };
  }
}

function tryEverywhere(
  plugin: string,
  config: Pick<MmuConfig, 'vendor' | 'policies'>,
  options: CheckOptions,
): Problem[] {
  const { most = 3, seed = 1, vm, isMirror = false } = options;
  const checks = checksOf(options);
  const found: Problem[] = [];
  const counts = new Map<string, number>();
  const add = (problems: readonly Problem[]): void => {
    for (const problem of problems) {
      const count = (counts.get(problem.check) ?? 0) + 1;
      counts.set(problem.check, count);
      if (count <= most) found.push(problem);
    }
  };
  for (const { kernel, host, at, slow } of placesOf(options)) {
    // Fetches are refused where they are not asked for, and nowhere else.
    const params = { nxHugePages: false };
    const whole: MmuConfig = { ...config, kernel, host, vm, params, root: { isMirror } };
    const composed = compositionOf(plugin, whole, at);
    add(composed);
    // What cannot be put together cannot be tried.
    if (composed.length > 0) continue;
    const mmu = createMmu(whole);
    const trial = { plugin, config: whole, mmu, at, next: randomWords(seed), slow };
    for (const check of checks) {
      if ((counts.get(check.name) ?? 0) < most) add(tryCheck(check, trial));
    }
  }
  return found;
}

/** @throws RangeError for a name that no check has */
function checksOf({ checks }: CheckOptions): readonly Check[] {
  const unknown = checks?.find((name) => !(name in KIT_CHECKS));
  if (unknown !== undefined)
    throw new RangeError(`there is no check ${unknown}: ${Object.keys(KIT_CHECKS).join(', ')}`);
  return checks === undefined ? CHECKS : CHECKS.filter(({ name }) => checks.includes(name));
}

/** What core says of the plugins beside each other; what is thrown is said, too. */
function compositionOf(plugin: string, config: MmuConfig, at: string): Problem[] {
  try {
    return compositionProblems(config).map((problem) => ({
      ...problem,
      at: problem.at === '' ? at : `${at}, ${problem.at}`,
    }));
  } catch (error) {
    return [{ check: 'start-up', plugin, hook: 'setup', at, text: `the start-up throws ${String(error)}` }];
  }
}
