// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  bit,
  bits,
  configureMmu,
  EPT,
  eptFormat,
  extendVendor,
  field,
  legacyFormat,
  type Masks,
  type Mmu,
  type Overlay,
  type Policy,
  type PolicyReading,
  type Registry,
  type Setup,
  type SetupStep,
  setMeSpteMask,
  type Vendor,
} from '@spte/core';
import { mmio, readMmioSpte } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';

// Plugins that are wrong in one thing each. The kit must find each at its own check, with a text that says what to mend.

/** A plugin that is wrong. */
export interface WrongPlugin {
  /** What is wrong with it, in words. */
  readonly wrong: string;
  readonly make: () => Vendor | Policy;
  readonly role: 'vendor' | 'policy';
  /** The checks that find it, with `|` between; one of them does first of all. */
  readonly check: string;
  /** Words of the text that says what to mend. */
  readonly text: RegExp;
  /** The kernels on which it is wrong; 6.8 when absent. */
  readonly kernels?: readonly string[];
}

const vendor = (
  wrong: string,
  check: string,
  text: RegExp,
  make: () => unknown,
  kernels?: readonly string[],
): WrongPlugin => ({
  wrong,
  check,
  text,
  make: make as () => Vendor,
  role: 'vendor',
  ...(kernels && { kernels }),
});

const policy = (wrong: string, check: string, text: RegExp, make: () => unknown): WrongPlugin => ({
  wrong,
  check,
  text,
  make: make as () => Policy,
  role: 'policy',
});

/** A vendor with other masks after its start-up. */
const masked = (base: Vendor, values: Partial<Record<keyof Masks, unknown>>): Vendor => ({
  ...base,
  name: 'odd',
  setup: (setup, before) => assignMasks(base.setup(setup, before), 'odd_setup', values as Partial<Masks>),
});

const overlaid = (overlay: Omit<Overlay, 'name'>): Vendor => extendVendor(vmx(), { name: 'odd', ...overlay });

const own = (high: number, low = high, name = 'own') => field(name, high, low, 'kvm', 'a bit of its own');

const software = (n: number) => [{ field: own(n), in: ['leaf'], set: 'sometimes' }] as const;

const reading = (spte: bigint): PolicyReading => ({
  kind: 'mmio',
  gfn: spte >> 12n,
  gpa: (spte >> 12n) << 12n,
  access: 0n,
  generation: 0n,
  fields: [{ name: 'all', mask: bits(63, 0), value: spte, meaning: 'all of it' }],
});

const throws = (): never => {
  throw new Error('out of order');
};

let counter = 0n;

/** A policy's hook that reads one odd word, and says something wrong of it. */
const ofOwn =
  (wrong: object) =>
  (_mmu: unknown, spte: bigint): object | null =>
    spte === bit(63) ? { ...reading(spte), ...wrong } : null;

const odd = (members: object): object => ({ name: 'odd', apiVersion: 2, ...members });

/** Every wrong plugin. */
export const wrongPlugins: readonly WrongPlugin[] = [
  vendor(
    'its memory type is shifted by 4, not by 3',
    'memtype',
    /must be WB: is the type shifted to bits 5:3/,
    () => ({
      ...vmx(),
      getMtMask: () => 6n << 4n,
    }),
  ),
  vendor(
    'its memory type is not shifted at all',
    'memtype',
    /outside the field: shift the type|must be WB/,
    () => ({ ...vmx(), getMtMask: () => 6n }),
  ),
  vendor('its memory type is a number', 'memtype|build', /bigint/, () => ({
    ...vmx(),
    getMtMask: () => 0x70,
  })),
  vendor('hpa is pfn << 10', 'cpu', /must reach hpa .* \(pfn << 12\)/, () => ({
    ...vmx(),
    cpuReads: () => {
      const to = { kind: 'translates', hpa: 0x40000n << 10n, memtype: 'WB' } as const;
      return [{ accessor: 'guest', read: to, write: to, fetch: to }];
    },
  })),
  vendor('a software mask stands in the address', 'mask-in-address', /reach into the address/, () =>
    masked(vmx(), { hostWritable: bit(40) }),
  ),
  vendor('a mask is negative', 'mask-width', /not negative, got -0x1/, () =>
    masked(vmx(), { mmuWritable: -1n }),
  ),
  vendor('a mask is beyond 64 bits', 'mask-width', /within 64 bits/, () =>
    masked(vmx(), { accessed: 1n << 64n }),
  ),
  vendor('a mask is a number', 'mask-type', /must be a bigint, got a number/, () =>
    masked(vmx(), { accessed: 0x100 }),
  ),
  vendor('a mask has a slip in its name', 'mask-name', /is accessed meant/, () =>
    masked(vmx(), { acessed: 1n } as never),
  ),
  vendor(
    'its MMIO value stands over the generation',
    'mmio-round-trip',
    /where the generation of memslots stands/,
    () => masked(vmx(), { mmioMask: 0x78n, mmioValue: 0x38n, vmMmioValue: 0x38n, enableMmioCaching: true }),
  ),
  vendor('its address is 59:12', 'address', /x86 only, where the address is bits 51:12/, () => ({
    ...vmx(),
    format: { ...eptFormat, address: field('address', 59, 12, 'hardware', 'address') },
  })),
  vendor('a member has a slip in its name', 'shape', /is cpuReads meant/, () => ({
    ...vmx(),
    cpuRead: () => [],
  })),
  vendor('its version of the contract is a text', 'shape', /apiVersion must be a number/, () => ({
    ...vmx(),
    apiVersion: '2',
  })),
  vendor('its contract is not there yet', 'api', /contract 3/, () => ({ ...vmx(), apiVersion: 3 })),
  vendor('it has no format', 'shape', /must have format/, () => ({ ...vmx(), format: undefined })),
  vendor('its name has a slash', 'shape', /name must be of letters/, () => ({ ...vmx(), name: 'a/b' })),
  vendor('it says contract 1 and judges', 'shape', /say apiVersion: 2/, () => ({
    ...vmx(),
    apiVersion: 1,
    judge: () => [],
  })),
  vendor('cpuReads throws', 'cpu', /cpuReads says nothing/, () => ({ ...vmx(), cpuReads: throws })),
  vendor('cpuReads throws for some words', 'total', /cpuReads fails for 0x0 .*out of order/, () => {
    const base = vmx();
    return {
      ...base,
      cpuReads: (...args: Parameters<NonNullable<Vendor['cpuReads']>>) =>
        args[1] === 0n ? throws() : base.cpuReads?.(...args),
    };
  }),
  vendor('cpuReads gives undefined', 'cpu', /cpuReads says nothing/, () => ({
    ...vmx(),
    cpuReads: () => undefined,
  })),
  vendor('cpuReads gives no outcome of a fetch', 'cpu', /undefined|says nothing/, () => ({
    ...vmx(),
    cpuReads: (mmu: never, spte: bigint, level: number, role: never) =>
      vmx()
        .cpuReads?.(mmu, spte, level, role)
        .map(({ fetch: _fetch, ...others }) => others),
  })),
  vendor('an outcome of its own has no name of its own', 'outcomes', /name one of your own odd\/ve/, () => ({
    ...vmx(),
    name: 'odd',
    cpuReads: (mmu: never, spte: bigint, level: number, role: never) => {
      const [own] = vmx().cpuReads?.(mmu, spte, level, role) ?? [];
      return own?.read.kind === 'ept-violation' ? [{ ...own, read: { kind: 've' } }] : [own];
    },
  })),
  vendor('the CPU lets reserved bits through', 'cpu-reserved', /the CPU checks reserved bits, too/, () => ({
    ...vmx(),
    cpuReads: (_mmu: never, spte: bigint) => {
      const to = { kind: 'translates', hpa: spte & bits(51, 12), memtype: 'WB' } as const;
      const no = { kind: 'ept-violation', qualification: 1 } as const;
      const may = (mask: bigint) => ((spte & mask) === 0n ? no : to);
      return [{ accessor: 'guest', read: may(1n), write: may(2n), fetch: may(4n) }];
    },
  })),
  vendor('its set-up is not pure', 'pure', /keep nothing between calls/, () =>
    masked(vmx(), {
      get accTrack() {
        return counter++ % 2n;
      },
    }),
  ),
  vendor('its set-up does not call configureMmu()', 'configure-mmu', /must call configureMmu/, () => ({
    name: 'odd',
    apiVersion: 2,
    format: legacyFormat,
    setup: (_setup: unknown, registry: unknown) => registry,
  })),
  vendor('its set-up returns nothing', 'start-up', /is a return missing/, () => ({
    ...vmx(),
    setup(...[setup, before]: Parameters<SetupStep>) {
      configureMmu(setup, before, true, 3);
    },
  })),
  vendor('its set-up throws', 'start-up', /out of order/, () => ({ ...vmx(), setup: throws })),
  vendor('two fields have one name', 'field-names', /two fields of leaf entries are called accessed/, () => ({
    ...vmx(),
    format: { ...eptFormat, leaf: [...eptFormat.leaf, field('accessed', 56, 56, 'hardware', 'x')] },
  })),
  vendor('two fields have one bit', 'overlap', /fields dirty and also of leaf entries share 0x200/, () => ({
    ...vmx(),
    format: { ...eptFormat, leaf: [...eptFormat.leaf, field('also', 9, 9, 'hardware', 'x')] },
  })),
  vendor(
    'a field stands on bit 11',
    'layout-overlap',
    /bits 11, where KVM keeps mmuPresent since 5.13/,
    () => ({
      ...vmx(),
      format: { ...eptFormat, leaf: [...eptFormat.leaf, field('own', 11, 11, 'kvm', 'x')] },
    }),
  ),
  vendor(
    'a field stands on the A/D type of 7.2',
    'layout-overlap',
    /bits 60, 61, where KVM keeps adType since 7.2/,
    () => ({
      ...vmx(),
      format: { ...eptFormat, leaf: [...eptFormat.leaf, own(61, 60)] },
    }),
    ['7.3'],
  ),
  vendor(
    'a field stands on the A/D type of 7.2, of legacy entries',
    'layout-overlap',
    /adType since 7.2/,
    () => ({
      ...svm(),
      format: { ...legacyFormat, leaf: [...legacyFormat.leaf, own(61, 60)] },
    }),
    ['7.3'],
  ),
  vendor('it has a memory type mask, and no hook', 'memtype', /give the vendor a hook getMtMask/, () => ({
    ...vmx(),
    getMtMask: undefined,
  })),
  vendor('a mask is where no field is', 'mask-format', /neither the format nor a software field/, () =>
    masked(vmx(), { user: 1n | bit(59) }),
  ),
  vendor(
    'it keeps writable where the CPU reads',
    'mask-format',
    /a software bit must stand where the CPU looks at nothing/,
    () => masked(vmx(), { hostWritable: EPT.executable.mask }),
  ),
  vendor('its leaves allow writes without reads', 'cpu', /must reach hpa .*write-without-read/, () =>
    masked(vmx(), { user: 0n, x: 0n }),
  ),
  vendor(
    'a software bit is where KVM keeps one',
    'overlap',
    /meets KVM: hostWritable/,
    () => ({ ...vmx(), software: software(57) }),
    ['6.8'],
  ),
  vendor('leafBits sets what nobody declared', 'leaf-bits', /which no software field declares/, () =>
    overlaid({ leafBits: (_mmu, _host, _leaf, set) => set(bit(59), 'x') }),
  ),
  vendor('leafBits gives no reason', 'reasons', /set each by set\(bits, why\)/, () =>
    overlaid({ software: software(59), leafBits: () => bit(59) }),
  ),
  vendor('leafBits gives an empty reason', 'reasons', /empty reason/, () =>
    overlaid({ software: software(59), leafBits: (_mmu, _host, _leaf, set) => set(bit(59), ' ') }),
  ),
  vendor('leafBits answers a number', 'leaf-bits', /what leafBits answers must be a bigint/, () =>
    overlaid({ leafBits: (() => 1) as never }),
  ),
  vendor('leafBits changes the frame', 'leaf-bits', /answers 0x2000 .*which no software field declares/, () =>
    overlaid({ leafBits: (_mmu, _host, _leaf, set) => set(bit(13), 'x') }),
  ),
  vendor(
    'leafBits says that it does not look at the frame, and does',
    'batch',
    /more than dependsOn declares/,
    () => {
      const leafBits: Overlay['leafBits'] = (_mmu, _host, { gfn }, set) =>
        gfn === 0xfee00n ? set(bit(59), 'x') : 0n;
      return {
        ...vmx(),
        software: software(59),
        leafBits,
        dependsOn: { ...vmx().dependsOn, leafBits: { of: leafBits, frame: false } },
      };
    },
  ),
  vendor(
    'getMtMask says that it does not look at the gfn, and does',
    'batch',
    /more than dependsOn declares/,
    () => {
      const getMtMask = (_setup: unknown, _host: unknown, gfn: bigint): bigint =>
        gfn === 0xfee00n ? 0n : 0x70n;
      return { ...vmx(), getMtMask, dependsOn: { getMtMask: { of: getMtMask, gfn: false } } };
    },
  ),
  vendor(
    'judge says that it does not look at the frame, and does',
    'batch|annotate|walk',
    /more than dependsOn declares/,
    () => {
      const judge: NonNullable<Vendor['judge']> = (_mmu, { spte }) =>
        (spte & bit(33)) === 0n ? [] : [{ code: 'vmx/far', bits: bit(33) }];
      return {
        ...vmx(),
        judge,
        findings: { far: { severity: 'warning', text: 'x' } },
        dependsOn: { ...vmx().dependsOn, judge: { of: judge, address: 0n } },
      };
    },
  ),
  vendor(
    'it reserves an address bit of the machine',
    'reserved|build',
    /address bits below MAXPHYADDR must be free|WARN make.rsvd-bits/,
    () =>
      overlaid({
        reserved: (_setup, _registry, _root, check) => ({
          ...check,
          bit7Clear: check.bit7Clear.map((mask) => mask | bit(33)),
        }),
      }),
  ),
  vendor(
    'it frees what the machine reserves',
    'reserved|cpu-reserved',
    /must be free, those beyond reserved/,
    () =>
      overlaid({
        reserved: (_setup, _registry, _root, check) => ({
          ...check,
          bit7Clear: check.bit7Clear.map(() => 0n),
        }),
      }),
  ),
  vendor('a finding can never be', 'findings', /no entry is ever one/, () =>
    overlaid({ findings: { never: { severity: 'error', text: 'x', where: { mask: 1n, value: 2n } } } }),
  ),
  vendor('a finding says nothing', 'findings', /must say in text what is wrong/, () =>
    overlaid({ findings: { mute: { severity: 'error', text: '' } } }),
  ),
  vendor('a finding has no severity', 'findings', /severity of odd\/bad must be error or warning/, () =>
    overlaid({ findings: { bad: { severity: 'fatal' as never, text: 'x' } } }),
  ),
  vendor('a finding hits what core builds', 'build', /odd\/any/, () =>
    overlaid({ findings: { any: { severity: 'error', text: 'x', where: { mask: 1n, value: 1n } } } }),
  ),
  vendor('judge names a finding that it does not have', 'total|build', /findings has no odd\/none/, () =>
    overlaid({ judge: () => [{ code: 'odd/none', bits: 1n }] }),
  ),
  vendor('a kind takes empty entries', 'kinds', /takes an empty entry/, () =>
    overlaid({ kinds: { all: { mask: 0x7f0n, value: 0n, label: 'x', countsAs: 'empty' } } }),
  ),
  vendor('a kind takes MMIO entries', 'kinds|mmio-round-trip|l1tf', /takes an MMIO entry/, () =>
    overlaid({ kinds: { six: { mask: 7n, value: 6n, label: 'x', countsAs: 'mmio' } } }),
  ),
  vendor('a kind has no label', 'kinds', /must have a label/, () =>
    overlaid({ kinds: { mute: { mask: 0xfffn, value: 0x500n, label: '', countsAs: 'empty' } } }),
  ),
  vendor('a kind has a field over its mark', 'kinds', /by which the kind is told/, () =>
    overlaid({
      kinds: { mark: { mask: 0xfffn, value: 0x500n, label: 'x', countsAs: 'empty', fields: [own(4, 0)] } },
    }),
  ),
  vendor('its start-up raises a WARN', 'build', /raises the WARN me-mask.value-outside-mask/, () => ({
    ...vmx(),
    setup: (setup: Setup, before: Registry) => setMeSpteMask(setup, vmx().setup(setup, before), bit(50), 0n),
  })),
  vendor('a finding hits the tables that core builds', 'table', /odd\/tables/, () =>
    overlaid({
      findings: {
        tables: { severity: 'error', text: 'x', where: { mask: 1n, value: 1n, kinds: ['table'] } },
      },
    }),
  ),
  vendor('its pfn has not all of the address', 'pfn', /masks.baseAddr must have all of the address/, () =>
    masked(vmx(), { baseAddr: bits(51, 31) }),
  ),
  vendor('the CPU faults on what is allowed', 'cpu', /must reach hpa .*"kind":"page-fault"/, () => ({
    ...vmx(),
    cpuReads: () => {
      const no = { kind: 'page-fault', errorCode: 0, causes: [] } as const;
      return [{ accessor: 'guest', read: no, write: no, fetch: no }];
    },
  })),
  vendor('the CPU writes where the leaf does not allow it', 'cpu', /not allowed/, () => {
    const base = vmx();
    return {
      ...base,
      cpuReads: (...args: Parameters<NonNullable<Vendor['cpuReads']>>) =>
        base.cpuReads?.(...args).map((reading) => ({ ...reading, write: reading.read })),
    };
  }),
  vendor('leafBits is not the same twice', 'identity', /the same request must give the same bits/, () =>
    overlaid({
      software: software(59),
      leafBits: (_mmu, _host, _leaf, set) => (counter++ % 2n === 0n ? set(bit(59), 'x') : 0n),
    }),
  ),
  vendor(
    'access tracking takes away what is not saved',
    'track',
    /masks.accTrack must have what is saved/,
    () => masked(vmx({ eptAd: false, pml: false }), { accTrack: 7n | bit(6) }),
  ),
  vendor(
    'a mask stands on the A/D type',
    'mask-format|ad-type',
    /neither the format nor a software field/,
    () => masked(vmx(), { user: 1n | bit(53) }),
    ['6.8'],
  ),
  vendor('its memory type is negative', 'memtype', /outside the field/, () => ({
    ...vmx(),
    getMtMask: () => -1n,
  })),
  vendor(
    'its MMIO entries are beyond the last gfn',
    'mmio-round-trip|build|reserved|l1tf',
    /has a finding|reserved/,
    () => masked(vmx(), { shadowPhysBits: 31 }),
  ),
  vendor('it takes the guard of L1TF away', 'l1tf', /is within reach/, () =>
    masked(vmx(), { nonpresentOrRsvd: 0n, lowerGfn: bits(45, 12) }),
  ),
  vendor('an outcome of its own has no text', 'outcomes', /must bring its text/, () => ({
    ...vmx(),
    cpuReads: (...args: Parameters<NonNullable<Vendor['cpuReads']>>) =>
      vmx()
        .cpuReads?.(...args)
        .map((one) =>
          one.read.kind === 'ept-violation' ? { ...one, read: { kind: 'vmx/ve', passes: false } } : one,
        ),
  })),
  vendor('the hpa of a translation is a number', 'cpu|outcomes', /must reach hpa/, () => ({
    ...vmx(),
    cpuReads: () => {
      const to = { kind: 'translates', hpa: 5, memtype: 'WB' };
      return [{ accessor: 'guest', read: to, write: to, fetch: to }];
    },
  })),
  vendor('a mask of a finding is a number', 'findings', /mask of odd\/n must be a bigint/, () =>
    overlaid({ findings: { n: { severity: 'error', text: 'x', where: { mask: 1 as never, value: 1n } } } }),
  ),
  vendor('a value of a finding is negative', 'findings', /value of odd\/n must be within 64 bits/, () =>
    overlaid({ findings: { n: { severity: 'error', text: 'x', where: { mask: 1n, value: -1n } } } }),
  ),
  vendor('a kind can never be', 'kinds', /no entry is ever one/, () =>
    overlaid({ kinds: { never: { mask: 1n, value: 2n, label: 'x', countsAs: 'empty' } } }),
  ),
  vendor('a kind is hidden behind another', 'kinds', /another takes it first/, () =>
    overlaid({
      kinds: {
        wide: { mask: 0xfffn, value: 0x500n, label: 'x', countsAs: 'empty' },
        narrow: { mask: 0xffffn, value: 0x500n, label: 'y', countsAs: 'empty' },
      },
    }),
  ),
  vendor(
    'a finding hits every entry of its kind',
    'kinds',
    /the plainest odd\/own, has the finding odd\/all/,
    () =>
      overlaid({
        kinds: { own: { mask: 0xfffn, value: 0x500n, label: 'x', countsAs: 'empty' } },
        findings: {
          all: { severity: 'error', text: 'x', where: { mask: 0x500n, value: 0x500n, kinds: ['odd/own'] } },
        },
      }),
  ),
  vendor('reserved gives no check', 'zero-check|start-up', /must return the check|threw/, () =>
    overlaid({ reserved: () => ({}) as never }),
  ),
  vendor('reserved gives numbers', 'zero-check', /a mask of bit7Clear must be a bigint/, () =>
    overlaid({
      reserved: (_setup, _registry, _root, check) => ({ ...check, bit7Clear: [0, 0, 0, 0, 0] as never }),
    }),
  ),
  vendor('it keeps a bit that it reserves itself', 'zero-check', /is reserved in a leaf/, () =>
    overlaid({
      software: software(59),
      reserved: (_setup, _registry, _root, check) => ({
        ...check,
        bit7Clear: check.bit7Clear.map((mask) => mask | bit(59)),
      }),
    }),
  ),
  vendor('it is another one when it is copied', 'extend-vendor', /under an empty overlay/, () => {
    const self: Vendor = {
      ...vmx(),
      setup: (setup, before) => (setup.vendor === self ? vmx().setup(setup, before) : throws()),
    };
    return self;
  }),
  vendor('its function makes another one each time', 'factory', /another plugin the second time/, () => ({
    ...vmx(),
    name: `odd${counter++}`,
  })),
  vendor('its function throws', 'factory', /throws/, throws),
  vendor('its function gives none', 'factory', /must return the vendor/, () => undefined),
  policy('it claims frozen entries', 'claims', /takes a frozen entry/, () =>
    odd({
      read: (mmu: { layout: { frozen: bigint } }, spte: bigint) =>
        spte === mmu.layout.frozen ? reading(spte) : null,
    }),
  ),
  policy('it stands before mmio and takes its entries', 'claims', /odd and mmio read both/, () =>
    odd({ read: (mmu: never, spte: bigint) => readMmioSpte(mmu, spte) }),
  ),
  policy('it takes every entry', 'claims', /answer null for what is not its own/, () =>
    odd({ read: (_mmu: never, spte: bigint) => reading(spte) }),
  ),
  policy('it throws for some entries', 'reading-total|reading', /it throws Error: out of order/, () =>
    odd({ read: (_mmu: never, spte: bigint) => (spte % 2n === 0n ? null : throws()) }),
  ),
  policy('it answers undefined', 'reading-total', /return null for what is not its own/, () =>
    odd({ read: () => undefined }),
  ),
  policy('its gpa is not its gfn', 'reading', /is not gfn .* << 12/, () => odd({ read: ofOwn({ gfn: 5n }) })),
  policy('it calls RAM a device', 'devices', /ask the host about the pfn/, () => ({
    ...mmio(),
    name: 'odd',
    read: undefined,
    dependsOn: undefined,
    isMmioPfn: () => true,
  })),
  policy('its objections have no words', 'changes', /objections has no odd\/no/, () =>
    odd({ judgeChange: () => [{ code: 'odd/no' }] }),
  ),
  policy('a step of it returns nothing', 'start-up', /is a return missing/, () =>
    odd({ resetLate: () => undefined }),
  ),
  policy('it reads anything that is not an MMIO entry', 'reading', /kinds of your own go into kinds/, () =>
    odd({ read: ofOwn({ kind: 'own' }) }),
  ),
  policy('its gfn is a number', 'reading', /gfn must be a bigint/, () => odd({ read: ofOwn({ gfn: 5 }) })),
  policy('its fields are none', 'reading', /fields must be a list/, () =>
    odd({ read: ofOwn({ fields: null }) }),
  ),
  policy('its fields share bits', 'reading', /shares 0x1 with another/, () =>
    odd({
      read: ofOwn({
        fields: [
          { name: 'a', mask: 1n, value: 0n, meaning: 'x' },
          { name: 'b', mask: 3n, value: 0n, meaning: 'x' },
        ],
      }),
    }),
  ),
  policy('its answers are not the same twice', 'reading-total', /otherwise the second time/, () =>
    odd({
      read: (_mmu: never, spte: bigint) =>
        spte === bit(63) ? { ...reading(spte), generation: counter++ } : null,
    }),
  ),
  policy('isMmioPfn answers a number', 'devices', /must answer true or false/, () =>
    odd({ isMmioPfn: () => 0 }),
  ),
  policy(
    'read says that it does not look at an address bit, and does',
    'batch',
    /more than dependsOn declares/,
    () => {
      const read = (mmu: Mmu, spte: bigint) => ((spte & bit(47)) === 0n ? readMmioSpte(mmu, spte) : null);
      return { ...mmio(), read, dependsOn: { ...mmio().dependsOn, read: { of: read, address: 0n } } };
    },
  ),
  policy('its gfn is not moved bits of the entry', 'batch|mmio-round-trip|reading|l1tf', /of gfn|gfn/, () => {
    const read = (mmu: Mmu, spte: bigint) => {
      const own = readMmioSpte(mmu, spte);
      return own && { ...own, gfn: own.gfn ^ (own.gfn >> 1n), gpa: (own.gfn ^ (own.gfn >> 1n)) << 12n };
    };
    return { ...mmio(), read, dependsOn: { ...mmio().dependsOn, read: { of: read, address: 0n } } };
  }),
  policy('it has the member of a vendor', 'shape', /a policy has no member cpuReads/, () =>
    odd({ cpuReads: () => [] }),
  ),
];
