// SPDX-License-Identifier: GPL-2.0-only
import { byKernel, type KernelVersion, type Since } from './kernel-version.ts';

/** How a rule behaves from one release on. */
export interface VariantRow<T> extends Since {
  readonly value: T;
  /** What changed in this release, and what that means to someone who reads its traces. */
  readonly change: string;
  /** The upstream commits that made the change, 12 hex digits each; absent where they are not known for certain. */
  readonly commits?: readonly string[];
}

/** A point in which kernels behave differently: call it with a kernel to learn how that one does. */
export interface Variant<T> {
  (kernel: KernelVersion): T;
  /** What differs: also the name under which a kernel says that it behaves as another release here. */
  readonly topic: string;
  /** Oldest first. */
  readonly rows: readonly [VariantRow<T>, ...VariantRow<T>[]];
  /** The row of a kernel, which says it in words. */
  readonly rowOf: (kernel: KernelVersion) => VariantRow<T>;
}

/**
 * A row of what several releases do alike: with a fix in stable series, rows come again. Two kernels behave alike where
 * they have the same value, not one that looks the same.
 */
export function rowSince<T>(release: string, row: Omit<VariantRow<T>, 'since'>): VariantRow<T> {
  return { since: release, ...row };
}

/**
 * Names a difference between kernels, so that a rule asks for what it needs instead of comparing versions.
 *
 * A fix that was backported to a stable series is a row of that series (`6.1.192`), and the next series begins with a
 * row without it (`6.2`).
 *
 * @param topic what differs
 * @param oldest how it was in 5.4, or in the first release that has the rule
 * @param newer oldest first
 */
export function defineVariant<T>(
  topic: string,
  oldest: VariantRow<T>,
  ...newer: VariantRow<T>[]
): Variant<T> {
  const rowAt = byKernel(oldest, ...newer);
  const rowOf = (kernel: KernelVersion): VariantRow<T> => rowAt(releaseAt(kernel, topic));
  // Rules ask at every call, mostly for the kernel of the call before. An MMU that held the answers would need a list of
  // all variants, and no bundle could drop one.
  const rows = new WeakMap<KernelVersion, VariantRow<T>>();
  let lastKernel: KernelVersion | undefined;
  let lastRow = oldest;
  const choose = (kernel: KernelVersion): T => {
    if (kernel !== lastKernel) {
      lastRow = rows.get(kernel) ?? rowOf(kernel);
      rows.set(kernel, lastRow);
      lastKernel = kernel;
    }
    return lastRow.value;
  };
  return Object.assign(choose, { topic, rows: [oldest, ...newer] as const, rowOf });
}

/** The release that a kernel follows in a point. */
function releaseAt(kernel: KernelVersion, topic: string): KernelVersion {
  return kernel.overrides === undefined ? kernel : (kernel.overrides[topic] ?? kernel);
}

/** The points in which two kernels behave differently, in the order of `variants`. */
export function differingVariants(
  a: KernelVersion,
  b: KernelVersion,
  variants: readonly Variant<unknown>[],
): Variant<unknown>[] {
  return variants.filter((variant) => variant(a) !== variant(b));
}
