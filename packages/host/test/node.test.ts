// SPDX-License-Identifier: GPL-2.0-only
import { execFileSync } from 'node:child_process';
import type * as NodeFs from 'node:fs';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { checkMasks, hostReport, mmuOf } from '@spte/host';
import { readHost } from '@spte/host/node';
import { fileIn, hosts } from '@spte/testing/runs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof NodeFs>();
  return {
    ...fs,
    openSync: vi.fn<typeof fs.openSync>(fs.openSync),
    readSync: vi.fn<typeof fs.readSync>(fs.readSync),
  };
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spte-host-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

describe('a captured folder', () => {
  it.each(Object.entries(hosts))('gives the masks of %s', (_name, files) => {
    for (const [name, text] of Object.entries(files)) write(name, text);
    const texts = readHost(folder);
    expect(texts.notes).toEqual([]);
    const checks = checkMasks(mmuOf(hostReport(texts)), fileIn(files, 'masks.txt'));
    expect(checks.filter(({ agree }) => !agree)).toEqual([]);
  });

  it('may have /proc and /sys as on the machine', () => {
    write('proc/cpuinfo', 'vendor_id : AuthenticAMD\n');
    write('proc/version', 'Linux version 6.12.4 (x) #1\n');
    write('proc/cmdline', 'quiet\n');
    write('sys/module/kvm_amd/parameters/npt', '0\n');
    write('sys/module/kvm_amd/parameters/folder/x', '');
    write('sys/devices/system/cpu/vulnerabilities/l1tf', 'Not affected\n');
    const texts = readHost(folder);
    expect(texts.notes).toEqual([]);
    expect(texts.params?.text).toBe(
      '/sys/module/kvm_amd/parameters/npt = 0\n/sys/devices/system/cpu/vulnerabilities/l1tf = Not affected\n',
    );
    expect(hostReport(texts)).toMatchObject({ kernel: '6.12.4', vendor: 'svm', mode: 'shadow' });
  });

  it.each([
    ['cpuinfo', ['cpuinfo.txt', 'cpuinfo', 'proc/cpuinfo']],
    ['params', ['params.txt', 'params', 'sys/module/kvm/parameters/x']],
    ['uname', ['uname.txt', 'uname', 'proc/version']],
    ['versionSignature', ['version_signature', 'proc/version_signature']],
    ['cmdline', ['cmdline.txt', 'cmdline', 'proc/cmdline']],
    ['dmesg', ['dmesg.txt', 'dmesg', 'dev/kmsg', 'var/log/dmesg']],
    ['iomem', ['iomem.txt', 'iomem', 'proc/iomem']],
    ['cpuid', ['cpuid.txt', 'dev/cpu/0/cpuid']],
    ['kernelConfig', ['config.txt', 'kernel-config', `boot/config-${release()}`, 'proc/config.gz']],
  ] as const)('has %s in the first of its places that is there', (piece, places) => {
    const contents: Readonly<Record<string, string | Uint8Array>> = {
      'dev/kmsg': '6,1,0,-;Command line: quiet\n',
      'dev/cpu/0/cpuid': '',
      'proc/config.gz': gzipSync('CONFIG_X86_64=y\n'),
    };
    for (const place of places) write(place, contents[place] ?? 'CONFIG_X86_64=y\n');
    if (piece === 'cpuid') truncateSync(join(folder, 'dev/cpu/0/cpuid'), 0x8000_002f);
    for (const place of places) {
      const name = place.startsWith('sys/') ? 'sys' : place;
      expect(readHost(folder)[piece]?.name).toBe(join(folder, name));
      rmSync(join(folder, place));
    }
    expect(readHost(folder)[piece]).toBeUndefined();
  });

  it('may hold the parameters of several modules, which are read in one order', () => {
    for (const module of ['kvm_intel', 'kvm', 'kvm_amd']) write(`sys/module/${module}/parameters/x`, '1\n');
    write('sys/devices/system/cpu/vulnerabilities/l1tf', 'Not affected\n');
    expect(readHost(folder).params?.text.match(/kvm\w*|l1tf/g)).toEqual([
      'kvm',
      'kvm_intel',
      'kvm_amd',
      'l1tf',
    ]);
  });

  it('may be empty or missing: the report then says what it could not read', () => {
    for (const empty of [folder, join(folder, 'none')]) {
      const report = hostReport(readHost(empty));
      expect(report.notes.map((note) => note.split(':')[0])).toEqual(['cpuinfo', 'params', 'uname']);
      expect(mmuOf(report).initWarnings).toEqual([]);
    }
  });
});

describe('a folder with odd files', () => {
  it('is read past a device, a pipe and a loop, and each is noted', () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'params.txt')]);
    symlinkSync('/dev/zero', join(folder, 'cpuinfo.txt'));
    symlinkSync('uname.txt', join(folder, 'uname.txt'));
    write('uname', 'Linux h 6.12.4 x86_64');
    const { cpuinfo, params, uname, notes } = readHost(folder);
    expect({ cpuinfo, params, uname: uname?.text }).toEqual({ uname: 'Linux h 6.12.4 x86_64' });
    expect(notes).toEqual([
      `${join(folder, 'cpuinfo.txt')}: it is a device or a pipe, not a file`,
      expect.stringMatching(/^cpuinfo: none of/),
      `${join(folder, 'params.txt')}: it is a device or a pipe, not a file`,
      expect.stringMatching(/^params: none of/),
      expect.stringMatching(/uname\.txt: ELOOP/),
    ]);
  });

  it('is read as far as a text of a machine is long', () => {
    write('cpuinfo.txt', '');
    truncateSync(join(folder, 'cpuinfo.txt'), 2 ** 40);
    const { cpuinfo, notes } = readHost(folder);
    expect(cpuinfo?.text.length).toBe(1 << 22);
    expect(notes?.[0]).toBe(`${join(folder, 'cpuinfo.txt')}: only its first 4194304 bytes were read`);
  });
});

describe('the kernel log of a running machine', () => {
  const COMMAND_LINE = '[    0.000000] Command line: quiet\n';
  const SME = '[   12.345678] Memory Encryption Features active: AMD SME\n';
  const KMSG = [
    '5,0,0,-;Linux version 6.8.0',
    '6,1,0,-;Command line: quiet',
    '6,2,17,c;x86/cpu: SGX disabled by BIOS.',
    ' SUBSYSTEM=cpu',
    ' DEVICE=+cpu:Command line: not this',
    '6,3,12345678,-,caller=T1;Memory Encryption Features active: AMD SME',
    '4,4,99,-;the serial number of somebody',
    'Command line: without a header',
    '',
  ].join('\n');

  it('is read as far as it bears on masks', () => {
    write('dev/kmsg', KMSG);
    write('var/log/dmesg', 'Command line: of an earlier time\n');
    expect(readHost(folder).dmesg).toEqual({ name: join(folder, 'dev/kmsg'), text: COMMAND_LINE + SME });
  });

  it('comes in records, of which some may be lost while it is read', () => {
    write('dev/kmsg', '');
    const records = KMSG.split(/(?<=\n)/).map((record) => new TextEncoder().encode(record));
    const answers: (Uint8Array | string)[] = [...records.slice(0, 2), 'EPIPE', ...records.slice(2), 'EAGAIN'];
    const read = vi.mocked(readSync);
    for (const answer of answers) {
      read.mockImplementationOnce((_fd, bytes) => {
        if (typeof answer === 'string') throw Object.assign(new Error('from the device'), { code: answer });
        (bytes as Uint8Array).set(answer);
        return answer.length;
      });
    }
    expect(readHost(folder).dmesg?.text).toBe(COMMAND_LINE + SME);
  });

  it('gives way to the file of a log where it is forbidden, or has lost all that matters', () => {
    write('var/log/dmesg', COMMAND_LINE);
    const fromFile = { name: join(folder, 'var/log/dmesg'), text: COMMAND_LINE };
    write('dev/kmsg', '4,4,99,-;something else\n');
    expect(readHost(folder).dmesg).toEqual(fromFile);
    for (const error of [Object.assign(new Error('no'), { code: 'EPERM' }), new Error('no')]) {
      vi.mocked(readSync).mockImplementationOnce(() => {
        throw error;
      });
      expect(readHost(folder).dmesg).toEqual(fromFile);
    }
    vi.mocked(openSync).mockImplementationOnce(() => {
      throw new Error('no');
    });
    expect(readHost(folder).dmesg).toEqual(fromFile);
  });

  it('is not read without end', () => {
    const chunk = new TextEncoder().encode('6,1,0,-;Command line: quiet\n'.repeat(500));
    let reads = 0;
    write('dev/kmsg', '');
    vi.mocked(readSync).mockImplementation((_fd, bytes) => {
      reads++;
      (bytes as Uint8Array).set(chunk);
      return chunk.length;
    });
    try {
      expect(readHost(folder).dmesg?.text.startsWith(COMMAND_LINE)).toBe(true);
      expect(reads * chunk.length).toBeLessThan((1 << 24) + 2 * chunk.length);
    } finally {
      vi.mocked(readSync).mockRestore();
    }
  });
});

describe('CPUID of a running machine', () => {
  it('is read leaf by leaf', () => {
    write('dev/cpu/0/cpuid', '');
    const path = join(folder, 'dev/cpu/0/cpuid');
    // The offset is the leaf: a file with a hole of two gigabytes.
    truncateSync(path, 0x8000_002f);
    const lines = ['0x80000008', '0x8000001f'].map(
      (leaf) => `   ${leaf} 0x00: eax=0x00000000 ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n`,
    );
    expect(readHost(folder).cpuid).toEqual({ name: path, text: lines.join('') });
    const leaf = Uint8Array.from([0x30, 0x30, 0, 0, 0x6f, 0x11, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0x80]);
    vi.mocked(readSync).mockImplementationOnce((_fd, bytes) => {
      (bytes as Uint8Array).set(leaf);
      return leaf.length;
    });
    expect(readHost(folder).cpuid?.text.split('\n')[0]).toBe(
      '   0x80000008 0x00: eax=0x00003030 ebx=0x0000116f ecx=0x00000003 edx=0x80000004',
    );
    truncateSync(path, 0x8000_0010);
    expect(readHost(folder).cpuid).toBeUndefined();
  });
});

describe('the configuration of the kernel', () => {
  const CONFIG = 'CONFIG_64BIT=y\nCONFIG_X86_64=y\n# CONFIG_AMD_MEM_ENCRYPT is not set\nCONFIG_KVM=m\n';
  const RELEVANT = 'CONFIG_X86_64=y\n# CONFIG_AMD_MEM_ENCRYPT is not set\n';
  it.each<[string, string | Uint8Array, string]>([
    ['config.txt', CONFIG, CONFIG],
    [`boot/config-${release()}`, CONFIG, RELEVANT],
    ['proc/config.gz', gzipSync(CONFIG), RELEVANT],
  ])('may stand in %s', (name, content, text) => {
    write(name, content);
    expect(readHost(folder).kernelConfig).toEqual({ name: join(folder, name), text });
  });

  it('is left out where it is no gzip, or unpacks to more than any', () => {
    for (const content of [CONFIG, gzipSync(new Uint8Array((1 << 23) + 1))]) {
      write('proc/config.gz', content);
      expect(readHost(folder).kernelConfig).toBeUndefined();
    }
  });
});

describe('this machine', () => {
  it('is read from its own files, as far as they can be', () => {
    const report = hostReport(readHost());
    expect(report.facts.length).toBeGreaterThan(8);
    expect(mmuOf(report).masks.baseAddr).not.toBe(0n);
  });
});
