// SPDX-License-Identifier: GPL-2.0-only

import type { BitField } from '../bits/bit-field.ts';
import type { Coded, NoParams } from '../bits/coded.ts';
import type { EntryFormat } from '../cpu/entry-format.ts';
import type { RsvdBitsValidate } from '../cpu/rsvd-bits.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelRange } from '../kernel/kernel-range.ts';
import type { Layout } from '../kernel/layout.ts';
import type { PageRole } from '../kernel/role.ts';
import type { Variant } from '../kernel/variant.ts';
import type { Diagnostic } from '../observe/diagnostics.ts';
import type { Observable } from '../observe/observe.ts';
import type { PluginName, Severity, SpteKind } from './entry-kind.ts';
import type { Host, HostFacts } from './host.ts';
import type { Masks, Registry } from './masks.ts';
import type { PermissionBitmap } from './permissions.ts';
import type { MmuKind, RootConfig } from './root.ts';

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

/** Who wrote a plugin, and for which contract. */
export interface Plugin {
  /** The first part of all names of its own, `plugin/name`; no slash in it. */
  readonly name: string;
  /** The contract that the plugin was written for. The members of {@link Extension} are asked of contract 2 only. */
  readonly apiVersion: 1 | 2;
  /** Version of the plugin, for the context of an answer. */
  readonly version?: string | undefined;
  /** What its rules do differently by kernel: named by comparisons, and in the caveats of a kernel that was not read. */
  readonly variants?: readonly Variant<unknown>[];
  /** What comparisons try of its rules, beside what core tries of its own. */
  readonly behaviours?: readonly Behaviour[];
}

/** Of which table an entry is: `isMirror` tells the two halves of a VM of TDX from each other. */
export interface EntryRole {
  /** Level of the entry, 1..5; null when it is not known. */
  readonly level: number | null;
  /** The kind of MMU. */
  readonly kind: MmuKind;
  /** Whether the table mirrors one that a module of the CPU's maker owns (since 6.14). */
  readonly isMirror: boolean;
}

/** An entry, as far as hooks that judge it must know. */
export interface EntryInHand {
  readonly spte: bigint;
  readonly kind: SpteKind;
}

/** Where a plugin keeps bits of its own. `nonpresent`: in MMIO entries, and in what is empty but for these bits. */
export type SoftwarePlace = 'leaf' | 'table' | 'nonpresent';

/** Bits that a plugin keeps in entries, where the CPU looks at nothing. */
export interface SoftwareField {
  /** The bits; of owner `kvm`. They must not meet the address of a present entry, nor bits of KVM or of another plugin. */
  readonly field: BitField;
  readonly in: readonly SoftwarePlace[];
  /** `always`: all bits are set in every such entry, core sets them and finds those that lack them. */
  readonly set: 'always' | 'sometimes';
  /** Where it holds; all kernels when absent. */
  readonly kernels?: KernelRange | undefined;
}

/** Entries that a question of bits picks out. */
export interface BitTest {
  /** An entry is meant when `(spte & mask) === value`. */
  readonly mask: bigint;
  readonly value: bigint;
  /** Those of these kinds; present ones (`leaf`, `tracked`, `table`) when absent. */
  readonly kinds?: readonly SpteKind[] | undefined;
  /** Those at these levels; all, and what has no level, when absent. */
  readonly levels?: readonly number[] | undefined;
  /** Those of mirrors, or of others; both when absent. */
  readonly isMirror?: boolean | undefined;
  /** Where it holds; all kernels when absent. */
  readonly kernels?: KernelRange | undefined;
}

/** Entries that are a plugin's own, among those that are neither present, frozen nor read by a policy before it. */
export interface PluginKind {
  /** An entry is one when `(spte & mask) === value`. */
  readonly mask: bigint;
  readonly value: bigint;
  /** What such an entry is called: `poisoned entry`. */
  readonly label: string;
  /** The kind of core's that it counts as where KVM replaces it. */
  readonly countsAs: 'empty' | 'mmio' | 'frozen';
  /** What the other bits say; a bit of no field is a finding. When absent, the entry is one word of no parts. */
  readonly fields?: readonly BitField[] | undefined;
  /** Those of mirrors, or of others; both when absent. */
  readonly isMirror?: boolean | undefined;
  /** Where it holds; all kernels when absent. */
  readonly kernels?: KernelRange | undefined;
}

/** The words of an answer, or how its params make them. */
export type PluginText = string | ((params: Readonly<Record<string, unknown>>) => string);

/** Something that a plugin may find wrong with an entry. */
export interface PluginFindingRule {
  readonly severity: Severity;
  /** What is wrong. */
  readonly text: PluginText;
  /** What to do about it, or to ask next; nothing when absent. */
  readonly next?: PluginText | undefined;
  /** The entries that have it; when absent, the hook `judge` says which. Its mask are the bits that are named. */
  readonly where?: BitTest | undefined;
}

/** An answer of a plugin's, by its name, which one of the plugin's tables has. */
export interface OwnAnswer {
  readonly code: PluginName;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** A finding of a plugin's. */
export interface OwnFinding extends OwnAnswer {
  /** The bits that are wrong. */
  readonly bits: bigint;
}

/** A leaf that is being built. */
export interface LeafRequest {
  readonly role: PageRole;
  readonly gfn: bigint;
  readonly pfn: bigint;
  /** The bits that core has put together so far. */
  readonly spte: bigint;
}

/** What a VM chooses for itself. */
export interface VmConfig {
  /** Its own MMIO value, since 6.10; the global one, or what a plugin says, when absent. */
  readonly mmioValue?: bigint | undefined;
  /** What plugins ask of a VM, by `plugin/name`: whether it is a confidential one, say. */
  readonly options?: Readonly<Record<PluginName, unknown>> | undefined;
}

/**
 * What a plugin adds to the entries of a machine (contract 2), each member optional. Core asks the vendor first, then
 * what `extendVendor()` laid over it, oldest first, then the policies in their order; of readers the first that takes an
 * entry counts.
 */
export interface Extension {
  /** Bits that the plugin keeps in entries. */
  readonly software?: readonly SoftwareField[] | undefined;
  /** Adjusts the reserved bits by which KVM checks its entries. */
  readonly reserved?:
    | ((setup: Setup, registry: Registry, root: RootConfig, check: RsvdBitsValidate) => RsvdBitsValidate)
    | undefined;
  /**
   * Bits of a new leaf, by what it maps. Hand each to `set` with its reason, and return what `set` returned:
   * `return set(mask, 'private memory')`.
   */
  readonly leafBits?:
    | ((mmu: Mmu, host: Host, request: LeafRequest, set: (bits: bigint, why: string) => bigint) => bigint)
    | undefined;
  /** A step when a VM is created, after core's own; what the caller says of the VM (`vm.mmioValue`) comes last. */
  readonly initVm?: ((setup: Setup, registry: Registry, vm: VmConfig) => Registry) | undefined;
  /** What may be wrong with an entry, by the part of its name after the slash. */
  readonly findings?: Readonly<Record<string, PluginFindingRule>> | undefined;
  /** Findings that no {@link BitTest} can say; asked of every entry. */
  readonly judge?: ((mmu: Mmu, entry: EntryInHand, role: EntryRole) => readonly OwnFinding[]) | undefined;
  /** The words of what `judgeChange` objects to, by the part of the name after the slash. */
  readonly objections?: Readonly<Record<string, PluginText>> | undefined;
  /** Why such a change is not made. */
  readonly judgeChange?:
    | ((mmu: Mmu, from: EntryInHand, to: EntryInHand, role: EntryRole) => readonly OwnAnswer[])
    | undefined;
  /** The words of what `guess` answers, by the part of the name after the slash. */
  readonly guesses?: Readonly<Record<string, PluginText>> | undefined;
  /** What an entry of no kind may be; the likeliest first. */
  readonly guess?: ((mmu: Mmu, entry: EntryInHand, role: EntryRole) => readonly OwnAnswer[]) | undefined;
  /** Kinds of entries that are the plugin's own, by the part of the name after the slash. */
  readonly kinds?: Readonly<Record<string, PluginKind>> | undefined;
}

/** What is laid over a vendor. */
export interface Overlay extends Extension, Omit<Plugin, 'apiVersion'> {
  /** Values of masks, after the vendor's own start-up. */
  readonly masks?: Partial<Masks> | undefined;
  /** Where the overlay holds, with all that it has; all kernels when absent. */
  readonly kernels?: KernelRange | undefined;
  /** What the hooks look at; of one that is missing here, everything. */
  readonly dependsOn?: ExtensionDependence | undefined;
}

/** What the hook `leafBits` of a plugin looks at. */
export interface LeafBitsDependence extends Declaration<NonNullable<Extension['leafBits']>> {
  /** Whether the answer depends on gfn, pfn or the entry so far, and not only on level and role. */
  readonly frame: boolean;
}

/** What the hook `judge` of a plugin looks at. */
export interface JudgeDependence extends Declaration<NonNullable<Extension['judge']>> {
  /** Bits within 51:12 that count, each on its own, beyond those of core's rules; 0 for none. */
  readonly address: bigint;
}

/** What hooks of an extension look at; of one that is missing, everything. */
export interface ExtensionDependence {
  readonly leafBits?: LeafBitsDependence;
  readonly judge?: JudgeDependence;
}

/** An extension as a machine asks it: what holds in its kernel and for its root. */
export interface ActiveExtension {
  readonly name: string;
  readonly software: readonly SoftwareField[];
  readonly kinds: readonly (PluginKind & { readonly name: PluginName })[];
  readonly findings: readonly (PluginFindingRule & { readonly code: PluginName })[];
  readonly hooks: Extension & { readonly dependsOn?: ExtensionDependence | undefined };
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
export interface Policy extends Plugin, Extension {
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
  readonly read?: (mmu: Mmu, spte: bigint, role: EntryRole) => PolicyReading | null;
  /** What the CPU may fetch while it handles a fault on an entry that is not present, or has reserved bits. */
  readonly exposure?: (mmu: Mmu, spte: bigint) => Exposure;
  /** What the hooks look at; of one that is missing here, everything. */
  readonly dependsOn?: ExtensionDependence & {
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
    }
  | PluginOutcome;

/** What becomes of an access on a machine of a plugin's: `the TDX module refuses it`. */
export interface PluginOutcome {
  readonly kind: PluginName;
  /** In words. */
  readonly text: string;
  /** Whether the access goes through. */
  readonly passes: boolean;
}

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
export interface Vendor extends Plugin, Extension {
  /** What the CPU reads in the entries that this vendor makes. */
  readonly format: EntryFormat;
  /** What it reads in those of mirrors, where that is something else. */
  readonly mirrorFormat?: EntryFormat | undefined;
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
  readonly cpuReads?: (mmu: Mmu, spte: bigint, level: number, role: EntryRole) => readonly CpuReading[];
  /** What `extendVendor()` laid over it, oldest first. */
  readonly overlays?: readonly Overlay[] | undefined;
  /** What the hooks look at; of one that is missing here, everything. */
  readonly dependsOn?: ExtensionDependence & { readonly getMtMask?: MtMaskDependence };
}

/** An MMU: all that rules need to build and read its SPTEs. An immutable value. */
export interface Mmu extends Setup, Registry {
  readonly vendor: Vendor;
  readonly root: RootConfig;
  readonly zeroCheck: RsvdBitsValidate;
  /** Which accesses fault, by error code and permissions (used by KVM since 7.3). */
  readonly permissions: PermissionBitmap;
  /** What plugins add to its entries, in the order in which they are asked; none for most. */
  readonly extensions: readonly ActiveExtension[];
  /** What readers remember of this MMU; a copy has none, and begins anew. @internal */
  readonly shapes?: unknown[];
  /** WARNs that the start-up raised. */
  readonly initWarnings: readonly Diagnostic[];
}
