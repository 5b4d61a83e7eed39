// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS } from '../bits/bits.ts';
import type { Mmu } from '../mmu/contract.ts';
import { checkCore } from '../mmu/core-copy.ts';

/**
 * Why `makeSpte()` in a plain VM ({@link plainHost}) may do more with the gfn and the pfn than to put the pfn in its
 * place; null where it does not, so that one entry tells all others of its level, access and flags.
 *
 * The hooks of plugins are taken by their word (`dependsOn`). What a hook only asks the host about does not count: a
 * plain host says the same of every frame. A hook that is not asked on this machine does not count either.
 */
export function frameDependence(mmu: Mmu): string | null {
  checkCore(mmu);
  const { masks, layout, vendor, policies, extensions } = mmu;
  // Access tracking and the A/D type are looked at when the pfn is there already.
  const looked = masks.accTrack | masks.accessed | layout.adType.mask | layout.savedBits.mask;
  if ((looked & ADDRESS) !== 0n) return 'make_spte() looks at masks that reach into the address';
  const { getMtMask, dependsOn } = vendor;
  const asksType = masks.memtype !== 0n && getMtMask !== undefined;
  if (asksType) {
    const declared = dependsOn?.getMtMask;
    if (declared?.of !== getMtMask) return undeclared('vendor', vendor.name, 'getMtMask');
    if (declared.gfn) return `vendor ${vendor.name}: its hook getMtMask looks at the gfn`;
  }
  for (const { name, hooks } of extensions) {
    const { leafBits, dependsOn } = hooks;
    if (leafBits === undefined) continue;
    if (dependsOn?.leafBits?.of !== leafBits) return undeclared('plugin', name, 'leafBits');
    if (dependsOn.leafBits.frame) return `plugin ${name}: its hook leafBits looks at the frame`;
  }
  if (!asksType && masks.meValue === 0n) return null;
  for (const { name, isMmioPfn, dependsOn } of policies) {
    if (isMmioPfn === undefined) continue;
    const declared = dependsOn?.isMmioPfn;
    if (declared?.of !== isMmioPfn) return undeclared('policy', name, 'isMmioPfn');
    if (declared.pfn) return `policy ${name}: its hook isMmioPfn looks at the pfn`;
  }
  return null;
}

/** Says that a hook is taken to depend on everything. */
export function undeclared(kind: 'vendor' | 'policy' | 'plugin', name: string, hook: string): string {
  return `${kind} ${name} does not declare what its hook ${hook} looks at`;
}
