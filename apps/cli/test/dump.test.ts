// SPDX-License-Identifier: GPL-2.0-only
import { truthOf } from '@spte/testing/dumps';
import { beforeAll, describe, expect, it } from 'vitest';
import { vmcore } from './dumps.ts';
import { file, json, ndjson, spte } from './run.ts';

type Json = Record<string, unknown>;

beforeAll(() => {
  vmcore('vmcore');
  vmcore('part1', () => undefined, { part: [0, 32_768] });
  vmcore('part2', () => undefined, { part: [32_768, 65_536] });
  vmcore('holes', (dump) => dump.drop(0x366d));
  vmcore('bad', (dump) => dump.poke64(0x366c010n, 0x8000_098c_9e67n));
});

describe('spte vms', () => {
  it('lists every VM of a vmcore', async () => {
    const { code, out, err } = await spte('vms vmcore');
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      'kernel 6.1.0-56-amd64, svm, NPT  (kdump)\n' +
        '  pid 202  "vmbeta"   1 vCPU   mapped 2185 x 4K  2 roots  no findings\n' +
        '  pid 186  "vmalpha"  3 vCPUs  mapped 2120 x 4K  1 root   no findings\n',
    );
    const verbose = await spte('vms vmcore -v');
    expect(verbose.out).toContain(
      '    root 0x365a000  tdp, level 4  role 0x1003784  1 reference   6 entries     smm\n',
    );
    expect(verbose.out).toContain('  vCPU 2  never ran\n');
    expect(verbose.out).toMatch(/slot 2 +gfn 0x1000\.\.0x10ff +256 pages +hva 0x7fd049a00000 +read-only\n/);
  });

  it('gives what is true of the host', async () => {
    const { vms: truth } = truthOf('svm61-two');
    const document = (await json('vms vmcore')) as Json;
    expect(document).toMatchObject({
      release: truth.release,
      vendor: 'svm',
      container: 'kdump',
      params: truth.params,
    });
    const vms = document['vms'] as Json[];
    expect(vms).toMatchObject(
      truth.vms.map(({ pid, comm, generation, vcpus }) => ({
        pid,
        comm,
        generation,
        vcpus: vcpus.map(({ id, root, guestMode }) => ({ id, root, guestMode })),
      })),
    );
    const lines = (await ndjson('vms vmcore')) as Json[];
    expect(lines.slice(0, -1)).toEqual(vms);
  });

  it('takes the parts of a split dump in any order, and names one that is missing', async () => {
    expect((await spte('vms part2 part1')).out).toBe((await spte('vms vmcore')).out);
    const { code, out, err } = await spte('vms part1');
    expect([code, out]).toEqual([5, '']);
    expect(err).toContain('a part of the split dump is missing: pages 32768 to 65535');
    expect(err).toContain('no Linux kernel was found that fits its VMCOREINFO');
  });

  it('refuses anything that is not a dump', async () => {
    file('text', 'nothing\n'.repeat(1000));
    expect(await spte('vms text')).toMatchObject({
      code: 2,
      out: '',
      err: 'spte: "text": no Linux kernel was found: the dump has no VMCOREINFO, and none of its pages holds one\n',
    });
    expect(await spte('vms none')).toMatchObject({
      code: 2,
      err: 'spte: cannot read "none": there is no such file or folder\n',
    });
  });
});

describe('spte walk --vm', () => {
  it('needs nothing else', async () => {
    const lines = (await ndjson('walk vmcore --vm 202 --root 0x365a000')) as Json[];
    const expected = truthOf('svm61-two').walks['walk-vmbeta-0x365a000.txt']?.trim().split('\n') ?? [];
    expect(lines.slice(0, -1).map(({ value, kind }) => [BigInt(value as string), kind])).toEqual(
      expected.map((line) => {
        const [, , , , value = '', kind] = line.split(' ');
        return [BigInt(`0x${value}`), kind];
      }),
    );
    expect(lines.at(-1)).toMatchObject({
      summary: { entries: 6, findings: 0, context: { vendor: 'svm', mode: 'npt' } },
    });
    const facts = (lines.at(-1) as { readonly summary: { readonly context: { readonly facts: Json } } })
      .summary.context.facts;
    expect(facts['physBits']).toMatchObject({ value: 40, origin: 'read' });
  });

  it('knows VMs by name, and roots by vCPU', async () => {
    const { out } = await spte('walk vmcore --vm vmbeta --vcpu 0 --translate 0x2abc');
    expect(out).toContain('mapped: 0x2abc is at 0x98c9abc');
    expect((await spte('walk vmcore --vm vmbeta --translate 0x2abc')).out).toBe(out);
  });

  it.each([
    ['walk vmcore --vm nobody', '--vm: there is no VM "nobody": there are 202 ("vmbeta"), 186 ("vmalpha")'],
    ['walk vmcore --vm 186 --vcpu 2', '--vcpu: vCPU 2 of VM 186 never ran, and has no root'],
    ['walk vmcore --vm 186 --vcpu 9', '--vcpu: VM 186 has no vCPU 9: there are 0, 1, 2'],
    [
      'walk vmcore --vm 202 --root 0x5000',
      '--root: VM 202 has no root at 0x5000: there are 0x365a000, 0x366f000',
    ],
    ['walk vmcore --vm 202 --kernel 6.1', '--vm reads the kernel and the machine from the dump'],
    ['walk vmcore --vcpu 1 --root 0x5000', '--vcpu is of a VM: it needs --vm'],
    ['walk vmcore', '--root is needed, or --vm for a dump of a host'],
  ])('%s is refused', async (line, message) => {
    const { code, err } = await spte(line);
    expect([code, err.slice(6, 6 + message.length)]).toEqual([2, message]);
  });
});

describe('spte host', () => {
  it('says what the memory of a host holds, where, and whether its masks follow', async () => {
    const { code, out, err } = await spte('host vmcore --verify --check');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('kernel 6.1.192, svm, npt  (layout since 5.13)');
    expect(out).toMatch(/physBits +40 +boot_cpu_data\.x86_phys_bits at 0xffffffff89838dbd/);
    expect(out).toContain('23 of 23 agree');
    const document = (await json('host vmcore')) as Json;
    expect(document['masks']).toMatchObject({ nx: '0x8000000000000000', tdpEnabled: true });
    expect(document['setBy']).toMatchObject({ nx: 'memory' });
    expect(await spte('host text --verify')).toMatchObject({ code: 2 });
    expect(await spte('host vmcore --capture bundle.json')).toMatchObject({
      code: 2,
      err: 'spte: --capture: a vmcore has no texts to capture\n',
    });
    expect((await spte('check vmcore extra')).code).toBe(2);
  });
});

describe('spte check', () => {
  it('has nothing to say of healthy VMs', async () => {
    expect(await spte('check vmcore')).toEqual({
      code: 0,
      err: '',
      out: '4397 entries of 2 VMs: 0 error, 0 suspicious, 0 note, 0 not decided\n',
    });
  });

  it('finds a bad entry', async () => {
    const { code, out } = await spte('check bad');
    expect(code).toBe(1);
    expect(out).toContain(
      'error  VM 202, root 0x366f000, 0x00008000098c9e67 at 0x366c010 (level 1, gpa 0x2000): reserved-bits',
    );
    expect((await spte('vms bad --check')).code).toBe(1);
  });

  it('does not decide what is missing', async () => {
    const { code, out } = await spte('check holes');
    expect(code).toBe(0);
    expect(out).toContain(
      'not decided  VM 202: what is below 0x366d827 at 0x366e000: the table at 0x366d000 is left out',
    );
    expect(out).toContain('0 error, 0 suspicious, 0 note, 3 not decided\n');
    expect(((await json('check holes')) as Json)['undecided']).toMatchObject([
      { pid: 202 },
      { pid: 202, what: 'counters of mapped pages' },
      { pid: null, what: 'tables that no root reaches' },
    ]);
    expect((await ndjson('check holes')).length).toBeGreaterThan(1);
  });
});

describe('a host that is not well', () => {
  it('is listed with what is wrong and what is missing', async () => {
    const [bad, holes] = [await spte('vms bad -v'), await spte('vms holes -v')];
    expect(bad.out).toMatch(/pid 202 .* 1 finding\n/);
    expect(holes.out).toMatch(/pid 202 .* tables? not in the dump\n/);
    expect(((await json('vms holes')) as Json)['vms']).toMatchObject([{ findings: 0 }, { missingTables: 0 }]);
  });

  it('whose root is left out is not walked', async () => {
    vmcore('rootless', (dump) => dump.drop(0x366f));
    const { out } = await spte('vms rootless -v');
    expect(out).toContain('not walked');
    const check = await spte('check rootless');
    expect([check.code, check.out]).toEqual([0, expect.stringContaining('not decided  VM 202: ') as string]);
    expect((await spte('walk rootless --vm 202 --root 0x366f000')).code).toBe(2);
  });

  it('is checked as a document, too', async () => {
    const document = (await json('check bad')) as Json;
    expect(document).toMatchObject({
      schema: 'spte/check/1',
      summary: { error: 1, suspicious: 0, note: 0, vms: 2 },
      results: [{ code: 'reserved-bits', weight: 'error', pid: 202 }],
    });
    expect((await ndjson('check bad')).at(-1)).toMatchObject({ summary: { error: 1, context: null } });
  });
});

describe('other hosts', () => {
  beforeAll(() => {
    vmcore('shadow', () => undefined, { run: 'svm61-shadow' });
    vmcore('intel', () => undefined, { run: 'vmx61-two' });
  });

  it('are named by how they run guests', async () => {
    expect((await spte('vms shadow -v')).out).toContain(', shadow paging  (kdump)\n');
    expect((await spte('vms intel')).out).toContain(', vmx, EPT  (kdump)\n');
    expect((await spte('host shadow')).out).toContain('svm, shadow');
    expect((await spte('host intel --verify')).out).toContain(' agree');
  });

  it('have slots, of which something is mapped', async () => {
    const [first] = ((await json('vms intel')) as { vms: readonly { pid: number }[] }).vms;
    const line = `walk intel --vm ${String(first?.pid)} --slots`;
    const { out } = await spte(line);
    expect(out).toMatch(/slot \d+ .* of \d+ pages \(\d+%\) .* writable/);
    const document = (await json(line)) as { summary: { slots: readonly Json[]; outsideSlots: number } };
    expect(document.summary.slots.length).toBeGreaterThan(0);
    expect(document.summary.outsideSlots).toBe(0);
    expect((await spte(`${line} --summary`)).code).toBeLessThan(3);
  });
});
