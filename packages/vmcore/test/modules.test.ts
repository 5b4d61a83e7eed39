// SPDX-License-Identifier: GPL-2.0-only
import { realDump } from '@spte/testing/dumps';
import { type Module, openKernel } from '@spte/vmcore';
import { describe, expect, it } from 'vitest';
import { parameterText } from '../src/kernel/modules.ts';
import { FREE, madeKernel } from './made-kernel.ts';

/** A real kernel in which a member of the module kvm is another value. */
function changed(path: string, value: bigint): Module {
  const dump = realDump('svm61-two');
  const before = openKernel(dump);
  const { struct } = before.modules.get('kvm') as Module;
  dump.poke64(before.memory.physical(struct.addressOf(path)), value);
  return openKernel(dump).modules.get('kvm') as Module;
}

describe('a module', () => {
  const dump = realDump('svm61-two');
  const kernel = openKernel(dump);
  const kvm = kernel.modules.get('kvm') as Module;

  it('has symbols with their size, each read once', () => {
    expect(kvm.symbols()).toBe(kvm.symbols());
    expect(kvm.symbols().get('shadow_phys_bits')?.size).toBe(1);
    expect(kvm.symbols().get('shadow_me_mask')?.size).toBe(8);
    expect(kvm.symbols().has('')).toBe(false);
    expect(kvm.symbols().get('printk') ?? kvm.symbols().get('_printk')).toBeUndefined();
  });

  it('has no symbols of names that are none', () => {
    const table = kernel.struct('mod_kallsyms', kvm.struct.get('kallsyms'));
    const odd = realDump('svm61-two');
    const first = kernel.memory.physical(table.get('symtab') + 24n);
    const [, one, two] = [...kvm.symbols().keys()];
    const word = odd.read(first, 8) as Uint8Array;
    odd.poke(first, Uint8Array.of(0, 0, 0, 0, word[4] as number, 0, 1, 0));
    odd.poke(first + 24n, Uint8Array.of(255, 255, 255, 255, word[4] as number, 0, 1, 0));
    const symbols = openKernel(odd).modules.get('kvm')?.symbols();
    expect([one, two].filter((name) => symbols?.has(name as string) === true).length).toBeLessThan(2);
    expect(symbols?.has('')).toBe(false);
  });

  it('that claims too much is refused', () => {
    expect(() => changed('num_kp', 1n << 20n).parameters()).toThrow('module kvm claims 1048576 parameters');
    const symbols = openKernel(dump).struct('mod_kallsyms', kvm.struct.get('kallsyms'));
    const claimed = realDump('svm61-two');
    claimed.poke64(kernel.memory.physical(symbols.addressOf('num_symtab')), 1n << 24n);
    const module = openKernel(claimed).modules.get('kvm') as Module;
    expect(() => module.symbols()).toThrow('module kvm claims 16777216 symbols');
  });

  it('has type information of its own only where the kernel has some', () => {
    const head = kernel.symbols.address('btf_modules') as bigint;
    const none = realDump('svm61-two');
    none.poke64(kernel.memory.physical(head), head);
    expect(openKernel(none).moduleTypes('kvm')).toBeNull();
    const node = kernel.memory.u64(head);
    const type = kernel.types.get('btf_module');
    const own = openKernel(dump).struct('btf_module', node - type.offsetOf('list'));
    const btf = kernel.struct('btf', own.get('btf'));
    const large = realDump('svm61-two');
    large.poke64(kernel.memory.physical(btf.addressOf('data_size')), 0x7fff_ffffn);
    const name = [...kernel.modules.values()].find(
      ({ struct }) => struct.address === own.get('module'),
    )?.name;
    expect(() => openKernel(large).moduleTypes(name ?? '')).toThrow(
      'a module claims 2147483647 bytes of BTF',
    );
  });
});

describe('a parameter', () => {
  const { dump, write, write64 } = madeKernel();
  write(FREE, Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
  write(FREE + 16n, new TextEncoder().encode('a text\0'));
  write64(FREE + 32n, FREE + 16n);
  const { memory } = openKernel(dump);
  const empty = FREE + 40n;

  it.each([
    ['bool', FREE, 'Y'],
    ['bool', empty, 'N'],
    ['bool_enable_only', FREE, 'Y'],
    ['bool_enable_only', empty, 'N'],
    ['invbool', FREE, 'N'],
    ['invbool', empty, 'Y'],
    ['bint', empty, '0'],
    ['byte', FREE, '254'],
    ['short', FREE, '-2'],
    ['ushort', FREE, '65534'],
    ['int', FREE, '-2'],
    ['uint', FREE, '4294967294'],
    ['long', FREE, '-2'],
    ['ulong', FREE, '18446744073709551614'],
    ['ullong', FREE, '18446744073709551614'],
    ['hexint', FREE, '0xfffffffe'],
    ['charp', FREE + 32n, 'a text'],
    ['charp', empty, '(null)'],
    ['other', FREE, null],
  ])('of type %s at %s is %s', (type, at, text) => {
    expect(parameterText(memory, `param_ops_${type}`, at)).toBe(text);
  });
});
