// SPDX-License-Identifier: GPL-2.0-only
import { type HostTexts, hostReport, isQuotedPrintable, undoQuotedPrintable } from '@spte/host';
import { describe, expect, it } from 'vitest';

// Texts as people have them: out of a shell, a mail, a bug report.

const text = (text: string, name = 'file') => ({ name, text });
const factsOf = (texts: HostTexts) =>
  Object.fromEntries(
    hostReport(texts).facts.map(({ name, value, assumed }) => [name, assumed ? null : value]),
  );

const FOLDER = '/sys/module/kvm_intel/parameters';

describe('parameters of a module', () => {
  it.each([
    ['grep . /sys/module/kvm*/parameters/*', `${FOLDER}/ept:Y\n${FOLDER}/eptad:N\n`],
    ['grep -n', `${FOLDER}/ept:1:Y\n${FOLDER}/eptad:1:N\n`],
    [
      'grep --color=always',
      `\u001B[35m\u001B[K${FOLDER}/ept\u001B[m\u001B[K\u001B[36m\u001B[K:\u001B[m\u001B[KY\n\u001B[35m${FOLDER}/eptad\u001B[m:N`,
    ],
    [
      'grep -r . within the folder of the module',
      './parameters/ept:Y\nkvm_intel/parameters/eptad:N\nkvm_intel/parameters/ept:Y',
    ],
    ['grep . * within the folder of the parameters', 'ept:Y\neptad:N\nnested:Y\nple_gap:128\n'],
    ['grep . ./*', '$ cd x\n> kvm_intel/parameters/ept:Y\n> > kvm_intel/parameters/eptad:N\n'],
    ['path = value', `${FOLDER}/ept = Y\n${FOLDER}/eptad = N`],
    ['path: value', `${FOLDER}/ept: Y\n${FOLDER}/eptad: N`],
    ['path value', `${FOLDER}/ept Y\n${FOLDER}/eptad\tN`],
    ['quotes', `"${FOLDER}/ept" "Y"\n${FOLDER}/eptad='N'`],
    ['tail -n +1, head', `==> ${FOLDER}/ept <==\nY\n\n==> ${FOLDER}/eptad <==\nN\n`],
    ['cat after a prompt', `root@h:~# cat ${FOLDER}/ept\nY\nroot@h:~# cat ${FOLDER}/eptad\nN\n`],
    ['cat of two', `$ cat ${FOLDER}/ept ${FOLDER}/eptad\nY\nN\n`],
    ['find -print -exec cat', `${FOLDER}/ept\nY\n${FOLDER}/eptad\nN\n`],
    [
      'systool -vm kvm_intel',
      'Module = "kvm_intel"\n\n  Attributes:\n    coresize            = "282624"\n    version = <x>\n\n  Parameters:\n    ept                 = "Y"\n    eptad               = "N"\n',
    ],
    ['carriage returns', `${FOLDER}/ept:Y\r\n${FOLDER}/eptad:N\r\n`],
    ['a mail, quoted-printable', `${FOLDER}/ept =3D Y\n/sys/module/kvm_intel/param=\neters/eptad =3D N\n`],
  ])('%s', (_how, params) => {
    expect(factsOf({ params: text(params) })).toMatchObject({ vendor: 'vmx', ept: true, eptAd: false });
    expect(hostReport({ params: text(params) }).notes).toEqual([]);
  });

  it('belong to the module that systool names, until it names another', () => {
    const params = text('Module = "kvm"\n nx_huge_pages = "never"\nModule = "kvm_amd"\n npt = "0"\n');
    expect(factsOf({ params })).toMatchObject({ vendor: 'svm', npt: false, nxHugePages: false });
  });

  it('may have an empty file between them', () => {
    const params = text(`==> ${FOLDER}/ept <==\n\n==> ${FOLDER}/eptad <==\nN\n\nY\n`);
    expect(factsOf({ params })).toMatchObject({ ept: null, eptAd: false });
  });

  it.each([
    ['values alone', 'Y\nN\nY\n'],
    ['modinfo', 'parm:           ept:bool\nparm:           eptad:bool\n'],
    ['something else', 'model: 63\nept: as below\n/etc/passwd: x\n'],
    ['nothing', ''],
  ])('are not made of %s, which is noted', (_what, params) => {
    const { notes, assumed } = hostReport({ params: text(params, 'params.txt') });
    expect(notes).toEqual([
      'params.txt: no line of it gives a module parameter with its name, as /sys/module/kvm/parameters/nx_huge_pages:Y does',
    ]);
    expect(assumed).toEqual(expect.arrayContaining(['ept', 'nxHugePages']));
  });

  it('are kept as far as there is room', () => {
    const many = Array.from({ length: 2000 }, (_, i) => `/sys/module/kvm/parameters/p${i}:1\n`).join('');
    expect(factsOf({ params: text(`${many}${FOLDER}/ept:Y\n`) })).toMatchObject({ ept: null });
  });
});

describe('/proc/cpuinfo', () => {
  const CPU = [
    'processor       : 0',
    'vendor_id       : GenuineIntel',
    'cpu family      : 6',
    'model           : 63',
    'flags           : fpu vme nx pdpe1gb',
    'rdtscp lm ept vpid ept_ad',
    'md_clear flush_l1d',
    'vmx flags       : ept_x_only ept_ad',
    'ept_1gb ple',
    'bugs            : cpu_meltdown l1tf mds',
    'swapgs itlb_multihit',
    'address sizes   : 46 bits physical, 48 bits',
    'virtual',
    'power management:',
    '',
    'not a field',
  ];
  const EXPECTED = {
    vendor: 'vmx',
    ept: true,
    eptAd: true,
    eptExecOnly: true,
    eptMaxPageLevel: 3,
    gbpages: true,
    l1tf: true,
    nxHugePages: true,
    maxPhyAddr: 46,
  };

  it.each([
    ['as a mail wraps it', CPU.join('\n')],
    ['as a mail quotes it', CPU.map((line) => `> ${line}`).join('\n')],
    ['as an encoded mail has it', CPU.join('\n').replace('vpid ept_ad', 'vpi=\nd ept_=61d=3D')],
  ])('%s', (_how, cpuinfo) => {
    expect(factsOf({ cpuinfo: text(cpuinfo.replace('ept_ad=', 'ept_ad =')) })).toMatchObject(EXPECTED);
  });

  it('is of its first CPU, wrapped or not', () => {
    const second = CPU.map((line) => line.replace('GenuineIntel', 'AuthenticAMD')).join('\n');
    expect(factsOf({ cpuinfo: text(`${CPU.join('\n')}\n\n${second}`) })).toMatchObject(EXPECTED);
  });

  it('does not go on behind an empty line', () => {
    const cpuinfo = text('vendor_id : GenuineIntel\nflags : fpu\n\nept');
    expect(factsOf({ cpuinfo })).toMatchObject({ ept: false });
  });

  it('may be missing from the file, which is noted', () => {
    expect(hostReport({ cpuinfo: text('hello\n', 'cpuinfo.txt') }).notes).toEqual([
      'cpuinfo.txt: no line of it is one of /proc/cpuinfo, or of lscpu',
    ]);
  });

  it('has lines that are read as far as they may be real', () => {
    const words = 'x '.repeat(1 << 17);
    const cpuinfo = text(`vendor_id : GenuineIntel\nflags : ${words}\n${words} ept\n`);
    expect(factsOf({ cpuinfo })).toMatchObject({ ept: false });
  });
});

describe('what lscpu prints', () => {
  const LSCPU = `Architecture:        x86_64
Vendor ID:           GenuineIntel
CPU family:          6
Model:               63
Address sizes:       46 bits physical, 48 bits virtual
Flags:               fpu nx pdpe1gb ept vpid ept_ad flush_l1d
`;
  const NOTE = 'cpuinfo.txt: lscpu wrote it, which leaves out bugs and VMX flags that /proc/cpuinfo has';

  it('is read in the place of /proc/cpuinfo, and called what it is', () => {
    const texts = { cpuinfo: text(LSCPU, 'cpuinfo.txt') };
    expect(factsOf(texts)).toMatchObject({
      vendor: 'vmx',
      ept: true,
      eptAd: true,
      eptExecOnly: null,
      maxPhyAddr: 46,
      l1tf: null,
      nxHugePages: null,
    });
    expect(hostReport(texts).notes).toEqual([NOTE]);
  });

  it.each([
    ['Vulnerability L1tf:      Not affected\nVulnerability Itlb multihit: Not affected', false, false],
    [
      'Vulnerability L1tf:  Mitigation; PTE Inversion\nVulnerability Itlb multihit: KVM: Mitigation: Split huge pages',
      true,
      true,
    ],
    [
      'Vulnerabilities:\n  Itlb multihit: KVM: Mitigation: VMX disabled\n  L1tf: Mitigation; PTE Inversion',
      true,
      null,
    ],
  ])('names bugs in words of its own: %s', (lines, l1tf, nxHugePages) => {
    expect(factsOf({ cpuinfo: text(`${LSCPU}${lines}\n`) })).toMatchObject({ l1tf, nxHugePages });
  });

  it('does not outdo what the kernel says', () => {
    const cpuinfo = text(`${LSCPU}Vulnerability L1tf: Not affected\n`);
    const params = text('/sys/devices/system/cpu/vulnerabilities/l1tf:Mitigation: PTE Inversion\n');
    expect(factsOf({ cpuinfo, params })).toMatchObject({ l1tf: true });
  });
});

describe('quoted-printable', () => {
  it.each([
    ['nested_ept=3Dy', 'nested_ept=y'],
    [`${'x'.repeat(75)}=\nrest=20\n`, `${'x'.repeat(75)}rest \n`],
    [`${'x'.repeat(70)}= \r\nrest`, `${'x'.repeat(70)}rest`],
  ])('is known by what it does: %s', (mail, plain) => {
    expect(isQuotedPrintable(mail)).toBe(true);
    expect(undoQuotedPrintable(mail)).toBe(plain);
  });

  it('is not seen in plain text', () => {
    for (const plain of ['a = 20', 'x=\ny', 'kvm_intel.ept=0', '='.repeat(200)]) {
      expect(isQuotedPrintable(plain)).toBe(false);
    }
  });
});

describe('a hostile text', () => {
  it.each([
    ['newlines', '\n'.repeat(1 << 20)],
    ['names', Array.from({ length: 1 << 16 }, (_, i) => `${i} : 1`).join('\n')],
    ['slashes', 'a/parameters/'.repeat(1 << 16)],
    ['words', 'x'.repeat(1 << 20)],
    ['equals', `${'='.repeat(1 << 20)}\n`],
    ['quotes', '> '.repeat(1 << 18)],
    ['escapes', '\u001B[1'.repeat(1 << 18)],
    ['encoded', '=3D'.repeat(1 << 18)],
  ])('of %s is read in short time', (_what, hostile) => {
    const file = text(hostile);
    const texts = { cpuinfo: file, params: file, uname: file, dmesg: file, iomem: file, cpuid: file };
    expect(hostReport({ ...texts, cmdline: file, kernelConfig: file }).vendor).toBe('vmx');
  });
});
