// SPDX-License-Identifier: GPL-2.0-only

import type { Coded, NoParams } from '../bits/coded.ts';
import type { EntryFormat } from '../cpu/entry-format.ts';
import type { RsvdBitsValidate } from '../cpu/rsvd-bits.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Layout } from '../kernel/layout.ts';
import type { Variant } from '../kernel/variant.ts';
import type { Diagnostic } from '../observe/diagnostics.ts';
import type { Observable } from '../observe/observe.ts';
import type { Host, HostFacts } from './host.ts';
import type { Masks, Registry } from './masks.ts';
import type { PermissionBitmap } from './permissions.ts';
import type { RootConfig } from './root.ts';

// What core and its plugins say to each other: the set-up that plugins see, what they may answer, and the MMU that
// comes of it. Types only.

/** Parameters of kvm.ko, and of its build, that no policy owns. */
export interface Params {
  /** iTLB-multihit mitigation: huge pages are not executable (`nx_huge_pages`). */
  readonly nxHugePages: boolean;
  /** A kernel built with `CONFIG_KVM_PROVE_MMU`: debug-only assertions warn. */
  readonly proveMmu: boolean;
  /** CPU feature since 6.17: CPU buffers are cleared on entry to VMs that can reach host MMIO. */
  readonly clearCpuBufVmMmio: boolean;
}

/** What every step of the start-up may look at. */
export interface Setup extends Observable {
  readonly kernel: Kernel;
  readonly layout: Layout;
  readonly host: HostFacts;
  readonly params: Params;
  readonly policies: readonly Policy[];
  /** The vendor module that is being loaded; absent while kvm.ko is. */
  readonly vendor?: Vendor;
}

/** A step of the start-up: takes the registry, returns the next one. It has no other effect than to warn. */
export type SetupStep = (setup: Setup, registry: Registry) => Registry;

/** The page that a behaviour is tried on. */
export interface TriedPage {
  readonly gfn: bigint;
  readonly pfn: bigint;
}

/** A call of a rule that shows what a kernel does: made alike on two machines, it shows what they do differently. */
export interface Behaviour {
  /** What is made, or done: `leaf-2M`; stable. */
  readonly name: string;
  /** What is asked for, in words. */
  readonly meaning: string;
  /** The kernel's function. */
  readonly rule: string;
  /** Level of the entry, 1..5. */
  readonly level: number;
  /** Makes the call; returns the entry that comes of it. What it hands to `host` is heard as well. */
  readonly run: (mmu: Mmu, host: Host, page: TriedPage) => bigint;
}

interface Plugin {
  readonly name: string;
  /** The contract that the plugin was written for. */
  readonly apiVersion: 1;
  /** What its rules do differently by kernel: named by comparisons, and in the caveats of a kernel that was not read. */
  readonly variants?: readonly Variant<unknown>[];
  /** What comparisons try of its rules, beside what core tries of its own. */
  readonly behaviours?: readonly Behaviour[];
}

/** What an entry says that a policy recognised as its own. */
export interface PolicyReading {
  readonly kind: 'mmio';
  readonly gfn: bigint;
  /** Guest physical address in bytes. */
  readonly gpa: bigint;
  /** Access bits that the entry remembers, in the places of the entry. */
  readonly access: bigint;
  readonly generation: bigint;
  /** The bits of the entry; what none of them claims means nothing. */
  readonly fields: readonly PolicyField[];
}

/** Some bits of an entry that a policy recognised, not always next to each other. */
export interface PolicyField {
  readonly name: string;
  readonly mask: bigint;
  readonly value: bigint;
  readonly meaning: string;
}

/**
 * What a plugin says of one of its hooks, so that what the hook answered once may serve for others.
 *
 * You must name the hook itself in `of`: a plugin that spreads yours and replaces the hook does not inherit what you
 * said of it. A hook of which nothing is said is taken to depend on everything: its results are right, but are asked for
 * each time.
 */
interface Declaration<Hook> {
  /** The hook that is meant, the same function. */
  readonly of: Hook;
}

/** What the hook `getMtMask` of a vendor looks at. */
export interface MtMaskDependence extends Declaration<NonNullable<Vendor['getMtMask']>> {
  /**
   * Whether the answer depends on the gfn itself. You may say false of a hook that hands the gfn to the `Host` and to
   * nothing else: then it depends on what the host says of the gfn.
   */
  readonly gfn: boolean;
}

/** What the hook `isMmioPfn` of a policy looks at. */
export interface MmioPfnDependence extends Declaration<NonNullable<Policy['isMmioPfn']>> {
  /** Whether the answer depends on the pfn itself, and not only on what the `Host` says of it. */
  readonly pfn: boolean;
}

/**
 * What the hook `read` of a policy looks at. You must keep to all of this:
 *
 * - it takes none but entries for which core's `isMmioSpte()` holds, and it takes `leastMmioSpte()`;
 * - which of them it takes, and the access that it reads, depend on bits outside 51:12 and on `address`;
 * - the masks of its `fields` are the same in every entry that it takes;
 * - gfn and generation are bits of the entry, each moved to its place and or-ed.
 */
export interface ReadDependence extends Declaration<NonNullable<Policy['read']>> {
  /** Bits within 51:12 that count, each on its own, beyond those in the masks of the registry; 0 for none. */
  readonly address: bigint;
}

/** A cross-vendor concern that takes part in the start-up (L1TF, MMIO caching). */
export interface Policy extends Plugin {
  /** Globals that a module parameter sets before any code runs. */
  readonly parameters?: Partial<Masks>;
  /** When kvm.ko is loaded. */
  readonly moduleInit?: SetupStep;
  /** At each vendor load, before the legacy masks are set. */
  readonly resetEarly?: SetupStep;
  /** At each vendor load, after the legacy masks are set. */
  readonly resetLate?: SetupStep;
  /** Whether the host uses a pfn for a device: such a page is never encrypted and mapped uncached. */
  readonly isMmioPfn?: (host: Host, pfn: bigint) => boolean;
  /** Takes an entry apart if it is this policy's; asked of entries that are not shadow-present. */
  readonly read?: (mmu: Mmu, spte: bigint) => PolicyReading | null;
  /** What the CPU may fetch while it handles a fault on an entry that is not present, or has reserved bits. */
  readonly exposure?: (mmu: Mmu, spte: bigint) => Exposure;
  /** What the hooks look at; of one that is missing here, everything. */
  readonly dependsOn?: {
    readonly isMmioPfn?: MmioPfnDependence;
    readonly read?: ReadDependence;
  };
}

/** What becomes of an access that reaches an entry, with all entries above it allowing everything. */
export type Outcome =
  | {
      readonly kind: 'translates' /** Host physical address of the page, in bytes. */;
      readonly hpa: bigint;
      readonly memtype: string;
    }
  | { readonly kind: 'next-table' /** Host physical address of the table, in bytes. */; readonly hpa: bigint }
  | { readonly kind: 'ept-violation' /** Exit qualification, bits 5:0. */; readonly qualification: number }
  | { readonly kind: 'ept-misconfig'; readonly causes: readonly EntryFault[] }
  | {
      readonly kind: 'nested-page-fault' | 'page-fault';
      readonly errorCode: number;
      /** Reserved bits that are set; none for a plain fault. */
      readonly causes: readonly EntryFault[];
    };

/** Something in an entry that the CPU refuses. */
export interface EntryFault {
  readonly cause: string;
  /** The bits, lowest first; for a bad combination all that take part in it. */
  readonly bits: readonly number[];
}

/** How the CPU takes accesses of one kind through an entry. */
export interface CpuReading {
  /** Who accesses: a `guest` for EPT and NPT, else a `user` or the `supervisor`. */
  readonly accessor: 'guest' | 'user' | 'supervisor';
  readonly read: Outcome;
  readonly write: Outcome;
  readonly fetch: Outcome;
}

/** Why speculation can get at something through an entry that faults, or cannot; `exposureText()` says it in words. */
export interface ExposureParams {
  /** The CPU does not have the L1TF bug. */
  readonly 'no-bug': NoParams;
  /** Page 0 holds nothing. */
  readonly 'page-0': NoParams;
  /** The address is beyond all RAM. */
  readonly 'beyond-ram': { readonly address: bigint };
  /** The address is below the end of RAM, both in bytes. */
  readonly 'below-ram-end': { readonly address: bigint; readonly ramEnd: bigint };
  /** The bits that KVM sets are all set: RAM is not that high. */
  readonly guarded: { readonly guard: bigint };
  /** They are not: there may be RAM. */
  readonly unguarded: { readonly guard: bigint };
}

/** Stable names of the reasons. */
export type ExposureCode = keyof ExposureParams;

/** What speculation can get at through an entry that faults. */
export type Exposure = Coded<ExposureParams> & {
  /** Host physical address (in bytes) of the page that the CPU looks up in its L1 cache; null without the bug. */
  readonly fetches: bigint | null;
  /** Whether nothing can be learnt. */
  readonly safe: boolean;
};

/** A vendor module (kvm-intel, kvm-amd) with its parameters. */
export interface Vendor extends Plugin {
  /** What the CPU reads in the entries that this vendor makes. */
  readonly format: EntryFormat;
  /** The bit that the host sets in its own page tables to encrypt memory (`sme_me_mask`); 0 when absent. */
  readonly smeMeMask?: bigint;
  /** The vendor's part of the start-up, after everything was reset to the legacy masks. */
  readonly setup: SetupStep;
  /**
   * Memory type bits (0..0xff) of a mapping; asked only while the memtype mask is not 0.
   *
   * Kernel: `kvm_x86_ops.get_mt_mask`.
   */
  readonly getMtMask?: (setup: Setup, host: Host, gfn: bigint, isMmio: boolean) => bigint;
  /**
   * How the CPU reads an entry at `level` (1..5), whatever KVM means by it. Must answer for every 64-bit value.
   */
  readonly cpuReads?: (mmu: Mmu, spte: bigint, level: number) => readonly CpuReading[];
  /** What the hooks look at; of one that is missing here, everything. */
  readonly dependsOn?: { readonly getMtMask?: MtMaskDependence };
}

/** An MMU: all that rules need to build and read its SPTEs. An immutable value. */
export interface Mmu extends Setup, Registry {
  readonly vendor: Vendor;
  readonly root: RootConfig;
  readonly zeroCheck: RsvdBitsValidate;
  /** Which accesses fault, by error code and permissions (used by KVM since 7.3). */
  readonly permissions: PermissionBitmap;
  /** What readers remember of this MMU; a copy has none, and begins anew. @internal */
  readonly shapes?: unknown[];
  /** WARNs that the start-up raised. */
  readonly initWarnings: readonly Diagnostic[];
}
