// SPDX-License-Identifier: GPL-2.0-only
import { type HostTexts, hostReport, mmuOf, parseHostTexts } from '@spte/host';
import { hosts, textsOf } from '@spte/testing/runs';
import { expect, it } from 'vitest';

const file = (text: string) => ({ name: 'file', text });
const params = (text: string) => ({
  params: file(text.replaceAll(/^(\w+)\./gm, '/sys/module/$1/parameters/').replaceAll('=', ' = ')),
});
const uname = (text: string) => ({ uname: file(text) });
const cmdline = (text: string) => ({ cmdline: file(text) });
const dmesg = (text: string) => ({ dmesg: file(text) });
const kernelConfig = (text: string) => ({ kernelConfig: file(text) });
const intel = (more = '', flags = 'ept ept_ad pdpe1gb') => ({
  cpuinfo: file(
    `vendor_id : GenuineIntel\ncpu family : 6\nmodel : 106\nflags : ${flags}\naddress sizes : 46 bits physical\n${more}`,
  ),
});
const amd = (flags: string, bits = 43, more = 'cpu family : 23\nmodel : 49') => ({
  cpuinfo: file(
    `vendor_id : AuthenticAMD\n${more}\nflags : ${flags}\naddress sizes : ${bits} bits physical\n`,
  ),
});
const cpuid = {
  cpuid: file(
    '   0x80000008 0x00: eax=0x00003030 ebx=0x0110d205\n   0x8000001f 0x00: eax=0x0001000f ebx=0x00000173',
  ),
};

/** Machines that differ in what they tell about themselves. */
const machines: readonly HostTexts[] = [
  {},
  ...Object.values(hosts).map(textsOf),
  params('kvm_amd.nested=1'),
  params('kvm_intel.nested=1'),
  { cpuinfo: file('vendor_id : HygonGenuine') },
  { cpuinfo: file('vendor_id : Elbrus') },
  { cpuinfo: file('vendor_id : AuthenticAMD') },
  uname('Linux h 6.1.0-56-amd64 #1 SMP Debian 6.1.192-2 (2026-11-16) x86_64'),
  uname('Linux h 6.1.0-56-amd64 #1 SMP x86_64'),
  uname('Linux version 6.12.4 (build@host) #1'),
  uname('Linux h 5.14.0-362.el9.x86_64 #1 SMP'),
  uname('Linux h'),
  {
    ...uname('Linux h 5.15.0-91-generic #101 SMP'),
    versionSignature: file('Ubuntu 5.15.0-91.101-generic 5.15.131'),
  },
  { ...uname('Linux h 5.15.0-91-generic #101 SMP'), versionSignature: file('Ubuntu x y') },
  {
    cpuinfo: file(
      'vendor_id : GenuineIntel\nbugs : l1tf\naddress sizes : 39 bits physical\ncpu family : 6\nmodel : 60',
    ),
  },
  {
    cpuinfo: file(
      'vendor_id : GenuineIntel\nbugs : l1tf\naddress sizes : 39 bits physical\ncpu family : 6\nmodel : 85',
    ),
  },
  { cpuinfo: file('vendor_id : GenuineIntel\nbugs : l1tf\naddress sizes : 39 bits physical\nmodel : 60') },
  { cpuinfo: file('address sizes : 99 bits physical') },
  { params: file('/sys/devices/system/cpu/vulnerabilities/l1tf = Not affected') },
  { params: file('/sys/devices/system/cpu/vulnerabilities/l1tf = Mitigation: PTE Inversion') },
  amd('npt sme sev'),
  { ...amd('npt sme sev'), ...cmdline('mem_encrypt=on') },
  { ...amd('npt sme'), ...cmdline('mem_encrypt=off') },
  { ...amd('npt sme'), ...cmdline('quiet') },
  { ...amd('sme'), ...dmesg('AMD Memory Encryption Features active: SME') },
  {
    ...amd('sme'),
    ...dmesg('[    0.5] Command line: x\n[    0.9] AMD Secure Memory Encryption (SME) active'),
  },
  { ...amd('sme'), ...dmesg('[0.0] Command line: quiet') },
  { ...amd('sme'), ...dmesg('[9.0] kvm: x') },
  { ...amd('sme'), ...kernelConfig('CONFIG_X86_64=y\n# CONFIG_AMD_MEM_ENCRYPT is not set') },
  { ...amd('sme'), ...kernelConfig('CONFIG_X86_64=y\nCONFIG_AMD_MEM_ENCRYPT=y'), ...cmdline('quiet') },
  {
    ...amd('sme'),
    ...kernelConfig('CONFIG_X86_64=y\nCONFIG_AMD_MEM_ENCRYPT=y\nCONFIG_AMD_MEM_ENCRYPT_ACTIVE_BY_DEFAULT=y'),
    ...cmdline('quiet'),
  },
  { ...amd('npt sme'), ...cpuid, ...cmdline('mem_encrypt=on') },
  amd('sme', 50, 'x : y'),
  amd('npt la57'),
  { ...amd('npt la57'), ...uname('6.1.5') },
  { ...amd('npt la57'), ...uname('5.14.2') },
  amd('la57'),
  { ...intel(), ...dmesg('[0.1] x86/mktme: 63 KeyIDs available') },
  { ...intel(), ...dmesg('[0.1] x86/mktme: BIOS enabled: x86_phys_bits reduced by 4') },
  intel('', 'ept tme'),
  { ...intel('', 'ept tme'), ...dmesg('[9.0] a log that lost its beginning') },
  { ...intel('', 'ept tme'), ...dmesg('Command line: quiet\nx86/tme: enabled by BIOS') },
  { ...intel('', 'ept tme'), ...dmesg('x86/tme: enabled by BIOS\nx86/mktme: disabled by BIOS') },
  { ...intel('', 'ept tme'), ...dmesg('x86/tme: not enabled by BIOS') },
  { ...intel('', 'ept tme'), ...cpuid },
  { ...intel(), ...params('kvm_intel.ept=N\nkvm_intel.eptad=N') },
  { ...intel(), ...params('kvm_intel.pml=0') },
  { ...intel(), ...params('kvm_intel.eptad=Y') },
  { ...intel(), ...cmdline('quiet kvm-intel.eptad=0 kvm_intel.pml kvm.tdp_mmu=1') },
  { ...intel('', 'vmx'), ...cmdline('kvm_intel.ept=1') },
  intel('vmx flags : ept ept_ad ept_x_only', ''),
  intel('vmx flags : ept ept_1gb', ''),
  { ...intel(), ...params('kvm.nx_huge_pages=Y\nkvm.mmio_caching=N') },
  { ...intel(), ...params('kvm.nx_huge_pages=never') },
  { ...intel(), ...cmdline('kvm.nx_huge_pages=force') },
  { ...params('kvm.nx_huge_pages=auto'), cpuinfo: file('bugs : itlb_multihit') },
  { cpuinfo: file('bugs : l1tf') },
  { cpuinfo: file('bugs : itlb_multihit'), ...cmdline('mitigations=off') },
  { iomem: file('00001000-0009fbff : System RAM\n100000000-17fffffff : System RAM') },
  { iomem: file('00000000-00000000 : System RAM') },
];

it('says why each fact holds, of any machine, in these words', async () => {
  const said = new Set<string>();
  for (const machine of machines) {
    const { facts, notes } = hostReport(machine);
    for (const { name, value, assumed, why } of facts) {
      const known = assumed ? 'assumed' : 'known';
      said.add(
        `${name} = ${typeof value === 'bigint' ? `0x${value.toString(16)}` : value}, ${known}: ${why}`,
      );
    }
    for (const note of notes) said.add(`note: ${note}`);
    // What an MMU is made of is what the report says.
    expect(mmuOf(hostReport(machine)).initWarnings).toEqual([]);
  }
  const bundle = '{"cpuinfo":{"name":1,"text":"x"},"uname":"6.1","iomem":null,"dmesg":{"name":"x"}}';
  for (const note of parseHostTexts(bundle).notes ?? []) said.add(`note: ${note}`);
  await expect(`${[...said].toSorted().join('\n')}\n`).toMatchFileSnapshot('words.txt');
});
