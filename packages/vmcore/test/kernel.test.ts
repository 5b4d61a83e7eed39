// SPDX-License-Identifier: GPL-2.0-only
import { DUMP_NAMES, realDump, realMemory, truthOf } from '@spte/testing/dumps';
import { BtfError, isMissing, type Kernel, KernelError, openKernel, Vmcoreinfo } from '@spte/vmcore';
import { describe, expect, it } from 'vitest';
import { FREE, madeBtf, madeKernel, STEXT } from './made-kernel.ts';

const hex16 = (word: bigint) => word.toString(16).padStart(16, '0');

/** Functions of kvm's own by which it prints parameters, as its callers give them. */
const own = {
  nx_huge_pages_ops: (memory: Kernel['memory'], at: bigint) => (memory.word(at, 1) === 0n ? 'N' : 'Y'),
  nx_huge_pages_recovery_param_ops: (memory: Kernel['memory'], at: bigint) => String(memory.word(at, 4)),
};

/** Lines of a real VMCOREINFO without those of kallsyms, as before 6.0. */
const withoutKallsyms = (text: string | null) =>
  (text ?? '')
    .split('\n')
    .filter((line) => !line.includes('kallsyms'))
    .join('\n');

describe.each(DUMP_NAMES)('the kernel of %s', (name) => {
  const truth = truthOf(name);
  const kernel = openKernel(realDump(name));

  it('is found with its symbols, types and modules', () => {
    expect(kernel.release).toBe(truth.vms.release);
    expect(kernel.foundAt).toBe('the headers of the dump');
    expect(kernel.symbols.count).toBe(truth.vms.kallsyms.vmlinuxSymbols);
    expect(kernel.types.get('list_head').bytes).toBe(16);
    expect([...kernel.modules.keys()]).toEqual(expect.arrayContaining(['kvm', 'irqbypass']));
    expect(kernel.moduleTypes('kvm')?.get('kvm').find('memslots')).not.toBeNull();
    expect(kernel.moduleTypes('none')).toBeNull();
  });

  it('has the values that its running kernel had', () => {
    const symbols = kernel.modules.get('kvm')?.symbols();
    for (const line of truth.masks.trim().split('\n')) {
      const [symbol = '', , address = '', , value = ''] = line.split(/\s+/);
      const found = symbols?.get(symbol)?.address ?? kernel.symbols.address(symbol);
      if (found === null || symbol === 'npt_enabled' || symbol.startsWith('enable_ept')) continue;
      expect([symbol, hex16(found)]).toEqual([symbol, address]);
      expect([symbol, hex16(kernel.memory.u64(found))]).toEqual([symbol, value]);
    }
  });

  it('has the parameters that /sys/module shows', () => {
    const found: Record<string, string | null> = {};
    for (const name of ['kvm', 'kvm_amd', 'kvm_intel']) {
      const module = kernel.modules.get(name);
      if (module === undefined) continue;
      for (const [key, text] of kernel.parameters(module, own)) found[`${name}.${key}`] = text;
    }
    const unknown = Object.keys(found).filter((key) => found[key] === null);
    const expected = Object.entries(truth.vms.params).filter(([key]) => !unknown.includes(key));
    expect(found).toMatchObject(Object.fromEntries(expected));
    expect(unknown.length).toBeLessThan(4);
  });
});

describe('kallsyms that VMCOREINFO does not name', () => {
  it.each(['svm61-two', 'svm73-two'] as const)('are found by what they hold: %s', (name) => {
    const image = realMemory(name);
    const named = openKernel(realDump(name)).symbols;
    const found = openKernel(realDump(name, { vmcoreinfo: withoutKallsyms(image.vmcoreinfo) })).symbols;
    expect(found.count).toBe(named.count);
    for (const symbol of ['_stext', 'init_uts_ns', 'modules', '__stop_BTF', 'param_ops_bool']) {
      expect(found.addresses(symbol)).toEqual(named.addresses(symbol));
    }
    expect([...found.symbols()].slice(-3)).toEqual([...named.symbols()].slice(-3));
  });

  it('are not found where a part of them is not there', () => {
    const name = 'svm61-two';
    const kernel = openKernel(realDump(name));
    const tokens = kernel.vmcoreinfo.symbol('kallsyms_token_table') as bigint;
    const names = kernel.vmcoreinfo.symbol('kallsyms_names') as bigint;
    for (const at of [tokens, names + 0x100n]) {
      const vmcoreinfo = withoutKallsyms(realMemory(name).vmcoreinfo);
      const dump = realDump(name, { vmcoreinfo, runs: () => [] });
      dump.drop(Number(kernel.memory.physical(at) >> 12n));
      expect(() => openKernel(dump)).toThrow(/its kallsyms were not found|filtered/);
    }
  });
});

describe('a dump without VMCOREINFO', () => {
  it('has it in its memory, and finds it there', () => {
    const kernel = openKernel(realDump('vmx61-two', { vmcoreinfo: null }));
    expect(kernel.release).toBe(truthOf('vmx61-two').vms.release);
    expect(kernel.foundAt).toMatch(/^the page at 0x/);
  });

  it('has none that fits, and says which were tried', () => {
    const { dump } = madeKernel({ given: { vmcoreinfo: null } });
    expect(() => openKernel(dump)).toThrow('no Linux kernel was found: the dump has no VMCOREINFO');
    const guests = madeKernel({ given: { vmcoreinfo: null } });
    const encoder = new TextEncoder();
    guests.write(FREE, encoder.encode('OSRELEASE=5.4.0-guest\n'));
    guests.write(
      FREE + 0x1000n,
      Uint8Array.of(...Array(12).fill(0), ...encoder.encode('VMCOREINFO\0\0SYMBOL(_stext)=1\n')),
    );
    guests.dump.drop(Number(guests.physical(STEXT) >> 12n));
    expect(() => openKernel(guests.dump)).toThrow(KernelError);
    expect(() => openKernel(guests.dump)).toThrow(
      'no Linux kernel was found that fits its VMCOREINFO:\n' +
        '  VMCOREINFO of the page at 0x10020000: it has no SYMBOL(_stext)\n' +
        '  VMCOREINFO of the page at 0x10021000: it has no OSRELEASE',
    );
  });

  it('takes the text of the kernel that is there, not that of a guest', () => {
    const { dump, write, vmcoreinfo } = madeKernel({ given: { vmcoreinfo: null } });
    const texts = [vmcoreinfo.replace('6.18.15-test', '6.18.15-other'), vmcoreinfo];
    for (const [index, text] of texts.entries())
      write(FREE + BigInt(0x1000 * index), new TextEncoder().encode(text));
    const kernel = openKernel(dump);
    expect([kernel.release, kernel.foundAt]).toEqual(['6.18.15-test', 'the page at 0x10021000']);
  });

  it('is not looked through for ever', () => {
    const { dump } = madeKernel({ given: { vmcoreinfo: null } });
    let read = 0;
    const endless = {
      ...dump,
      runs: () => [{ start: 0, end: 1e12 }],
      readPage: () => {
        read++;
        return { bytes: null, gap: { reason: 'not-ram', text: '' } } as const;
      },
    };
    expect(() => openKernel(endless)).toThrow('none of its pages holds one');
    expect(read).toBe(1 << 20);
    const texts = madeKernel({ given: { vmcoreinfo: null } });
    const page = new Uint8Array(4096);
    page.set(new TextEncoder().encode('OSRELEASE=x\n'));
    const many = { ...texts.dump, runs: endless.runs, readPage: () => ({ bytes: page, gap: null }) };
    expect(() => openKernel(many)).toThrow('the page at 0x1f000: it has no SYMBOL(_stext)');
  });
});

describe('a made kernel', () => {
  it.each([
    ['four levels', {}],
    ['five levels', { levels: 5 }],
    ['encrypted memory', { encryption: 1n << 51n }],
    [
      'swapper_pg_dir',
      { info: { 'SYMBOL(init_top_pgt)': null, 'SYMBOL(swapper_pg_dir)': (STEXT + 0x1000n).toString(16) } },
    ],
  ] as const)('with %s is found', (_, options) => {
    const long = 'x'.repeat(200);
    const kernel = openKernel(madeKernel({ ...options, symbols: { [long]: FREE } }).dump);
    expect(kernel.symbols.address(long)).toBe(FREE);
    expect(kernel.symbols.address('none')).toBeNull();
    expect([...kernel.symbols.symbols()][0]).toEqual({ kind: 'D', name: '_stext', address: STEXT });
    expect(kernel.modules.size).toBe(0);
    expect(kernel.moduleTypes('kvm')).toBeNull();
  });

  it.each<[string, Readonly<Record<string, string | null>>, string]>([
    ['no phys_base', { 'NUMBER(phys_base)': null }, 'it has no NUMBER(phys_base)'],
    [
      'a wrong one',
      { 'NUMBER(phys_base)': '4096' },
      "the kernel's page table of level 4, pa 0x1002000, is taken out",
    ],
    [
      'no page tables',
      { 'SYMBOL(init_top_pgt)': null },
      'it has no SYMBOL(init_top_pgt) or SYMBOL(swapper_pg_dir)',
    ],
    [
      'another _stext',
      { 'SYMBOL(_stext)': (STEXT + 0x1000n).toString(16) },
      'kallsyms does not have _stext where',
    ],
    ['five levels of four', { 'NUMBER(pgtable_l5_enabled)': '1' }, 'not mapped by the kernel (level 4)'],
    ['another release', { OSRELEASE: '6.1.0' }, 'init_uts_ns does not say 6.1.0'],
    ['a count that is zero', { 'SYMBOL(kallsyms_num_syms)': FREE.toString(16) }, 'kallsyms claims 0 symbols'],
    ['names elsewhere', { 'SYMBOL(kallsyms_names)': 'ffffffff99000000' }, 'not mapped by the kernel'],
  ])('is refused with %s', (_, info, message) => {
    expect(() => openKernel(madeKernel({ info }).dump)).toThrow(message);
  });

  it('is refused where its page tables say something else', () => {
    const { dump, write64, physical } = madeKernel();
    // The entry of _stext at level 1 points to another page of the image.
    write64(STEXT + 0x4000n + 8n * ((STEXT >> 12n) & 0x1ffn), physical(FREE) | 1n);
    expect(() => openKernel(dump)).toThrow(
      "the kernel's page tables have _stext at 0x10020000, not at 0x10000000 as it says",
    );
  });

  it('of a release without numbers is taken for an old one', () => {
    const info = { 'NUMBER(sme_mask)': null };
    const kernel = openKernel(madeKernel({ release: 'custom', info, symbols: { Aa: FREE, BB: STEXT } }).dump);
    expect(kernel.release).toBe('custom');
    // These two have the same hash.
    expect([kernel.symbols.address('Aa'), kernel.symbols.address('BB')]).toEqual([FREE, STEXT]);
  });

  it('is not read on when the file fails', () => {
    const { dump } = madeKernel();
    const failing = {
      ...dump,
      readPage: () => {
        throw new TypeError('not of the dump');
      },
    };
    expect(() => openKernel(failing)).toThrow(TypeError);
    expect([isMissing(new BtfError('x')), isMissing(new Error('x'))]).toEqual([true, false]);
  });

  it('has large pages', () => {
    const { dump, write64, physical } = madeKernel();
    const image = openKernel(dump).memory;
    expect(image.physical(STEXT + 0x1234n)).toBe(0x1000_1234n);
    // The entry of level 2 becomes a page of 2 MiB, with the bit that is PAT in large pages.
    write64(STEXT + 0x3000n + 8n * ((STEXT >> 21n) & 0x1ffn), physical(STEXT) | 0x1081n);
    const large = openKernel(dump).memory;
    expect(large.physical(STEXT + 0x12_3456n)).toBe(0x1012_3456n);
  });

  it('has names that have no end', () => {
    const { dump, write } = madeKernel();
    const names = new Uint8Array(0x1000).fill(0xff);
    write(STEXT + 0x9000n, names);
    write(STEXT + 0xa000n, names);
    write(STEXT + 0xb000n, Uint8Array.of(0, 0, 0x10, 0));
    expect(() => openKernel(dump)).toThrow('not mapped by the kernel');
  });

  it('reads numbers and texts across pages', () => {
    const { dump, write } = madeKernel();
    const { memory } = openKernel(dump);
    write(FREE + 0xffcn, Uint8Array.of(1, 2, 3, 4));
    write(FREE + 0x1000n, Uint8Array.of(5, 6, 7, 8, 0x41, 0x42, 0));
    expect(memory.u64(FREE + 0xffcn)).toBe(0x0807_0605_0403_0201n);
    expect([1, 2, 4].map((bytes) => memory.word(FREE + 0xffcn, bytes))).toEqual([1n, 0x201n, 0x403_0201n]);
    expect(memory.text(FREE + 0x1004n)).toBe('AB');
    write(FREE + 0x2ffen, Uint8Array.of(0x43, 0x44));
    write(FREE + 0x3000n, Uint8Array.of(0x45, 0));
    expect(memory.text(FREE + 0x2ffen)).toBe('CDE');
    expect(memory.text(FREE + 0x2ffen, 2)).toBe('CD');
    expect(() => memory.u64(0xffff_ffff_9000_0000n)).toThrow(
      '0xffffffff90000000: not mapped by the kernel (level 2)',
    );
  });

  it('names the page that is missing', () => {
    const { dump, physical } = madeKernel();
    const { memory } = openKernel(dump);
    dump.drop(Number(physical(FREE) >> 12n));
    let caught: unknown;
    try {
      memory.read(FREE + 8n, 8);
    } catch (error) {
      caught = error;
    }
    expect(isMissing(caught)).toBe(true);
    expect(caught).toMatchObject({
      name: 'MissingMemory',
      reason: 'filtered',
      message: '0xffffffff81020008: its page, pa 0x10020000, is taken out (filtered)',
    });
  });

  it('has no types without BTF, and says so', () => {
    expect(() => openKernel(madeKernel().dump).types).toThrow('the kernel has no type information');
    const symbols = { __start_BTF: FREE, __stop_BTF: FREE };
    expect(() => openKernel(madeKernel({ symbols }).dump).types).toThrow(
      'the kernel has no type information',
    );
    const large = { __start_BTF: FREE, __stop_BTF: FREE + (1n << 27n) };
    expect(() => openKernel(madeKernel({ symbols: large }).dump).types).toThrow('no type information');
  });

  it('has types by name', () => {
    const btf = madeBtf([
      ['int', 1, 4, [0x0100_0020]],
      ['thing', 4, 4, ['value', 1, 0]],
    ]);
    const kernel = openKernel(madeKernel({ btf }).dump);
    expect(kernel.types).toBe(kernel.types);
    expect(kernel.struct('thing', FREE).get('value')).toBe(0n);
    expect(() => kernel.types.get('none')).toThrow(
      "there is no struct none in the kernel's type information",
    );
  });
});

describe('VMCOREINFO', () => {
  it('has numbers of each notation', () => {
    const info = new Vmcoreinfo(
      'OSRELEASE=6.1\nSYMBOL(_stext)=ffffffff81000000\nNUMBER(phys_base)=-4096\nNUMBER(VMALLOC_START)=0xff00\n' +
        'OFFSET(page.private)=40\nSIZE(page)=64\nNUMBER(odd)=12x\nSYMBOL(odd)=-1\nnothing\n',
    );
    expect(info.symbol('_stext')).toBe(STEXT);
    expect(info.number('phys_base')).toBe(-4096n);
    expect(info.number('VMALLOC_START')).toBe(0xff00n);
    expect([info.offset('page.private'), info.size('page')]).toEqual([40n, 64n]);
    expect([info.number('odd'), info.symbol('odd'), info.value('none')]).toEqual([null, null, null]);
  });
});
