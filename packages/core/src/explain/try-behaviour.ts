// SPDX-License-Identifier: GPL-2.0-only
import { type KernelFunction, kernelFunctions, kernelHas } from '../kernel/kernel-functions.ts';
import type { Behaviour, Mmu, TriedPage } from '../mmu/contract.ts';
import { type Host, plainHost } from '../mmu/host.ts';
import { type Observed, observe } from '../observe/observe.ts';
import { type BuiltDifference, differingBits } from './compare-builds.ts';

/** A behaviour, tried on two machines. */
export interface TriedBehaviour extends Pick<Behaviour, 'name' | 'meaning' | 'rule' | 'level'> {
  /** Whether both machines do the same. */
  readonly equal: boolean;
  /** The entry that comes of it; null for a kernel that has no such function. */
  readonly a: bigint | null;
  readonly b: bigint | null;
  /** Each bit that only one of them sets, with the reasons for it; empty where one has no such function. */
  readonly bits: BuiltDifference['bits'];
  /** Codes of the WARNs, in order. */
  readonly warnings: { readonly a: readonly string[]; readonly b: readonly string[] };
  /** What the host is asked to do or told, by the kernel's names, in order. */
  readonly calls: { readonly a: readonly string[]; readonly b: readonly string[] };
}

/** A plain host that remembers what rules ask it to do and tell it, by the kernel's names. */
function listeningHost(calls: string[]): Host {
  return {
    ...plainHost,
    tryToUnsyncPages(...request) {
      calls.push('mmu_try_to_unsync_pages');
      return plainHost.tryToUnsyncPages(...request);
    },
    setPfnDirty: () => calls.push('kvm_set_pfn_dirty'),
  };
}

/** What a behaviour comes to on one machine. */
interface Attempt {
  /** Null where the kernel has no such function. */
  readonly observed: Observed<bigint> | null;
  readonly spte: bigint | null;
  readonly warnings: readonly string[];
  readonly calls: readonly string[];
}

function tryOn(mmu: Mmu, { rule, run }: Behaviour, page: TriedPage): Attempt {
  if (Object.hasOwn(kernelFunctions, rule) && !kernelHas(mmu.kernel, rule as KernelFunction)) {
    return { observed: null, spte: null, warnings: [], calls: [] };
  }
  const calls: string[] = [];
  const observed = observe(mmu, (mmu) => run(mmu, listeningHost(calls), page));
  return { observed, spte: observed.value, warnings: observed.warnings.map(({ code }) => code), calls };
}

/** Tries a behaviour on two machines. */
export function tryBehaviour(a: Mmu, b: Mmu, behaviour: Behaviour, page: TriedPage): TriedBehaviour {
  const { name, meaning, rule, level } = behaviour;
  const [first, second] = [tryOn(a, behaviour, page), tryOn(b, behaviour, page)];
  const outcome = ({ spte, warnings, calls }: Attempt): string => [spte, ...warnings, ...calls].join();
  return {
    name,
    meaning,
    rule,
    level,
    equal: outcome(first) === outcome(second),
    a: first.spte,
    b: second.spte,
    bits: first.observed && second.observed ? differingBits(first.observed, second.observed) : [],
    warnings: { a: first.warnings, b: second.warnings },
    calls: { a: first.calls, b: second.calls },
  };
}
