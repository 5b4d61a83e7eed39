// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  buildShadowZeroCheck,
  changedPteNotifierMakeSpte,
  changeSpteExecutable,
  checkSpteWritableInvariants,
  configureMmu,
  type Diagnostic,
  decodeRole,
  getRsvdBits,
  getShadowPhysBits,
  gfnRoundForLevel,
  hex,
  initialRegistry,
  initVm,
  isAccessAllowed,
  isAccessedSpte,
  isAccessTrackSpte,
  isBadMtXwr,
  isBefore,
  isDirtySpte,
  isEptVePossible,
  isExecutablePte,
  isLargePte,
  isLastSpte,
  isMmioSpte,
  isMmuWritableSpte,
  isNxHugePageEnabled,
  isRemovedSpte,
  isRsvdSpte,
  isShadowPresentPte,
  isWritablePte,
  type KernelFunction,
  type KernelVersion,
  KvmBug,
  kernelHas,
  kvmAdEnabled,
  kvmMmuMaxGfn,
  leafSpteChangeNeedsTlbFlush,
  type Mmu,
  makeHugePageSplitSpte,
  makeHugeSpte,
  makeNonleafSpte,
  makeSpte,
  makeSpteExecutable,
  markSpteForAccessTrack,
  mmuSpteAge,
  mmuSpteUpdate,
  modifySpteProtections,
  observe,
  type PageRole,
  pageAdNeedWriteProtect,
  permissionBitmap,
  type Registry,
  resetAllPteMasks,
  resetRsvdsBitsMask,
  resetRsvdsBitsMaskEpt,
  restoreAccTrackSpte,
  roleAsId,
  rsvdBits,
  type Setup,
  setMeSpteMask,
  setMmioSpteValue,
  spAdDisabled,
  spteAdEnabled,
  spteAdNeedWriteProtect,
  spteHasPermissionFault,
  spteHasVolatileBits,
  spteIndex,
  spteIndexAt,
  spteModuleInit,
  spteShadowAccessedMask,
  spteShadowDirtyMask,
  spteToPfn,
  type TracedPage,
  type TraceLine,
  traceFastPageFault,
  traceGetPage,
  traceGuestWalk,
  tracePrepareZapPage,
  traceSetSpte,
  traceSplitHugePage,
  traceSpteRequested,
  traceTdpMmuSpteChanged,
  updatePermissionBitmask,
} from '@spte/core';
import {
  checkMmioSpte,
  generationMmioSpteMask,
  getMmioSpteAccess,
  getMmioSpteGeneration,
  getMmioSpteGfn,
  handleMmioPageFault,
  isMmioPfn,
  makeMmioSpte,
  setMmioSpteMask,
  syncMmioSpte,
  traceHandleMmioPageFault,
  traceMarkMmioSpte,
} from '@spte/mmio';
import { svmAdjustMmioMask } from '@spte/vendor-svm';
import { setEptMasks, vmxGetMtMask, vmxSetupMeSpteMask } from '@spte/vendor-vmx';
import { checkToJson, hasRwux, memoryEncryptionFacts, registryToJson } from './configure.ts';
import { type RecordingHost, recordingHost } from './recording-host.ts';
import type { Fields, JsonObject } from './vector.ts';

/** What a function under test is called with. */
interface Call {
  readonly mmu: Mmu;
  readonly args: Fields;
  readonly config: Fields;
}

/** Names and results that vectors of newer kernels have under other names. */
function vocabulary(kernel: KernelVersion): {
  frozen: boolean;
  veSuppressed: boolean;
  vmBugged: boolean;
  atomicUpdate: boolean;
} {
  const since = (release: string): boolean => !isBefore(kernel, release);
  return {
    frozen: since('6.11'),
    veSuppressed: since('6.10'),
    vmBugged: since('6.11'),
    atomicUpdate: since('6.16'),
  };
}

/** Calls one kernel function's counterpart through the public API; answers as vectors write results. */
type Runner = (call: Call) => JsonObject;

const role = ({ mmu, args }: Pick<Call, 'mmu' | 'args'>): PageRole =>
  decodeRole(args.u32('roleWord'), mmu.kernel);

/** A predicate or getter over one SPTE: `{value}`. */
const getter =
  (get: (mmu: Mmu, spte: bigint) => boolean | bigint): Runner =>
  ({ mmu, args }) => {
    const value = get(mmu, args.u64('spte'));
    return { value: typeof value === 'bigint' ? hex(value) : value };
  };

/** A function that makes an SPTE: `{spte}`. */
const maker =
  (make: (call: Call) => bigint): Runner =>
  (call) => ({ spte: hex(make(call)) });

/** A function that may mark the VM as bugged: `{spte, vmBugged}`. */
const bugger =
  (make: (call: Call) => bigint): Runner =>
  (call) => {
    const { value, warnings } = observe(call.mmu, (mmu) => make({ ...call, mmu }));
    for (const warning of warnings) call.mmu.observer?.warn(warning);
    return { spte: hex(value), vmBugged: warnings.some(({ kind }) => kind === 'KVM_BUG_ON') };
  };

/** A tracepoint: `{trace}`. */
const tracepoint =
  (line: (call: Call) => TraceLine): Runner =>
  (call) => ({ trace: [line(call)] });

const traced = (lines: readonly TraceLine[]): JsonObject => (lines.length === 0 ? {} : { trace: lines });

/** A step of the start-up. */
type Step = (setup: Setup, registry: Registry, args: Fields, config: Fields) => Registry;

const steps: Readonly<Record<string, Step>> = {
  kvm_mmu_spte_module_init: spteModuleInit,
  kvm_mmu_init_vm: initVm,
  kvm_mmu_set_mmio_spte_value: (setup, registry, args) =>
    setMmioSpteValue(setup, registry, args.u64('mmioValue')),
  kvm_mmu_reset_all_pte_masks: resetAllPteMasks,
  kvm_mmu_set_ept_masks: (setup, registry, args) =>
    setEptMasks(setup, registry, args.flag('hasAdBits'), args.optionalFlag('hasExecOnly')),
  kvm_mmu_set_me_spte_mask: (setup, registry, args) =>
    setMeSpteMask(setup, registry, args.u64('meValue'), args.u64('meMask')),
  kvm_mmu_set_mmio_spte_mask: (setup, registry, args) =>
    setMmioSpteMask(setup, registry, {
      value: args.u64('mmioValue'),
      mask: args.u64('mmioMask'),
      access: args.u64('accessMask'),
    }),
  svm_adjust_mmio_mask: (setup, registry, _args, config) =>
    svmAdjustMmioMask(setup, registry, memoryEncryptionFacts(config)),
  vmx_setup_me_spte_mask: vmxSetupMeSpteMask,
  set_enable_mmio_caching: (_setup, registry, args) =>
    assignMasks(registry, 'set_enable_mmio_caching', { enableMmioCaching: args.flag('value') }),
};

/** A step on its own, on top of the MMU's masks: `{registry}`, and `bug` where it stopped. */
const stepRunner =
  (step: Step): Runner =>
  ({ mmu, args, config }) => {
    const before: Registry = { core: mmu.core, masks: mmu.masks, setBy: mmu.setBy };
    try {
      return { registry: registryToJson(mmu.kernel, step(mmu, before, args, config).masks) };
    } catch (error) {
      if (!(error instanceof KvmBug)) throw error;
      mmu.observer?.warn(error.diagnostic);
      return { bug: true, registry: registryToJson(mmu.kernel, before.masks) };
    }
  };

const initSequence: Runner = ({ mmu, args, config }) => {
  let registry = assignMasks(initialRegistry, 'module parameter', {
    enableMmioCaching: config.flag('mmioCaching'),
  });
  const done = args.list('steps').map((stepArgs) => {
    const op = stepArgs.text('op');
    const step = Object.hasOwn(steps, op) ? steps[op] : undefined;
    if (step === undefined) throw new TypeError(`args.steps: unknown op ${JSON.stringify(op)}`);
    let bug: Diagnostic[] = [];
    const { warnings } = observe<Setup, void>(mmu, (setup) => {
      try {
        registry = step(setup, registry, stepArgs, config);
      } catch (error) {
        if (!(error instanceof KvmBug)) throw error;
        bug = [error.diagnostic];
      }
    });
    return {
      bug: bug.length > 0,
      warnings: [...warnings, ...bug],
      registry: registryToJson(mmu.kernel, registry.masks),
    };
  });
  return { steps: done };
};

// What vectors have of every kernel, also of those without the function: what its bits or masks are there.

/** A getter that only some kernels have, and what vectors of the others have in its place. */
const derived =
  <T, Args extends readonly unknown[]>(
    name: KernelFunction,
    get: (mmu: Mmu, ...args: Args) => T,
    otherwise: (mmu: Mmu, ...args: Args) => T,
  ) =>
  (mmu: Mmu, ...args: Args): T =>
    kernelHas(mmu.kernel, name) ? get(mmu, ...args) : otherwise(mmu, ...args);

const adEnabled = derived('kvm_ad_enabled', kvmAdEnabled, ({ masks }) => masks.accessed !== 0n);
const isRemoved = derived('is_removed_spte', isRemovedSpte, () => false);
const isMmuWritable = derived(
  'is_mmu_writable_spte',
  isMmuWritableSpte,
  ({ masks }, spte: bigint) => (spte & masks.mmuWritable) !== 0n,
);
const accessedMask = derived(
  'spte_shadow_accessed_mask',
  spteShadowAccessedMask,
  ({ masks }) => masks.accessed,
);
const dirtyMask = derived('spte_shadow_dirty_mask', spteShadowDirtyMask, ({ masks }) => masks.dirty);
const isDirty = derived(
  'is_dirty_spte',
  isDirtySpte,
  ({ masks }, spte: bigint) => (spte & masks.dirty) !== 0n,
);

const classify: Runner = ({ mmu, args }) => {
  const spte = args.u64('spte');
  const level = args.int('level');
  const { frozen, veSuppressed, atomicUpdate } = vocabulary(mmu.kernel);
  return {
    isMmio: isMmioSpte(mmu, spte),
    isShadowPresent: isShadowPresentPte(mmu, spte),
    [frozen ? 'isFrozen' : 'isRemoved']: isRemoved(mmu, spte),
    isLarge: isLargePte(spte),
    isLast: isLastSpte(spte, level),
    isWritable: isWritablePte(spte),
    isMmuWritable: isMmuWritable(mmu, spte),
    adEnabled: spteAdEnabled(mmu, spte),
    adNeedWriteProtect: spteAdNeedWriteProtect(mmu, spte),
    isAccessTrack: isAccessTrackSpte(mmu, spte),
    isAccessed: isAccessedSpte(mmu, spte),
    ...(atomicUpdate
      ? { needsAtomicUpdate: spteHasVolatileBits(mmu, spte) }
      : {
          isDirty: isDirty(mmu, spte),
          isExecutable: isExecutablePte(mmu, spte),
          hasVolatileBits: spteHasVolatileBits(mmu, spte),
        }),
    isRsvd: isRsvdSpte(mmu.zeroCheck, spte, level),
    badMtXwr: isBadMtXwr(mmu.zeroCheck, spte),
    rsvdBits: hex(getRsvdBits(mmu.zeroCheck, spte, level)),
    pfn: hex(spteToPfn(mmu, spte)),
    ...(!atomicUpdate && {
      shadowAccessedMask: hex(accessedMask(mmu, spte)),
      shadowDirtyMask: hex(dirtyMask(mmu, spte)),
    }),
    mmioGfn: hex(getMmioSpteGfn(mmu, spte)),
    mmioAccess: hex(getMmioSpteAccess(mmu, spte)),
    mmioGeneration: hex(getMmioSpteGeneration(mmu, spte)),
    kvmAdEnabled: adEnabled(mmu),
    ...(veSuppressed && { isEptVePossible: isEptVePossible(mmu, spte) }),
  };
};

const makeSpteRunner: Runner = ({ mmu, args }) => {
  const host = recordingHost(args);
  const memtypeCalls: JsonObject[] = [];
  const { getMtMask } = mmu.vendor;
  const vendor =
    getMtMask === undefined
      ? mmu.vendor
      : {
          ...mmu.vendor,
          getMtMask(...call: Parameters<typeof getMtMask>): bigint {
            const [, , gfn, isMmio] = call;
            const ret = getMtMask(...call);
            memtypeCalls.push({ gfn: hex(gfn), isMmio, ret: hex(ret) });
            return ret;
          },
        };
  const { spte, wrprot } = makeSpte({ ...mmu, vendor }, host, {
    role: role({ mmu, args }),
    access: args.u32('pteAccess'),
    gfn: args.u64('gfn'),
    pfn: args.u64('pfn'),
    oldSpte: args.u64('oldSpte'),
    prefetch: args.flag('prefetch'),
    canUnsync: args.has('synchronizing') ? !args.flag('synchronizing') : args.flag('canUnsync'),
    hostWritable: args.flag('hostWritable'),
  });
  return {
    newSpte: hex(spte),
    wrprot,
    unsyncCalls: host.unsyncCalls,
    memtypeCalls,
    dirtied: host.dirtied,
    pfnQueries: host.pfnQueries(),
    ...(args.has('rootDummy') && host.hostMmio()),
  };
};

const split = ({ mmu, args }: Call): bigint =>
  makeHugePageSplitSpte(
    mmu,
    recordingHost(args),
    args.u64('hugeSpte'),
    role({ mmu, args }),
    args.int('index'),
  );

const splitRunner: Runner = (call) =>
  vocabulary(call.mmu.kernel).vmBugged ? bugger(split)(call) : maker(split)(call);

const handleMmioPageFaultRunner: Runner = ({ mmu, args }) => {
  const observed = observe(mmu, (mmu) =>
    handleMmioPageFault(mmu, recordingHost(args), {
      addr: args.u64('addr'),
      direct: args.flag('direct'),
      cached: args.flag('cached'),
      walk: {
        root: args.int('root'),
        leaf: args.int('leaf'),
        spteAt: (level) => args.u64(`spte${level}`),
      },
    }),
  );
  for (const warning of observed.warnings) mmu.observer?.warn(warning);
  const { ret, mmioCache } = observed.value;
  return {
    ret,
    ...(mmioCache !== undefined && {
      mmioCache: { addr: hex(mmioCache.addr), gfn: hex(mmioCache.gfn), access: hex(mmioCache.access) },
    }),
    ...traced(observed.trace),
    ...(observed.dmesg.length > 0 && { dmesg: observed.dmesg }),
  };
};

/** What was passed on to the host's pages, where this kernel's vectors report it. */
const forwarded = ({ kernel }: Mmu, { pfnAccessed, pfnDirty }: RecordingHost): JsonObject =>
  hasRwux(kernel) ? {} : { pfnAccessed, pfnDirty };

const ageRunner: Runner = ({ mmu, args }) => {
  const host = recordingHost(args);
  const before = args.u64('spte');
  if (args.optionalFlag('testOnly')) {
    return { young: isAccessedSpte(mmu, before), spteAfter: hex(before), ...forwarded(mmu, host) };
  }
  const { young, spte } = mmuSpteAge(mmu, host, before);
  return { young, spteAfter: hex(spte), ...forwarded(mmu, host) };
};

const tracedPage = ({ mmu, args }: Call): TracedPage => ({
  role: role({ mmu, args }),
  gfn: args.u64('gfn'),
  mmuValidGen: args.int('mmuValidGen'),
  rootCount: args.int('rootCount'),
  unsync: args.flag('unsync'),
});

/** The functions that vectors may name. */
export const functions: Readonly<Record<string, Runner>> = {
  make_spte: makeSpteRunner,
  make_mmio_spte: maker(({ mmu, args }) =>
    makeMmioSpte(mmu, recordingHost(args), args.u64('gfn'), args.u32('access')),
  ),
  make_spte_executable: maker(({ mmu, args }) => makeSpteExecutable(mmu, args.u64('spte'))),
  make_huge_page_split_spte: splitRunner,
  make_small_spte: splitRunner,
  make_huge_spte: bugger(({ mmu, args }) =>
    makeHugeSpte(mmu, recordingHost(args), args.u64('smallSpte'), args.int('level')),
  ),
  change_spte_executable: maker(({ mmu, args }) =>
    changeSpteExecutable(mmu, args.u64('spte'), args.u32('access')),
  ),
  modify_spte_protections: maker(({ mmu, args }) =>
    modifySpteProtections(mmu, args.u64('spte'), args.u64('setBits'), args.u64('clearBits')),
  ),
  make_nonleaf_spte: maker(({ mmu, args }) =>
    makeNonleafSpte(mmu, args.u64('childPa'), args.flag('adDisabled')),
  ),
  kvm_mmu_changed_pte_notifier_make_spte: maker(({ mmu, args }) =>
    changedPteNotifierMakeSpte(mmu, args.u64('oldSpte'), args.u64('newPfn')),
  ),
  mark_spte_for_access_track: maker(({ mmu, args }) => markSpteForAccessTrack(mmu, args.u64('spte'))),
  restore_acc_track_spte: maker(({ mmu, args }) => restoreAccTrackSpte(mmu, args.u64('spte'))),
  generation_mmio_spte_mask: ({ mmu, args }) => ({ mask: hex(generationMmioSpteMask(mmu, args.u64('gen'))) }),
  rsvd_bits: ({ args }) => ({ mask: hex(rsvdBits(args.int('s'), args.int('e'))) }),
  kvm_is_mmio_pfn({ args }) {
    const host = recordingHost(args);
    if (!args.has('hostMmioCached')) return { isMmio: isMmioPfn(host, args.u64('pfn')), ...host.e820Range() };
    const cached = args.int('hostMmioCached');
    const isMmio = isMmioPfn(host, args.u64('pfn'), cached < 0 ? undefined : cached !== 0);
    return { isMmio, cachedAfter: Number(isMmio), pfnQueries: host.pfnQueries(), ...host.e820Range() };
  },
  spte_has_volatile_bits: ({ mmu, args }) => ({ volatile: spteHasVolatileBits(mmu, args.u64('spte')) }),
  spte_needs_atomic_update: ({ mmu, args }) => ({
    needsAtomicUpdate: spteHasVolatileBits(mmu, args.u64('spte')),
  }),

  kvm_mmu_set_mmio_spte_mask: stepRunner(steps['kvm_mmu_set_mmio_spte_mask'] as Step),
  kvm_mmu_set_me_spte_mask: stepRunner(steps['kvm_mmu_set_me_spte_mask'] as Step),
  kvm_mmu_set_ept_masks: stepRunner(steps['kvm_mmu_set_ept_masks'] as Step),
  kvm_mmu_reset_all_pte_masks: stepRunner(steps['kvm_mmu_reset_all_pte_masks'] as Step),
  kvm_mmu_set_mmio_spte_value: stepRunner(steps['kvm_mmu_set_mmio_spte_value'] as Step),
  svm_adjust_mmio_mask: stepRunner(steps['svm_adjust_mmio_mask'] as Step),
  vmx_setup_me_spte_mask: stepRunner(steps['vmx_setup_me_spte_mask'] as Step),
  init_sequence: initSequence,

  classify,
  is_mmio_spte: getter(isMmioSpte),
  is_shadow_present_pte: getter(isShadowPresentPte),
  is_removed_spte: getter(isRemovedSpte),
  is_frozen_spte: getter(isRemovedSpte),
  is_ept_ve_possible: getter(isEptVePossible),
  is_large_pte: getter((_mmu, spte) => isLargePte(spte)),
  is_last_spte: ({ args }) => ({ value: isLastSpte(args.u64('spte'), args.int('level')) }),
  is_executable_pte: getter(isExecutablePte),
  is_writable_pte: getter((_mmu, spte) => isWritablePte(spte)),
  is_mmu_writable_spte: getter(isMmuWritable),
  spte_ad_enabled: getter(spteAdEnabled),
  spte_ad_need_write_protect: getter(spteAdNeedWriteProtect),
  is_access_track_spte: getter(isAccessTrackSpte),
  is_accessed_spte: getter(isAccessedSpte),
  is_dirty_spte: getter(isDirtySpte),
  spte_shadow_accessed_mask: getter(spteShadowAccessedMask),
  spte_shadow_dirty_mask: getter(spteShadowDirtyMask),
  spte_to_pfn: getter(spteToPfn),
  get_mmio_spte_gfn: getter(getMmioSpteGfn),
  get_mmio_spte_access: getter(getMmioSpteAccess),
  get_mmio_spte_generation: getter(getMmioSpteGeneration),
  is_rsvd_spte: ({ mmu, args }) => ({
    value: isRsvdSpte(mmu.zeroCheck, args.u64('spte'), args.int('level')),
  }),
  get_rsvd_bits: ({ mmu, args }) => ({
    value: hex(getRsvdBits(mmu.zeroCheck, args.u64('spte'), args.int('level'))),
  }),
  sp_ad_disabled: ({ mmu, args }) => ({ value: spAdDisabled(role({ mmu, args })) }),
  kvm_ad_enabled: ({ mmu }) => ({ value: adEnabled(mmu) }),
  kvm_mmu_page_ad_need_write_protect: ({ mmu, args }) => ({
    value: pageAdNeedWriteProtect(mmu, role({ mmu, args })),
  }),
  is_nx_huge_page_enabled: ({ mmu, args }) => ({ value: isNxHugePageEnabled(mmu, recordingHost(args)) }),
  check_spte_writable_invariants({ mmu, args }) {
    checkSpteWritableInvariants(mmu, args.u64('spte'));
    return {};
  },
  is_access_allowed: ({ mmu, args }) => ({
    allowed: isAccessAllowed(mmu, { exec: args.flag('exec'), write: args.flag('write') }, args.u64('spte')),
  }),

  spte_permission_fault: ({ mmu, args }) => ({
    fault: spteHasPermissionFault(mmu, args.u64('spte'), args.u64('errorCode')),
  }),
  __update_permission_bitmask: ({ args }) => ({
    permissions: updatePermissionBitmask({
      tdp: args.flag('tdp'),
      eptFormat: args.flag('eptFmt'),
      smep: args.flag('smep'),
      smap: args.flag('smap'),
      wp: args.flag('wp'),
      nx: args.flag('nx'),
    }).map(hex),
  }),

  SPTE_INDEX: ({ args }) => ({ value: hex(spteIndexAt(args.u64('addr'), args.int('level'))) }),
  spte_index: ({ args }) => ({ index: spteIndex(args.u64('sptep')) }),
  gfn_round_for_level: ({ args }) => ({ value: hex(gfnRoundForLevel(args.u64('gfn'), args.int('level'))) }),
  kvm_mmu_role_as_id: ({ mmu, args }) => ({ value: roleAsId(role({ mmu, args })) }),
  kvm_mmu_page_role(call) {
    const { smepAndnotWp, isMirror, cr4Smep, ...decoded } = role(call);
    return { ...decoded, ...(hasRwux(call.mmu.kernel) ? { isMirror, cr4Smep } : { smepAndnotWp }) };
  },
  kvm_get_shadow_phys_bits: ({ mmu }) => ({ bits: getShadowPhysBits(mmu.host) }),
  kvm_get_host_maxphyaddr: ({ mmu }) => ({ bits: getShadowPhysBits(mmu.host) }),
  kvm_mmu_max_gfn: ({ mmu }) => ({ gfn: hex(kvmMmuMaxGfn(mmu)) }),
  kvm_configure_mmu({ mmu, args }) {
    const { masks } = configureMmu(mmu, mmu, args.flag('enableTdp'), args.int('hugeLevel'));
    return { maxHugePageLevel: masks.maxHugePageLevel, tdpEnabled: masks.tdpEnabled };
  },
  vmx_get_mt_mask: ({ mmu, args }) => ({
    value: hex(vmxGetMtMask(mmu, recordingHost(args), args.u64('gfn'), args.flag('isMmio'))),
  }),

  check_mmio_spte({ mmu, args }) {
    const { value, trace } = observe(mmu, (mmu) => checkMmioSpte(mmu, recordingHost(args), args.u64('spte')));
    return { valid: value, ...traced(trace) };
  },
  handle_mmio_page_fault: handleMmioPageFaultRunner,
  sync_mmio_spte({ mmu, args }) {
    const observed = observe(mmu, (mmu) =>
      syncMmioSpte(mmu, recordingHost(args), {
        spte: args.u64('spte'),
        gfn: args.u64('gfn'),
        access: args.u32('access'),
        sptep: args.u64('sptepVa'),
      }),
    );
    for (const warning of observed.warnings) mmu.observer?.warn(warning);
    const { handled, spte } = observed.value;
    return { handled, spteAfter: hex(spte), ...traced(observed.trace) };
  },
  leaf_spte_change_needs_tlb_flush: ({ mmu, args }) => ({
    value: leafSpteChangeNeedsTlbFlush(mmu, args.u64('oldSpte'), args.u64('newSpte')),
  }),
  mmu_spte_update({ mmu, args }) {
    const host = recordingHost(args);
    const { spte, flush } = mmuSpteUpdate(mmu, host, args.u64('spte'), args.u64('newSpte'));
    return { flush, spteAfter: hex(spte), ...forwarded(mmu, host) };
  },
  mmu_spte_age: ageRunner,
  kvm_rmap_age_gfn_range: ageRunner,
  rmap_age_step: ageRunner,

  __reset_rsvds_bits_mask: ({ args }) => ({
    check: checkToJson(
      resetRsvdsBitsMask({
        paBitsRsvd: args.u64('paBitsRsvd'),
        level: args.int('level'),
        nx: args.flag('nx'),
        gbpages: args.flag('gbpages'),
        pse: args.flag('pse'),
        amd: args.flag('amd'),
      }),
    ),
  }),
  __reset_rsvds_bits_mask_ept: ({ args }) => ({
    check: checkToJson(
      resetRsvdsBitsMaskEpt({
        paBitsRsvd: args.u64('paBitsRsvd'),
        execOnly: args.flag('execonly'),
        hugePageLevel: args.int('hugePageLevel'),
      }),
    ),
  }),
  build_shadow_zero_check: ({ mmu }) => ({
    check: checkToJson(buildShadowZeroCheck(mmu, mmu, mmu.root)),
    ...(hasRwux(mmu.kernel) && { permissions: permissionBitmap(mmu, mmu.root).map(hex) }),
  }),

  'trace:kvm_mmu_set_spte': tracepoint(({ mmu, args }) =>
    traceSetSpte(mmu, {
      level: args.int('level'),
      gfn: args.u64('gfn'),
      spte: args.u64('spte'),
      sptePhys: args.u64('sptePhys'),
    }),
  ),
  'trace:mark_mmio_spte': tracepoint(({ mmu, args }) =>
    traceMarkMmioSpte(mmu, args.u64('sptepVa'), args.u64('gfn'), args.u64('spte')),
  ),
  'trace:handle_mmio_page_fault': tracepoint(({ args }) =>
    traceHandleMmioPageFault(args.u64('addr'), args.u64('gfn'), args.u64('access')),
  ),
  'trace:fast_page_fault': tracepoint(({ mmu, args }) =>
    traceFastPageFault(mmu, {
      vcpuId: args.int('vcpuId'),
      addr: args.u64('addr'),
      errorCode: args.u64('errorCode'),
      sptep: args.u64('sptepVa'),
      oldSpte: args.u64('oldSpte'),
      spte: args.u64('spte'),
      ret: args.int('ret'),
    }),
  ),
  'trace:kvm_tdp_mmu_spte_changed': tracepoint(({ mmu, args }) =>
    traceTdpMmuSpteChanged(mmu, {
      asId: args.int('asId'),
      gfn: args.u64('gfn'),
      level: args.int('level'),
      oldSpte: args.u64('oldSpte'),
      newSpte: args.u64('newSpte'),
    }),
  ),
  'trace:kvm_mmu_split_huge_page': tracepoint(({ mmu, args }) =>
    traceSplitHugePage(mmu, {
      gfn: args.u64('gfn'),
      spte: args.u64('spte'),
      level: args.int('level'),
      err: args.int('err'),
    }),
  ),
  'trace:kvm_mmu_spte_requested': tracepoint(({ mmu, args }) =>
    traceSpteRequested(mmu, {
      gfn: args.u64('gfn'),
      pfn: args.u64('pfn'),
      goalLevel: args.int('goalLevel'),
      ...(args.has('access') && { access: args.u32('access') }),
    }),
  ),
  'trace:kvm_mmu_get_page': tracepoint((call) =>
    traceGetPage(call.mmu, { ...tracedPage(call), created: call.args.flag('created') }),
  ),
  'trace:kvm_mmu_prepare_zap_page': tracepoint((call) => tracePrepareZapPage(call.mmu, tracedPage(call))),
  'trace:walk': ({ mmu, args }) => ({
    trace: traceGuestWalk(mmu, {
      addr: args.u64('addr'),
      errorCode: args.u64('errorCode'),
      pte: args.u64('spte'),
      level: args.int('level'),
    }),
  }),
};
