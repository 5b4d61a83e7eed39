// SPDX-License-Identifier: GPL-2.0-only
import { isInRange, type KernelRange } from '../kernel/kernel-range.ts';
import type {
  ActiveExtension,
  EntryRole,
  Extension,
  Mmu,
  Plugin,
  Setup,
  SoftwarePlace,
  Vendor,
} from './contract.ts';

/** The members of a plugin that make it one that adds something to entries. */
const POWERS: readonly (keyof Extension)[] = [
  'software',
  'reserved',
  'leafBits',
  'initVm',
  'findings',
  'judge',
  'judgeChange',
  'guess',
  'kinds',
];

/** What holds for one machine: in its kernel, for its root. */
interface Where {
  readonly kernels?: KernelRange | undefined;
  readonly isMirror?: boolean | undefined;
}

/** What plugins add to the entries of a machine, in the order in which they are asked: the vendor, its overlays, the policies. */
export function activeExtensions(
  setup: Setup,
  vendor: Vendor,
  isMirror: boolean,
): readonly ActiveExtension[] {
  const holds = (where: Where | undefined): boolean =>
    isInRange(setup.kernel, where?.kernels) && (where?.isMirror === undefined || where.isMirror === isMirror);
  const asked: readonly (Extension & Pick<Plugin, 'name'>)[] = [
    ...(vendor.apiVersion === 1 ? [] : [vendor]),
    ...(vendor.overlays ?? []).filter(holds),
    ...setup.policies.filter(({ apiVersion }) => apiVersion !== 1),
  ];
  return asked
    .filter((plugin) => POWERS.some((power) => plugin[power] !== undefined))
    .map((plugin) => active(plugin, holds));
}

function active(
  hooks: ActiveExtension['hooks'] & Pick<Plugin, 'name'>,
  holds: (where: Where | undefined) => boolean,
): ActiveExtension {
  const { name, software = [], kinds = {}, findings = {} } = hooks;
  return {
    name,
    software: software.filter(holds),
    kinds: Object.entries(kinds)
      .filter(([, kind]) => holds(kind))
      .map(([own, kind]) => ({ ...kind, name: `${name}/${own}` as const })),
    findings: Object.entries(findings)
      .filter(([, { where }]) => holds(where))
      .map(([own, rule]) => ({ ...rule, code: `${name}/${own}` as const })),
    hooks,
  };
}

/** The bits that plugins keep in entries of a place; those that are always set, or all. */
export function softwareBits(
  { extensions }: Pick<Mmu, 'extensions'>,
  place: SoftwarePlace,
  set?: 'always',
): bigint {
  if (extensions.length === 0) return 0n;
  let bits = 0n;
  for (const { software } of extensions) {
    for (const own of software) {
      if (own.in.includes(place) && (set === undefined || own.set === set)) bits |= own.field.mask;
    }
  }
  return bits;
}

/** The role that hooks are told of an entry at a level. */
export function entryRole({ root }: Pick<Mmu, 'root'>, level: number | null): EntryRole {
  return { level, kind: root.kind, isMirror: root.isMirror };
}
