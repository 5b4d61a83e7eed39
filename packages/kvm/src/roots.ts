// SPDX-License-Identifier: GPL-2.0-only
import { listNodes, type Struct } from '@spte/vmcore';
import type { KvmModules } from './kvm-modules.ts';
import type { Problems } from './problems.ts';
import { type ShadowPage, shadowPageAt } from './shadow-page.ts';
import type { HeldRoot, Vcpu } from './vcpus.ts';

/** Tables that the shadow MMU of a VM has, at most: 4 GiB of them. */
const MAX_SHADOW_PAGES = 1 << 20;

/** Roots of a VM, at most; real ones have a few. */
const MAX_ROOTS = 1 << 14;

/** What is to be said of a root. */
export type RootFlag = 'smm' | 'nested' | 'pae' | 'mirror' | 'invalid' | 'previous' | 'dummy';

/** A root: the table at which the CPU begins. */
export interface Root {
  /** Physical address. */
  readonly hpa: bigint;
  /** Whose it is: of the TDP MMU, or of the one that shadows (which maps directly, too, where the TDP MMU is off). */
  readonly kind: 'tdp' | 'shadow';
  /** Level of its entries. */
  readonly level: number;
  readonly role: bigint;
  readonly smm: boolean;
  /** References to it; null where it has no header, such as a page of four entries. */
  readonly rootCount: number | null;
  readonly flags: readonly RootFlag[];
  /** Its header; null where it has none. */
  readonly page: ShadowPage | null;
}

/** Tables of a VM that KVM has in lists. */
export interface ListedPages {
  /** Roots of the TDP MMU. */
  readonly tdpRoots: readonly ShadowPage[];
  /** All tables of the shadow MMU, its roots among them. */
  readonly active: readonly ShadowPage[];
}

/** Reads the lists of tables of a VM. A list whose head was never initialised is empty. */
export function listedPages(kvm: KvmModules, vm: Struct, problems: Problems, name: string): ListedPages {
  const link = kvm.struct('kvm_mmu_page', 0n).type.offsetOf('link');
  const pages = (path: string, what: string, max: number): ShadowPage[] => {
    if (!vm.has(path)) return [];
    const nodes = problems.each(`${what} of ${name}`, listNodes(kvm.kernel.memory, vm.addressOf(path), max));
    return [...nodes].flatMap((node) =>
      problems.attempt(`${what} of ${name}`, () => [shadowPageAt(kvm, node - link)], []),
    );
  };
  return {
    tdpRoots: pages('arch.tdp_mmu_roots', 'TDP roots', MAX_ROOTS),
    active: pages('arch.active_mmu_pages', 'shadow pages', MAX_SHADOW_PAGES),
  };
}

/** All roots of a VM, by address: those in lists, and those that vCPUs hold beside them. */
export function rootsOf(kvm: KvmModules, pages: ListedPages, vcpus: readonly Vcpu[]): Root[] {
  const held = vcpus.flatMap((vcpu) => vcpu.held);
  const shadowRoots = pages.active.filter(({ rootCount }) => rootCount > 0);
  const roots = [
    ...pages.tdpRoots.map((page) => listedRoot(page, 'tdp', held)),
    ...shadowRoots.map((page) => listedRoot(page, 'shadow', held)),
  ];
  const known = new Set(roots.map(({ hpa }) => hpa));
  const dummy = dummyRoot(kvm);
  for (const root of held) {
    if (known.has(root.hpa)) continue;
    known.add(root.hpa);
    const page = pages.active.find(({ hpa }) => hpa === root.hpa) ?? null;
    roots.push(page === null ? heldRoot(root, held, dummy) : listedRoot(page, 'shadow', held));
  }
  return roots.toSorted((a, b) => (a.hpa < b.hpa ? -1 : 1));
}

function listedRoot(page: ShadowPage, kind: Root['kind'], held: readonly HeldRoot[]): Root {
  const { hpa, level, role, isSmm, rootCount } = page;
  const flags: RootFlag[] = [];
  if (isSmm) flags.push('smm');
  if (page.isGuestMode || isNested(held, hpa)) flags.push('nested');
  if (page.isMirror) flags.push('mirror');
  if (page.isInvalid) flags.push('invalid');
  if (isPrevious(held, hpa)) flags.push('previous');
  return { hpa, kind, level, role, smm: isSmm, rootCount, flags, page };
}

/** A root without a header. */
function heldRoot(root: HeldRoot, held: readonly HeldRoot[], dummy: bigint | null): Root {
  const { hpa, role, isPae } = root;
  const smm = role.isSmm;
  const flags: RootFlag[] = [];
  if (smm) flags.push('smm');
  if (isNested(held, hpa)) flags.push('nested');
  if (isPae) flags.push('pae');
  if (isPrevious(held, hpa)) flags.push('previous');
  if (hpa === dummy) flags.push('dummy');
  return {
    hpa,
    kind: 'shadow',
    level: role.level,
    role: role.role,
    smm,
    rootCount: null,
    flags,
    page: null,
  };
}

const holders = (held: readonly HeldRoot[], hpa: bigint): HeldRoot[] =>
  held.filter((root) => root.hpa === hpa);

/** Whether a root is that of a guest's guest. */
function isNested(held: readonly HeldRoot[], hpa: bigint): boolean {
  return holders(held, hpa).some(({ mmu }) => mmu === 'guest_mmu');
}

/** Whether vCPUs hold a root only to use it again. */
function isPrevious(held: readonly HeldRoot[], hpa: bigint): boolean {
  const uses = holders(held, hpa).map(({ use }) => use);
  return uses.length > 0 && uses.every((use) => use === 'previous');
}

/** The page of zeroes, which a vCPU gets as root where the guest's own root is nowhere. */
function dummyRoot({ kernel }: KvmModules): bigint | null {
  const page = kernel.symbols.address('empty_zero_page');
  return page === null ? null : kernel.memory.physical(page);
}
