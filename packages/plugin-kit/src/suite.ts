// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, decodeSpte, hex, judgeSpte, type Policy, type Vendor } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { vmx } from '@spte/vendor-vmx';
import { checkPolicy, checkVendor, type PolicyOptions } from './check-plugin.ts';
import { KIT_KERNELS } from './kernels.ts';
import { type CheckOptions, type KitHost, type Problem, problemText } from './problem.ts';

/** Registers a test, as `test` of vitest, node:test, bun and jest does. */
export type TestFunction = (title: string, run: () => void) => unknown;

/** A problem that is known and stays for now. One that is no longer there fails the suite. */
export interface KnownProblem {
  readonly check: string;
  /** The kernel in which it is; every one when absent. */
  readonly kernel?: string | undefined;
  readonly reason: string;
}

/** A value of the real hardware, or of its specification, and what it must be. Words are bigints, or hex for JSON. */
export interface PluginVector {
  readonly kernel: string;
  /** The machine; 46 physical address bits when absent. */
  readonly host?: KitHost | undefined;
  /** Level of the entry, 1..5; null when it is not known. */
  readonly level: number | null;
  readonly value: bigint | string;
  readonly kind: string;
  /** What it points to; not looked at when absent. */
  readonly pfn?: bigint | string | undefined;
  /** Codes of its findings, in any order; none when absent. */
  readonly findings?: readonly string[] | undefined;
  /** Where the value is from. */
  readonly note?: string | undefined;
}

/** What a suite is told. */
export interface SuiteOptions extends CheckOptions {
  readonly vectors?: readonly PluginVector[] | undefined;
  readonly known?: readonly KnownProblem[] | undefined;
}

/** What the suite of a vendor is told. */
export interface VendorSuiteOptions extends SuiteOptions {
  /** Makes the vendor; it is called more than once. */
  readonly vendor: () => Vendor;
}

/** What the suite of a policy is told. */
export interface PolicySuiteOptions extends SuiteOptions, PolicyOptions {
  /** Makes the policy; it is called more than once. */
  readonly policy: () => Policy;
}

/**
 * Registers the tests that every vendor must pass: one for each kernel, one for each vector, and one for what is known.
 *
 * ```ts
 * import { test } from 'node:test';
 * vendorSuite(test, { vendor: () => mine() });
 * ```
 *
 * @param test registers a test; the kit has no runner of its own
 */
export function vendorSuite(test: TestFunction, { vendor, ...options }: VendorSuiteOptions): void {
  register(test, options, vendor().name, (kernels) => checkVendor(vendor, { ...options, kernels }), {
    vendor,
    policies: () => [mmio(), l1tf],
  });
}

/** Registers the tests that every policy must pass, as {@link vendorSuite} does for vendors. */
export function policySuite(test: TestFunction, { policy, ...options }: PolicySuiteOptions): void {
  const { beside = [mmio(), l1tf] } = options;
  const { name } = policy();
  register(test, options, name, (kernels) => checkPolicy(policy, { ...options, kernels }), {
    vendor: options.with ?? (() => vmx()),
    policies: () => [policy(), ...beside.filter((other) => other.name !== name)],
  });
}

/** How the plugin is put together, for vectors. */
interface Parts {
  readonly vendor: () => Vendor;
  readonly policies: () => readonly Policy[];
}

function register(
  test: TestFunction,
  options: SuiteOptions,
  name: string,
  check: (kernels: readonly string[]) => Problem[],
  parts: Parts,
): void {
  const { kernels = KIT_KERNELS, known = [], vectors = [] } = options;
  const used = new Set<KnownProblem>();
  for (const kernel of kernels) {
    test(`${name} passes the plugin kit, kernel ${kernel}`, () => {
      const found = check([kernel]).filter((problem) => {
        const excuse = known.find((one) => one.check === problem.check && (one.kernel ?? kernel) === kernel);
        if (excuse !== undefined) used.add(excuse);
        return excuse === undefined;
      });
      if (found.length > 0) throw new Error(found.map(problemText).join('\n'));
    });
  }
  for (const vector of vectors) {
    test(`${name}: ${wordText(vector.value)} at level ${vector.level ?? 'unknown'} is ${vector.kind}, kernel ${vector.kernel}`, () => {
      const wrong = vectorWrong(vector, options, parts);
      if (wrong !== null) throw new Error(wrong);
    });
  }
  if (known.length > 0) {
    test(`${name}: every known problem is still there`, () => {
      const gone = known.filter((one) => !used.has(one));
      if (gone.length > 0) {
        throw new Error(
          gone
            .map(
              ({ check, kernel }) =>
                `${check}${kernel === undefined ? '' : `, kernel ${kernel}`} is no longer a problem: take it out of known`,
            )
            .join('\n'),
        );
      }
    });
  }
}

const wordOf = (word: bigint | string): bigint => BigInt(word);
const wordText = (word: bigint | string): string => hex(wordOf(word));

/** What a vector expects and does not get; null where it gets all. */
function vectorWrong(
  { kernel, host = { physBits: 46 }, level, value, kind, pfn, findings = [], note }: PluginVector,
  { vm, isMirror = false }: CheckOptions,
  { vendor, policies }: Parts,
): string | null {
  const mmu = createMmu({ kernel, host, vendor: vendor(), policies: policies(), vm, root: { isMirror } });
  const decoded = decodeSpte(mmu, wordOf(value), level);
  const codes = judgeSpte(mmu, wordOf(value), level).map(({ code }) => code);
  const from = note === undefined ? '' : ` (${note})`;
  if (decoded.kind !== kind) return `${wordText(value)} must be ${kind}, but is ${decoded.kind}${from}`;
  if (pfn !== undefined && decoded.mapping?.pfn !== wordOf(pfn)) {
    return `${wordText(value)} must point to pfn ${wordText(pfn)}, but points to ${decoded.mapping === null ? 'none' : hex(decoded.mapping.pfn)}${from}`;
  }
  return codes.toSorted().join() === [...findings].toSorted().join()
    ? null
    : `${wordText(value)} must have the findings [${findings.join(', ')}], but has [${codes.join(', ')}]${from}`;
}
