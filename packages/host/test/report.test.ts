// SPDX-License-Identifier: GPL-2.0-only
import { caveatsOf } from '@spte/core';
import {
  C_BITS,
  CACHE_BITS_MODELS,
  checkMasks,
  HOST_PIECES,
  type HostTexts,
  hostReport,
  mmuOf,
  parseHostTexts,
  parseIomem,
} from '@spte/host';
import { filesOf, textsOf } from '@spte/testing/runs';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const text = (text: string) => ({ name: 'file', text });
const factsOf = (texts: HostTexts) =>
  Object.fromEntries(hostReport(texts).facts.map((fact) => [fact.name, fact]));
const intel = (more = '', flags = 'ept ept_ad pdpe1gb') =>
  text(
    `vendor_id : GenuineIntel\ncpu family : 6\nmodel : 106\nflags : ${flags}\naddress sizes : 46 bits physical, 48 bits virtual\n${more}`,
  );
const amd = (flags: string, bits = 43, more = 'cpu family : 23\nmodel : 49') =>
  text(
    `vendor_id : AuthenticAMD\n${more}\nflags : ${flags}\naddress sizes : ${bits} bits physical, 48 bits virtual\n`,
  );

describe('a machine that says nothing', () => {
  it('is assumed to be an Intel one of the reference kernel, without a bug', () => {
    const report = hostReport({});
    expect(report).toMatchObject({ kernel: '6.8', vendor: 'vmx', mode: 'ept', notes: [] });
    expect(report.assumed).toEqual(report.facts.map(({ name }) => name));
    expect(mmuOf(report).initWarnings).toEqual([]);
  });

  it('is known by the module that is loaded, or by its vendor', () => {
    const params = (module: string) => text(`/sys/module/${module}/parameters/nested = 1`);
    expect(hostReport({ params: params('kvm_amd') })).toMatchObject({ vendor: 'svm', mode: 'npt' });
    expect(hostReport({ params: params('kvm_intel') })).toMatchObject({ vendor: 'vmx', mode: 'ept' });
    expect(hostReport({ params: params('kvm') }).vendor).toBe('vmx');
    expect(hostReport({ cpuinfo: text('vendor_id : HygonGenuine') }).vendor).toBe('svm');
    expect(hostReport({ cpuinfo: text('vendor_id : valueOf') }).vendor).toBe('vmx');
    const unknown = factsOf({ cpuinfo: text('vendor_id : Elbrus') })['vendor'];
    expect(unknown).toMatchObject({ value: 'vmx', assumed: true, source: { text: 'vendor_id : Elbrus' } });
    // AMD without flags: everything that a flag says is assumed.
    const bare = hostReport({ cpuinfo: text('vendor_id : AuthenticAMD') });
    expect(bare.assumed).toEqual(expect.arrayContaining(['npt', 'rootLevel', 'syscfg', 'physBits']));
    expect(mmuOf(bare).masks.meMask).toBe(0n);
  });

  it('may have lost pieces on the way, which stays noted', () => {
    expect(hostReport({ notes: ['params: gone'] }).notes).toEqual(['params: gone']);
  });
});

describe('the kernel release', () => {
  const kernel = (uname: string) => {
    const fact = factsOf({ uname: text(uname) })['kernel'];
    return [fact?.value, fact?.assumed];
  };

  it('is that of the Debian package, if the line names one', () => {
    expect(kernel('Linux h 6.1.0-56-amd64 #1 SMP Debian 6.1.192-2 (2026-11-16) x86_64')).toEqual([
      '6.1.192',
      false,
    ]);
    expect(kernel('Linux h 6.1.0-56-amd64 #1 SMP Debian (x) x86_64')).toEqual(['6.1.y', true]);
  });

  it('is that of the line, and uncertain where a distribution numbers differently', () => {
    expect(kernel('Linux version 6.12.4 (build@host) #1')).toEqual(['6.12.4', false]);
    expect(kernel('7.3.4-arch1')).toEqual(['7.3.4', false]);
    expect(kernel('Linux h 6.1.0-56-amd64 #1 SMP x86_64')).toEqual(['6.1.y', true]);
    expect(kernel('Linux h')).toEqual(['6.8', true]);
    expect(kernel('')).toEqual(['6.8', true]);
  });

  it('is that which RHEL carries under its number, as far as its source was read', () => {
    expect(kernel('Linux h 5.14.0-362.el9.x86_64 #1 SMP')).toEqual(['6.3', false]);
    expect(kernel('Linux h 5.14.0-570.12.1.el9_6.x86_64 #1 SMP')).toEqual([
      '5.14.0-570.12.1.el9_6.x86_64',
      false,
    ]);
    expect(kernel('Linux h 4.18.0-193.el8.x86_64 #1 SMP')).toEqual(['5.4.0', true]);
    expect(kernel('Linux h 5.14.0-300.el9.x86_64 #1 SMP')).toEqual(['6.0', true]);
    expect(kernel('Linux h 5.15.0-200.131.27.el9uek.x86_64 #2 SMP')).toEqual(['5.15', true]);
    expect(kernel('Linux h 6.8.12-4-pve #1 SMP')).toEqual(['6.8.12', true]);
    expect(kernel(`Linux h 6.8.${'9'.repeat(80)} 6.1.5 #1`)).toEqual(['6.1.5', false]);
  });

  it('comes with its name, so that the MMU says what it was taken for', () => {
    const machine = (uname: string) => hostReport({ uname: text(uname) });
    const rhel = machine('Linux h 5.14.0-427.13.1.el9_4.x86_64 #1 SMP');
    expect([rhel.kernel, rhel.config.kernel]).toEqual(['6.6', '5.14.0-427.13.1.el9_4.x86_64']);
    expect(caveatsOf(mmuOf(rhel))).toEqual([
      expect.stringContaining('is RHEL 9.4 (source read): taken as 6.6'),
    ]);
    const debian = machine('Linux h 6.1.0-56-amd64 #1 SMP Debian 6.1.192-2 (2026-11-16) x86_64');
    expect([debian.kernel, debian.config.kernel]).toEqual(['6.1.192', '6.1.192']);
    expect(caveatsOf(mmuOf(debian))).toEqual([]);
  });

  it('is told by the version signature of Ubuntu', () => {
    const uname = text('Linux h 5.15.0-91-generic #101 SMP');
    const signature = text('Ubuntu 5.15.0-91.101-generic 5.15.131');
    expect(factsOf({ uname, versionSignature: signature })['kernel']).toMatchObject({
      value: '5.15.131',
      assumed: false,
    });
    expect(factsOf({ uname, versionSignature: text('Ubuntu x y') })['kernel']?.value).toBe('5.15.y');
    expect(factsOf({ uname, versionSignature: text('Ubuntu') })['kernel']?.value).toBe('5.15.y');
    expect(factsOf({ versionSignature: text('Ubuntu 5.15/x 5.15.131') })['kernel']?.value).toBe('6.8');
  });
});

describe('address widths', () => {
  it.each(CACHE_BITS_MODELS.map(({ model, name }) => [name, model]))(
    'are 44 bits in the cache of %s with the bug',
    (_name, model) => {
      const cpuinfo = (bugs: string, bits: number) =>
        text(
          `vendor_id : GenuineIntel\ncpu family : 6\nmodel : ${model}\nbugs : ${bugs}\naddress sizes : ${bits} bits physical\n`,
        );
      expect(factsOf({ cpuinfo: cpuinfo('l1tf', 39) })['cacheBits']).toMatchObject({
        value: 44,
        assumed: false,
      });
      expect(factsOf({ cpuinfo: cpuinfo('l1tf', 46) })['cacheBits']?.value).toBe(46);
      expect(factsOf({ cpuinfo: cpuinfo('none', 39) })['cacheBits']?.value).toBe(39);
    },
  );

  it('leave the cache of other models alone, and of unknown ones in doubt', () => {
    const cpuinfo = (more: string) =>
      text(`vendor_id : GenuineIntel\nbugs : l1tf\naddress sizes : 39 bits physical\n${more}`);
    const cacheBits = (more: string) => factsOf({ cpuinfo: cpuinfo(more) })['cacheBits'];
    expect(cacheBits('cpu family : 6\nmodel : 85')).toMatchObject({ value: 39, assumed: false });
    expect(cacheBits('cpu family : 15\nmodel : 60')).toMatchObject({ value: 39, assumed: false });
    expect(cacheBits('model : 60')).toMatchObject({ value: 39, assumed: true });
    expect(cacheBits('cpu family : 6\nmodel : Haswell')).toMatchObject({ value: 39, assumed: true });
  });

  it('outside what the architecture has are not believed', () => {
    for (const bits of ['31', '53', '99', 'many']) {
      const cpuinfo = text(`address sizes : ${bits} bits physical`);
      expect(factsOf({ cpuinfo })['physBits']).toMatchObject({ value: 46, assumed: true });
    }
  });

  it('take the bug from the list of vulnerabilities where there is no list of bugs', () => {
    const l1tf = (state: string) =>
      factsOf({ params: text(`/sys/devices/system/cpu/vulnerabilities/l1tf = ${state}`) })['l1tf'];
    expect(l1tf('Not affected')).toMatchObject({ value: false, assumed: false });
    expect(l1tf('Mitigation: PTE Inversion')).toMatchObject({ value: true, assumed: false });
  });
});

describe('memory encryption', () => {
  it.each(C_BITS)('is found where family $family has its C-bit', ({ family, fromModel, cBit, reduction }) => {
    const cpuinfo = amd('npt sme sev', 48 - reduction, `cpu family : ${family}\nmodel : ${fromModel}`);
    const active = hostReport({ cpuinfo, cmdline: text('mem_encrypt=on') });
    expect(active.assumed).toEqual(expect.arrayContaining(['maxPhyAddr', 'cpuid8000001fEbx', 'smeMeMask']));
    const mmu = mmuOf(active);
    expect(mmu.masks).toMatchObject({ meValue: 1n << BigInt(cBit), shadowPhysBits: 48 });
    expect(mmu.masks.baseAddr & mmu.masks.meMask).toBe(0n);
    // The first reserved bit marks MMIO.
    expect(mmu.masks.mmioMask & (1n << BigInt(48 - reduction))).not.toBe(0n);
  });

  it('may be on in firmware but unused by the host', () => {
    const mmu = mmuOf(hostReport({ cpuinfo: amd('npt sev') }));
    expect(mmu.masks.meMask).toBe(0n);
    expect(mmu.host).toMatchObject({ physBits: 43, cpuid80000008Eax: 48 });
    expect(mmu.setBy.mmioMask).toBe('kvm_mmu_set_mmio_spte_mask');
  });

  it('is known to be active from the kernel log', () => {
    for (const line of [
      '[    0.5] AMD Memory Encryption Features active: SME',
      'kernel: Memory Encryption Features active: AMD SME',
    ]) {
      expect(factsOf({ cpuinfo: amd('sme'), dmesg: text(`x\n${line}`) })['smeMeMask']?.value).toBe(1n << 47n);
    }
    expect(factsOf({ cpuinfo: amd('sme'), cmdline: text('mem_encrypt=off') })['smeMeMask']?.value).toBe(0n);
  });

  it('was named otherwise in the log of old kernels', () => {
    const dmesg = text('[    0.5] Command line: x\n[    0.9] AMD Secure Memory Encryption (SME) active');
    expect(factsOf({ cpuinfo: amd('sme'), dmesg })['smeMeMask']?.value).toBe(1n << 47n);
  });

  const config = (...lines: string[]) => text(['CONFIG_X86_64=y', ...lines].join('\n'));
  it.each<[string, HostTexts, bigint, boolean, string]>([
    ['nothing', {}, 0n, true, 'SME is off unless mem_encrypt=on'],
    ['a command line', { cmdline: text('quiet') }, 0n, true, 'SME is off unless mem_encrypt=on'],
    ['a switch', { cmdline: text('mem_encrypt=off') }, 0n, false, 'switched off on the command line'],
    [
      'the other',
      { cmdline: text('mem_encrypt=on') },
      1n << 47n,
      true,
      'switched on on the command line; CPUID is',
    ],
    ['a log', { dmesg: text('[0.0] Command line: quiet') }, 0n, false, 'the kernel log has its beginning'],
    ['a log that lost its beginning', { dmesg: text('[9.0] kvm: x') }, 0n, true, 'SME is off unless'],
    [
      'a log that goes before the command line',
      { dmesg: text('Command line: mem_encrypt=on') },
      0n,
      false,
      'the kernel log has its beginning',
    ],
    [
      'a kernel without SME',
      { kernelConfig: config('# CONFIG_AMD_MEM_ENCRYPT is not set') },
      0n,
      false,
      'this kernel was built without SME',
    ],
    [
      'a kernel that does not name it',
      { kernelConfig: config() },
      0n,
      false,
      'this kernel was built without SME',
    ],
    [
      'a configuration of another machine',
      { kernelConfig: text('CONFIG_ARM64=y') },
      0n,
      true,
      'SME is off unless mem_encrypt=on',
    ],
    [
      'a default and a command line',
      { kernelConfig: config('CONFIG_AMD_MEM_ENCRYPT=y'), cmdline: text('quiet') },
      0n,
      false,
      'the default of this kernel',
    ],
    [
      'a default to encrypt',
      {
        kernelConfig: config('CONFIG_AMD_MEM_ENCRYPT=y', 'CONFIG_AMD_MEM_ENCRYPT_ACTIVE_BY_DEFAULT=y'),
        cmdline: text('quiet'),
      },
      1n << 47n,
      true,
      'the default of this kernel, and no mem_encrypt= to change it; CPUID is',
    ],
    [
      'a default, but no command line',
      { kernelConfig: config('CONFIG_AMD_MEM_ENCRYPT=y', 'CONFIG_AMD_MEM_ENCRYPT_ACTIVE_BY_DEFAULT=y') },
      1n << 47n,
      true,
      'SME is off unless',
    ],
  ])('by the host is told by %s', (_what, texts, value, assumed, why) => {
    const fact = factsOf({ cpuinfo: amd('sme'), ...texts })['smeMeMask'];
    expect(fact).toMatchObject({ value, assumed });
    expect(fact?.why.startsWith(why)).toBe(true);
  });

  const cpuid = text(
    [
      'CPU 0:',
      '   0x80000008 0x00: eax=0x00003030 ebx=0x0110d205 ecx=0x00007007 edx=0x00010007',
      '   0x8000001f 0x00: eax=0x0001000f ebx=0x00000173 ecx=0x000001fd edx=0x00000080',
      '   0x8000001f 0x00: eax=0x00000000 ebx=0x00000001 ecx=0x00000000 edx=0x00000000',
      '   0x80000008 0x0x: rubbish',
    ].join('\n'),
  );

  it('has no secrets where CPUID was read', () => {
    const report = hostReport({ cpuinfo: amd('npt sme'), cpuid, cmdline: text('mem_encrypt=on') });
    const facts = Object.fromEntries(report.facts.map((fact) => [fact.name, fact]));
    expect(facts['cpuid8000001fEbx']).toMatchObject({ value: 0x173, assumed: false, source: { line: 3 } });
    expect(facts['maxPhyAddr']).toMatchObject({ value: 48, assumed: false, source: { line: 2 } });
    expect(facts['smeMeMask']).toMatchObject({ value: 1n << 51n, assumed: false });
    expect(report.assumed).not.toContain('smeMeMask');
    expect(mmuOf(report).masks.meValue).toBe(1n << 51n);
    // A width that no CPU has is not believed.
    const odd = text('0x80000008 0x00: eax=0x00003099 ebx=0x00000000 ');
    expect(factsOf({ cpuinfo: intel(), cpuid: odd })['maxPhyAddr']?.value).toBe(46);
    expect(factsOf({ cpuinfo: intel('', 'ept tme'), cpuid })['maxPhyAddr']).toMatchObject({
      value: 48,
      assumed: false,
    });
  });

  it('never makes more than 52 bits, and takes an unknown family for the newest', () => {
    const facts = factsOf({ cpuinfo: amd('sme', 50, 'x : y') });
    expect(facts['maxPhyAddr']?.value).toBe(52);
    expect(facts['cpuid8000001fEbx']?.value).toBe(51 | (6 << 6));
  });

  it('of Intel takes key id bits, as the log of each era says', () => {
    const maxPhyAddr = (line: string) => factsOf({ cpuinfo: intel(), dmesg: text(line) })['maxPhyAddr'];
    expect(maxPhyAddr('[0.1] x86/mktme: 63 KeyIDs available')).toMatchObject({ value: 52, assumed: false });
    expect(maxPhyAddr('[0.1] x86/mktme: BIOS enabled: x86_phys_bits reduced by 4')).toMatchObject({
      value: 50,
    });
    const mmu = mmuOf(hostReport({ cpuinfo: intel(), dmesg: text('x86/mktme: 63 KeyIDs available') }));
    expect(mmu.masks).toMatchObject({ meValue: 0n, meMask: 0xfc00000000000n, shadowPhysBits: 52 });
    const tme = (dmesg: string) =>
      factsOf({ cpuinfo: intel('', 'ept tme'), dmesg: text(dmesg) })['maxPhyAddr'];
    expect(tme('')).toMatchObject({ value: 46, assumed: true });
    expect(tme('[9.0] a log that lost its beginning')).toMatchObject({ value: 46, assumed: true });
    expect(tme('Command line: quiet\nx86/tme: enabled by BIOS')).toMatchObject({ value: 46, assumed: false });
    expect(tme('x86/tme: enabled by BIOS\nx86/mktme: disabled by BIOS')).toMatchObject({
      value: 46,
      assumed: false,
      source: { line: 2 },
    });
    expect(tme('x86/tme: not enabled by BIOS')).toMatchObject({ value: 46, assumed: false });
  });
});

describe('what the vendor modules make of their CPU', () => {
  it('is shown by their parameters', () => {
    const params = (lines: string) =>
      text(lines.replaceAll(/^(\w+)\./gm, '/sys/module/$1/parameters/').replaceAll('=', ' = '));
    const shadow = hostReport({ cpuinfo: intel(), params: params('kvm_intel.ept=N\nkvm_intel.eptad=N') });
    expect(shadow).toMatchObject({ mode: 'shadow' });
    expect(mmuOf(shadow).masks).toMatchObject({ tdpEnabled: false, nx: 1n << 63n, accessed: 0x20n });
    expect(factsOf({ cpuinfo: intel(), params: params('kvm_intel.pml=0') })['pml']?.value).toBe(false);
    expect(factsOf({ cpuinfo: intel(), params: params('kvm_intel.eptad=Y') })['eptAd']?.assumed).toBe(false);
  });

  it('may be asked for on the command line, as far as the CPU has it', () => {
    const cmdline = text('quiet kvm-intel.eptad=0 kvm_intel.pml kvm.tdp_mmu=1');
    expect(factsOf({ cpuinfo: intel(), cmdline })).toMatchObject({
      eptAd: { value: false, assumed: true },
      pml: { value: false, why: 'needs A/D bits' },
      tdpMmu: { value: true },
    });
    const none = factsOf({ cpuinfo: intel('', 'vmx'), cmdline: text('kvm_intel.ept=1') });
    expect(none).toMatchObject({ ept: { value: false, assumed: false }, eptExecOnly: { why: 'needs EPT' } });
    // The command line also stands below `uname -a`, and in the log.
    const uname = text('Linux h 6.8.1\n\nkvm_intel.eptad=0\n');
    expect(factsOf({ cpuinfo: intel(), uname })['eptAd']?.source).toEqual({
      file: 'file',
      line: 3,
      text: 'kvm_intel.eptad=0',
    });
    const dmesg = text('Command line: kvm_intel.eptad=0\nKernel command line: kvm_intel.eptad=1');
    expect(factsOf({ cpuinfo: intel(), dmesg })['eptAd']?.value).toBe(false);
  });

  it('goes by the line of VMX features', () => {
    const facts = factsOf({ cpuinfo: intel('vmx flags : ept ept_ad ept_x_only', '') });
    expect(facts).toMatchObject({
      ept: { value: true, source: { text: 'vmx flags : ept ept_ad ept_x_only' } },
      eptExecOnly: { value: true },
      eptMaxPageLevel: { value: 2 },
      pml: { value: false },
    });
    expect(factsOf({ cpuinfo: intel() })['eptExecOnly']).toMatchObject({ value: true, assumed: true });
  });

  it('walks five NPT levels on a host that does, since 5.15', () => {
    const root = (uname: string, flags = 'npt la57') =>
      hostReport({ cpuinfo: amd(flags), uname: text(uname) }).config.root.level;
    expect([root('6.1.5'), root('5.14.2'), root('6.1.5', 'npt')]).toEqual([5, 4, 4]);
    expect(mmuOf(hostReport({ cpuinfo: amd('npt la57'), uname: text('6.1.5') })).root.level).toBe(5);
    expect(root('6.1.5', 'la57')).toBe(4);
  });

  it('leaves to the caller what the machine does not decide', () => {
    const mmu = mmuOf(hostReport({ cpuinfo: intel() }), { root: { kind: 'shadow' }, vm: { mmioValue: 0n } });
    expect(mmu.root).toMatchObject({ kind: 'shadow', level: 4 });
    expect(mmu.masks.vmMmioValue).toBe(0n);
  });
});

describe('parameters of kvm.ko', () => {
  const kvm = (value: string) => text(`/sys/module/kvm/parameters/nx_huge_pages = ${value}`);
  const nx = (texts: HostTexts) => {
    const fact = factsOf(texts)['nxHugePages'];
    return [fact?.value, fact?.assumed];
  };

  it('say whether huge pages are executable', () => {
    expect(['Y', 'N', '1', 'off', 'force', 'never'].map((value) => nx({ params: kvm(value) })[0])).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(nx({ cmdline: text('kvm.nx_huge_pages=force') })).toEqual([true, false]);
  });

  it('follow the CPU where they are automatic', () => {
    const bugs = text('bugs : itlb_multihit');
    expect(nx({ params: kvm('auto'), cpuinfo: bugs })).toEqual([true, false]);
    expect(nx({ cpuinfo: text('bugs : l1tf') })).toEqual([false, false]);
    expect(nx({ cpuinfo: bugs, cmdline: text('mitigations=off') })).toEqual([false, false]);
    expect(nx({})).toEqual([false, true]);
  });

  it('are read as they come, odd lines and all', () => {
    const params = text('no equals\n= 1\n/sys/x = 2\n/sys/module/kvm/parameters/mmio_caching = N\r\n\n');
    expect(factsOf({ cpuinfo: intel(), params })['mmioCaching']?.value).toBe(false);
    expect(factsOf({ cpuinfo: intel(), cmdline: text('   ') })['eptAd']?.value).toBe(true);
  });
});

describe('RAM', () => {
  it('ends after its highest range, unless the file hides its addresses', () => {
    const end = (iomem: string) => factsOf({ iomem: text(iomem) })['ramEnd']?.value;
    expect(
      end('00001000-0009fbff : System RAM\n100000000-17fffffff : System RAM\n00100000-0ffdffff : System RAM'),
    ).toBe(0x180000000n);
    expect(end('00000000-00000000 : System RAM\n00000000-00000000 : Reserved')).toBeUndefined();
    expect(parseIomem(text('00001000-0009fbff : System RAM'))).toMatchObject([
      { start: 0x1000n, end: 0x9fbffn },
    ]);
  });
});

describe('a bundle', () => {
  it('brings every piece through JSON', () => {
    const texts = { ...textsOf(filesOf('vmx73-ept-ad')), notes: ['cmdline: none'] };
    expect(parseHostTexts(JSON.stringify(texts))).toEqual(texts);
    expect(parseHostTexts('{}')).toEqual({ notes: [] });
    expect(HOST_PIECES).toContain('cpuinfo');
  });

  it('loses a piece that is none, and says so', () => {
    const bundle = parseHostTexts(
      '{"cpuinfo":{"name":1,"text":"x"},"uname":"6.1","iomem":null,"dmesg":{"name":"x"}}',
    );
    expect(bundle.notes).toHaveLength(4);
    expect(Object.keys(bundle)).toEqual(['notes']);
  });

  it('must be a JSON object', () => {
    expect(() => parseHostTexts('[]')).toThrow('must be a JSON object');
    expect(() => parseHostTexts('1')).toThrow(TypeError);
    expect(() => parseHostTexts('null')).toThrow(TypeError);
    expect(() => parseHostTexts('{')).toThrow(SyntaxError);
  });

  it('must be of the size of a bundle, whose text is in few and long strings', () => {
    const long = 'a"\\\n,:[{'.repeat(1 << 12);
    expect(parseHostTexts(JSON.stringify({ uname: { name: 'x', text: long } })).uname?.text).toBe(long);
    const unended = `{"a${'\\"'.repeat(9)}`;
    expect(() => parseHostTexts(unended)).toThrow(SyntaxError);
    for (const many of ['[', '{"":', '[],', '0,']) {
      expect(() => parseHostTexts(many.repeat(1 << 13))).toThrow('at most 4096 values');
    }
    expect(() => parseHostTexts(' '.repeat((1 << 24) + 1))).toThrow(
      'at most 16777216 characters, got 16777217',
    );
  });
});

describe('any text', () => {
  const lines = fc.array(
    fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom(
            'vendor_id',
            'flags',
            'vmx flags',
            'bugs',
            'address sizes',
            'cpu family',
            'model',
            'processor',
          ),
          fc.oneof(
            fc.string(),
            fc.constantFrom('AuthenticAMD', 'sme', '52 bits physical', '33 bits physical', 'l1tf'),
          ),
        )
        .map(([name, value]) => `${name}\t: ${value}`),
      fc
        .tuple(
          fc.constantFrom('/sys/module/kvm/parameters/mmio_caching', '/sys/module/kvm_amd/parameters/npt'),
          fc.constantFrom('Y', 'N', '0', 'x', ''),
        )
        .map(([name, value]) => `${name} = ${value}`),
      fc.constantFrom(
        'x86/mktme: 999999 KeyIDs available',
        'Memory Encryption Features active: SME',
        'Linux 9999.9999.99999 Debian',
      ),
      fc.constantFrom('00000000-ffffffffffffffff : System RAM', 'shadow_nx_mask d 0 = ffffffffffffffff'),
    ),
  );
  const anyFile = fc.option(
    lines.map((lines) => ({ name: 'any', text: lines.join('\n') })),
    { nil: undefined },
  );

  it('makes a report and an MMU, and never throws', () => {
    const anyTexts = fc.record(Object.fromEntries(HOST_PIECES.map((piece) => [piece, anyFile])));
    fc.assert(
      fc.property(anyTexts, anyFile, (texts: HostTexts, masks) => {
        const report = hostReport(texts);
        expect(report.facts.every(({ source, assumed }) => source !== null || assumed)).toBe(true);
        expect(checkMasks(mmuOf(report), masks ?? text(''))).toBeInstanceOf(Array);
      }),
      { numRuns: sampled(400, 2000) },
    );
  });

  it('of a megabyte in one line is quoted in part', () => {
    const cpuinfo = text(`flags : ${'npt '.repeat(300_000)}\nvendor_id : AuthenticAMD`);
    const source = factsOf({ cpuinfo })['npt']?.source;
    expect(source?.text.length).toBe(4097);
  });
});
