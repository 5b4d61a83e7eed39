// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkMasks, hostReport, mmuOf } from '@spte/host';
import { readHost } from '@spte/host/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { file, runs } from './runs.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spte-host-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

describe('a captured folder', () => {
  it.each(runs)('gives the masks of %s', (_name, files) => {
    for (const [name, text] of Object.entries(files)) write(name, text);
    const texts = readHost(folder);
    expect(texts.notes).toEqual([]);
    const checks = checkMasks(mmuOf(hostReport(texts)), file(files, 'masks.txt'));
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

  it('may be empty or missing: the report then says what it could not read', () => {
    for (const empty of [folder, join(folder, 'none')]) {
      const report = hostReport(readHost(empty));
      expect(report.notes.map((note) => note.split(':')[0])).toEqual(['cpuinfo', 'params', 'uname']);
      expect(mmuOf(report).initWarnings).toEqual([]);
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
