// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Mmu } from '@spte/core';
import { exits } from '@spte/testing/exits';
import {
  annotate,
  createAnnotator,
  machineHints,
  ndjsonAnnotator,
  parseLine,
  readTraceSync,
} from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { bytesOf, mmuOfRun, recordsOf, traces } from './runs.ts';

/** Lines of real traces, each behind those before it, with what they mean. */
interface FaultLine {
  readonly run: string;
  readonly lineNumber: number;
  readonly lines: readonly string[];
  readonly explains: Readonly<Record<string, unknown>>;
}

const PATH = new URL('./fixtures/fault-lines.json.gz', import.meta.url);
const FAULTS = JSON.parse(gunzipSync(readFileSync(PATH)).toString()) as readonly FaultLine[];

/** Machines of both vendors: lines say themselves whose they are. */
const others = ['vmx73-ept-ad', 'svm61-shadow'].map(mmuOfRun);

describe('an exit or a fault of a real trace', () => {
  it('is there 42 times', () => {
    expect(FAULTS).toHaveLength(42);
  });

  it.each(FAULTS)('$run line $lineNumber: means what was found by hand', ({ run, lines, explains }) => {
    for (const mmu of [mmuOfRun(run), ...others]) {
      const annotate = createAnnotator(mmu, { exits });
      const records = [...readTraceSync([lines.join('\n')])].map(({ record }) => record);
      const said = records.map((record) => (record === null ? null : annotate(record)));
      expect(said.at(-1)?.explains).toMatchObject(explains);
      let written = '';
      const fast = ndjsonAnnotator(mmu, (bytes) => (written += new TextDecoder().decode(bytes)), { exits });
      fast.push(bytesOf(`${lines.join('\n')}\n`));
      fast.end();
      const jsonLines = said.filter((line) => line !== null).map((line) => JSON.stringify(line));
      expect(written.trimEnd().split('\n')).toEqual(jsonLines);
    }
  });
});

const EPT = mmuOfRun('vmx61-ept-ad');
const NPT = mmuOfRun('svm61-npt-tdp');
const SHADOW = mmuOfRun('svm61-shadow');

/** What is said of the last of some lines. */
function explained(mmu: Mmu, lines: string | readonly string[], readers = exits) {
  const annotate = createAnnotator(mmu, { exits: readers });
  const said = [...readTraceSync([[lines].flat().join('\n')])].map(
    ({ record }) => record && annotate(record),
  );
  return said.at(-1)?.explains;
}

describe('the error code of a fault', () => {
  const fault = (code: string, address = '10000') =>
    `vm-1 [000] 1.5: kvm_page_fault: address ${address} error_code ${code}`;
  const exit = (reason: string, info = '0 0') =>
    `vm-1 [000] 1.4: kvm_exit: vcpu 0 reason ${reason} rip 0x1 info ${info}`;
  const kindOf = (mmu: Mmu, ...lines: string[]) => {
    const { vendor, address, error_code } = explained(mmu, lines) ?? {};
    return [vendor, address?.kind, error_code?.kind];
  };
  const VIOLATION = ['vmx', 'gpa', 'EPT violation qualification'];
  const NESTED = ['svm', 'gpa', 'NPF EXITINFO1'];
  const OF_VMX = ['vmx', 'gva', '#PF error code'];
  const OF_SVM = ['svm', 'gva', '#PF error code'];

  it('is that of the exit before it of the same task', () => {
    for (const mmu of [EPT, NPT, SHADOW]) {
      expect(kindOf(mmu, exit('EPT_VIOLATION'), fault('2'))).toEqual(VIOLATION);
      expect(kindOf(mmu, exit('npf'), fault('2'))).toEqual(NESTED);
      expect(kindOf(mmu, exit('PF excp'), fault('82'))).toEqual(OF_SVM);
      expect(kindOf(mmu, exit('EXCEPTION_NMI', '7000 80000b0e'), fault('82'))).toEqual(OF_VMX);
    }
  });

  it('is told by its bits where there is none', () => {
    for (const mmu of [EPT, NPT, SHADOW]) {
      expect(kindOf(mmu, fault('82'))).toEqual(VIOLATION);
      expect(kindOf(mmu, fault('100000006'))).toEqual(NESTED);
      expect(kindOf(mmu, exit('hlt'), fault('100000006'))).toEqual(NESTED);
    }
  });

  it('is else that of the machine', () => {
    expect(kindOf(EPT, fault('2'))).toEqual(VIOLATION);
    // No access, so that it is no violation.
    expect(kindOf(EPT, fault('10'))).toEqual(OF_VMX);
    expect(kindOf(NPT, fault('2'))).toEqual(NESTED);
    expect(kindOf(SHADOW, fault('2'))).toEqual(OF_SVM);
    expect(kindOf(mmuOfRun('vmx61-noept-shadow'), fault('2'))).toEqual(OF_VMX);
    expect(kindOf(NPT, exit('hlt'), fault('2'))).toEqual(NESTED);
    // An exit of the other vendor, which says no more: nobody knows.
    expect(kindOf(EPT, exit('hlt'), fault('2'))).toEqual(['svm', null, undefined]);
    const other = { ...NPT, vendor: { ...NPT.vendor, name: 'other' } };
    expect(kindOf(other, fault('2'))).toEqual(['other', null, undefined]);
    expect(explained(other, fault('2'))?.error_code).toEqual({ value: '0x2' });
  });

  it('is not that of another task, of a line far away, or of an exit before the last line', () => {
    const elsewhere = exit('npf').replace('vm-1', 'vm-2');
    expect(kindOf(EPT, elsewhere, fault('2'))).toEqual(VIOLATION);
    expect(kindOf(EPT, exit('npf'), 'vm-1 [000] 1.4: kvm_mmu_set_dirty_bit: gpa 1', fault('2'))).toEqual(
      VIOLATION,
    );
    const others = Array.from({ length: 4096 }, () => elsewhere);
    expect(kindOf(EPT, exit('npf'), ...others.slice(1), fault('2'))).toEqual(NESTED);
    expect(kindOf(EPT, exit('npf'), ...others, fault('2'))).toEqual(VIOLATION);
  });

  it('is a number where the vendor is not to be asked', () => {
    expect(explained(NPT, fault('100000006'), exits.slice(0, 1))?.error_code).toEqual({
      value: '0x100000006',
    });
    expect(explained(NPT, 'kvm_page_fault: fault_address=0x10000')).toEqual({
      event: 'kvm_page_fault',
      vendor: 'svm',
      address: { kind: 'gpa', value: '0x10000' },
    });
    expect(explained(NPT, 'kvm_page_fault: error_code=0x2')?.address).toBeUndefined();
  });
});

describe('an exit', () => {
  it.each([
    [
      'vcpu 0 reason EPT_VIOLATION rip 0xfff info 182 80000b0e',
      {
        vendor: 'vmx',
        reason: { name: 'EPT_VIOLATION', number: 48 },
        rip: '0xfff',
        info1: { access: ['write'] },
      },
    ],
    [
      'vcpu 0 reason EXCEPTION_NMI rip 0x1 info 7000 80000b0e',
      { info1: { kind: 'gva (CR2)' }, intr_info: { name: '#PF' } },
    ],
    [
      'reason EXIT_NPF rip 0x2000 info 200000006 10000',
      { vendor: 'svm', reason: { name: 'npf', number: 1024 }, info2: { kind: 'gpa', value: '0x10000' } },
    ],
    ['reason UNKNOWN (54) rip 0x2000 info 0 0', { vendor: 'vmx', reason: { name: 'WBINVD', number: 54 } }],
    ['vcpu 0 reason 0x4c rip 0x2000 info 0 0', { vendor: 'vmx', reason: { name: null, number: 0x4c } }],
    [
      'vcpu 0 reason  rip 0x2000 info1 0x0000000100000006 info2 0x0000000000010000 intr_info 0x00000000 error_code 0x00000000',
      {
        vendor: 'svm',
        reason: { name: 'npf', number: 1024 },
        info1: { access: ['write'] },
        info2: { value: '0x10000' },
      },
    ],
    [
      'vcpu 0 reason rip 0x2000 info1 0x7 info2 0x10000 intr_info 0x0 error_code 0x0',
      { vendor: 'vmx', reason: { name: null, number: null } },
    ],
    [
      'exit_reason=1024 guest_rip=0x2000 isa=2 info1=0x100000006 info2=0x10000 intr_info=0x0 error_code=0x0 vcpu_id=0',
      {
        vendor: 'svm',
        reason: { name: 'npf', number: 1024 },
        rip: '0x2000',
        info1: { stage: 'final access' },
        whileDelivering: null,
      },
    ],
    ['exit_reason=-1 isa=2', { vendor: 'svm', reason: { name: 'invalid_guest_state', number: 0xffffffff } }],
    ['isa=1', { vendor: 'vmx', reason: { name: null, number: null } }],
    ['vcpu_id=0', { vendor: 'vmx', reason: { name: null, number: null } }],
    [
      'vcpu 0 reason hlt rip 0x1 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0 requests 0x4000',
      { requests: '0x4000', whileDelivering: null },
    ],
  ])('in the form %s is explained', (text, said) => {
    expect(explained(EPT, `kvm_exit: ${text}`)).toMatchObject(said);
  });

  it('of a vendor who is not to be asked has its reason', () => {
    const only = exits.slice(1);
    expect(explained(EPT, 'kvm_exit: vcpu 0 reason HLT rip 0x1 info 0 0', only)).toEqual({
      event: 'kvm_exit',
      vendor: 'vmx',
      reason: { name: 'HLT', number: null },
      rip: '0x1',
    });
    expect(explained(EPT, 'kvm_exit: exit_reason=12 isa=1', only)?.reason).toEqual({
      name: null,
      number: 12,
    });
    expect(explained(EPT, 'kvm_exit: isa=1', only)?.reason).toEqual({ name: null, number: null });
  });

  it('is not explained where nobody is to be asked', () => {
    expect(explained(EPT, 'kvm_exit: vcpu 0 reason HLT rip 0x1 info 0 0', [])).toBeUndefined();
    const record = parseLine('kvm_exit: vcpu 0 reason HLT rip 0x1 info 0 0');
    expect(record && annotate(record, EPT)).not.toHaveProperty('explains');
    expect(explained(EPT, 'kvm_mmu_set_dirty_bit: gpa 1')).toBeUndefined();
  });

  it('says nothing of a word that is no number: a trace.dat may give it another type', () => {
    const line = 'kvm_exit: vcpu 0 reason npf rip 0x1 info1 0x0 info2 0x5 intr_info 0x0 error_code 0x0';
    const record = parseLine(line);
    const annotate = createAnnotator(EPT, { exits });
    const say = (fields: Record<string, string>) =>
      record && annotate({ ...record, fields: { ...record.fields, ...fields } }).explains;
    expect(say({})).toMatchObject({ rip: '0x1', info2: { value: '0x5' } });
    expect(say({ rip: 'x', info2: 'x' })).toMatchObject({ rip: undefined, info2: undefined });
  });

  it('that is like another has its own values', () => {
    const line = (rip: string, gpa: string) =>
      `kvm_exit: vcpu 0 reason npf rip ${rip} info1 0x100000006 info2 ${gpa} intr_info 0x0 error_code 0x0`;
    expect(explained(EPT, [line('0x1', '0x2'), line('0x3', '0x0004')])).toMatchObject({
      rip: '0x3',
      info2: { value: '0x4' },
    });
    const raw = (words: string) => `kvm_exit: isa=2 exit_reason=1024 ${words}`;
    expect(explained(EPT, [raw('info2=0x1'), raw('info1=0x1')])).not.toHaveProperty('info2.value');
  });
});

describe('what a line says of the machine', () => {
  const NOTHING = { vendor: null, mode: null };
  it.each([
    ['kvm_exit: vcpu 0 reason EPT_VIOLATION rip 0x1 info 0 0', 'vmx', 'ept'],
    ['kvm_exit: vcpu 0 reason EPT_MISCONFIG rip 0x1 info 0 0', 'vmx', 'ept'],
    ['kvm_exit: vcpu 0 reason PML_FULL rip 0x1 info 0 0', 'vmx', 'ept'],
    ['kvm_exit: vcpu 0 reason INVLPG rip 0x1 info 0 0', 'vmx', null],
    ['kvm_exit: vcpu 0 reason EXCEPTION_NMI rip 0x1 info 0 80000b0e', 'vmx', 'shadow'],
    ['kvm_exit: vcpu 0 reason EXCEPTION_NMI rip 0x1 info 0 80000306', 'vmx', null],
    ['kvm_exit: vcpu 0 reason npf rip 0x1 info 0 0', 'svm', 'npt'],
    ['kvm_exit: vcpu 0 reason PF excp rip 0x1 info 0 0', 'svm', 'shadow'],
    ['kvm_exit: vcpu 0 reason UD excp rip 0x1 info 0 0', 'svm', null],
    ['kvm_exit: vcpu 0 reason write_cr3 rip 0x1 info 0 0', 'svm', null],
    ['kvm_exit: reason EXIT_NPF rip 0x1 info 0 0', 'svm', 'npt'],
    ['kvm_exit: reason EXIT_EXCP_PF rip 0x1 info 0 0', 'svm', 'shadow'],
    ['kvm_exit: reason EXIT_HLT rip 0x1 info 0 0', 'svm', null],
    ['kvm_exit: reason UNKNOWN (12) rip 0x1 info 0 0', null, null],
    ['kvm_exit: vcpu 0 reason  rip 0x1 info 100000006 0', 'svm', 'npt'],
    ['kvm_exit: vcpu 0 reason  rip 0x1 info 181 0', null, null],
    ['kvm_exit: exit_reason=48 isa=1', 'vmx', 'ept'],
    ['kvm_exit: exit_reason=0 isa=1 intr_info=0x80000b0e', 'vmx', 'shadow'],
    ['kvm_exit: exit_reason=12 isa=1', 'vmx', null],
    ['kvm_exit: exit_reason=1024 isa=2', 'svm', 'npt'],
    ['kvm_exit: exit_reason=120 isa=2', 'svm', null],
    ['kvm_exit: exit_reason=120', null, null],
    ['kvm_page_fault: address 1 error_code 18a', 'vmx', 'ept'],
    ['kvm_page_fault: address 1 error_code 100000006', 'svm', 'npt'],
    ['kvm_page_fault: address 1 error_code 6', null, null],
    ['kvm_page_fault: fault_address=1', null, null],
    ['kvm_eptp: (x) eptp=0x1', 'vmx', 'ept'],
    ['kvm_vmx_root: (x) vcpu=0x1 root=0x1 level=4', 'vmx', null],
    ['kvm_svm_root: (x) vcpu=0x1 root=0x1 level=4', 'svm', null],
    ['kvm_mmu_get_page: sp gen 0 gfn 0 l1 8-byte q0 direct wux nxe !ad root 0 sync new', 'vmx', 'ept'],
    ['kvm_mmu_get_page: sp gen 0 gfn 0 l1 8-byte q0 direct wux nxe ad root 0 sync new', null, null],
  ])('%s', (line, vendor, mode) => {
    const record = parseLine(line);
    expect(record && machineHints(record)).toEqual({ ...NOTHING, vendor, mode });
  });

  it.each([
    'vmx61-ept-ad',
    'vmx510-ept-noad',
    'vmx61-noept-shadow',
    'svm61-npt-tdp',
    'svm61-shadow',
    'svm73-npt-tdp',
  ])('of %s is never wrong', (run) => {
    const [vendor, ...words] = run.split(/[\d-]+/);
    const mode = words.includes('shadow') ? 'shadow' : vendor === 'vmx' ? 'ept' : 'npt';
    const [, , text = ''] = traces.find(([name]) => name === run) ?? [];
    const said = recordsOf(text).map(machineHints);
    expect(new Set(said.flatMap((hints) => hints.vendor ?? []))).toEqual(new Set([vendor]));
    expect(new Set(said.flatMap((hints) => hints.mode ?? []))).toEqual(new Set([mode]));
  });
});
