// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { Btf, MAX_BTF_BYTES } from '../btf/btf.ts';
import type { Dump } from '../containers/dump.ts';
import { asciiOf } from '../containers/notes.ts';
import { findKallsyms } from './find-kallsyms.ts';
import { type FoundText, vmcoreinfoTexts } from './find-vmcoreinfo.ts';
import { Kallsyms, type KallsymsTables } from './kallsyms.ts';
import { KernelMemory } from './kernel-memory.ts';
import { isMissing, KernelError, tryRead } from './missing-memory.ts';
import { loadedModules, type Module, moduleBtf, PARAM_OPS, parameterText } from './modules.ts';
import { Struct, Types } from './struct.ts';
import { Vmcoreinfo } from './vmcoreinfo.ts';

/** Where the kernel's text is mapped without KASLR. */
const START_KERNEL_MAP = 0xffff_ffff_8000_0000n;

/** Bytes of `init_uts_ns` in which its release stands. */
const UTS_BYTES = 512;

/** Texts that are tried before the search for the kernel is given up. */
const MAX_CANDIDATES = 32;

/** A kernel in a dump: its memory, symbols, types and modules. */
export interface Kernel {
  readonly dump: Dump;
  readonly vmcoreinfo: Vmcoreinfo;
  /** Where that text was found. */
  readonly foundAt: string;
  /** Its release, such as `6.1.0-56-amd64`. */
  readonly release: string;
  readonly memory: KernelMemory;
  readonly symbols: Kallsyms;
  /**
   * Its types.
   *
   * @throws KernelError when it has no type information, or a part of it is not in the dump
   */
  readonly types: Types;
  /** Modules by name. */
  readonly modules: ReadonlyMap<string, Module>;
  /** Types of a module, and of the kernel where the module has none of its own; null without type information of it. */
  moduleTypes(name: string): Types | null;
  /** Parameters of a module as `/sys/module` shows them; null for one of a type that is not known here. */
  parameters(module: Module, own?: ParameterTypes): Map<string, string | null>;
  /** A struct at an address, by the types of the kernel. */
  struct(name: string, address: bigint): Struct;
}

/** How parameters are printed that have functions of their own, by the name of the symbol of these. */
export interface ParameterTypes {
  readonly [ops: string]: (memory: KernelMemory, address: bigint) => string;
}

/**
 * Finds the kernel in a dump, and its symbols and types.
 *
 * No debuginfo is needed: the kernel's text about itself (VMCOREINFO) says where its page tables are, these where
 * kallsyms and BTF are. A text that is not this kernel's, such as a guest's, is told by that.
 *
 * @throws KernelError when there is none; the message says what was tried
 *
 * @example
 * ```ts
 * import { openKernel } from '@spte/vmcore';
 *
 * typeof openKernel; // function
 * ```
 */
export function openKernel(dump: Dump): Kernel {
  const failures: string[] = [];
  for (const found of vmcoreinfoTexts(dump)) {
    const kernel = tryRead(() => kernelOf(dump, found));
    if (!isMissing(kernel)) return kernel;
    failures.push(`  VMCOREINFO of ${found.where}: ${kernel.message}`);
    if (failures.length === MAX_CANDIDATES) break;
  }
  throw new KernelError(
    failures.length === 0
      ? 'no Linux kernel was found: the dump has no VMCOREINFO, and none of its pages holds one'
      : `no Linux kernel was found that fits its VMCOREINFO:\n${failures.join('\n')}`,
  );
}

function kernelOf(dump: Dump, { text, where }: FoundText): Kernel {
  const vmcoreinfo = new Vmcoreinfo(text);
  const release = needed(vmcoreinfo.value('OSRELEASE'), 'OSRELEASE');
  const stext = needed(vmcoreinfo.symbol('_stext'), 'SYMBOL(_stext)');
  const memory = kernelMemory(dump, vmcoreinfo, stext);
  const symbols = kallsymsOf(memory, vmcoreinfo, release, stext);
  checkRelease(memory, symbols, release);
  let types: Types | null = null;
  const kernel: Kernel = {
    dump,
    vmcoreinfo,
    foundAt: where,
    release,
    memory,
    symbols,
    get types() {
      types ??= new Types(kernelBtf(memory, symbols));
      return types;
    },
    get modules() {
      modules ??= modulesOf(kernel);
      return modules;
    },
    moduleTypes: (name) => typesOfModule(kernel, name),
    parameters: (module, own = {}) => parametersOf(kernel, module, own),
    struct: (name, address) => new Struct(memory, kernel.types.get(name), address),
  };
  let modules: ReadonlyMap<string, Module> | null = null;
  return kernel;
}

function needed<Value>(value: Value | null, key: string): Value {
  if (value === null) throw new KernelError(`it has no ${key}`);
  return value;
}

function kernelMemory(dump: Dump, info: Vmcoreinfo, stext: bigint): KernelMemory {
  const physBase = needed(info.number('phys_base'), 'NUMBER(phys_base)');
  const root = needed(
    info.symbol('init_top_pgt') ?? info.symbol('swapper_pg_dir'),
    'SYMBOL(init_top_pgt) or SYMBOL(swapper_pg_dir)',
  );
  const physicalOf = (address: bigint): bigint => BigInt.asUintN(64, address - START_KERNEL_MAP + physBase);
  const memory = new KernelMemory(dump, {
    root: physicalOf(root),
    levels: info.number('pgtable_l5_enabled') === 1n ? 5 : 4,
    encryption: info.number('sme_mask') ?? 0n,
  });
  const found = memory.physical(stext);
  if (found !== physicalOf(stext)) {
    throw new KernelError(
      `the kernel's page tables have _stext at ${hex(found)}, not at ${hex(physicalOf(stext))} as it says`,
    );
  }
  return memory;
}

/** From this release on, names of more than 127 tokens have two bytes of length. */
const LONG_NAMES_SINCE = 601;

function kallsymsOf(memory: KernelMemory, info: Vmcoreinfo, release: string, stext: bigint): Kallsyms {
  const [, major = '0', minor = '0'] = /^(\d{1,3})\.(\d{1,3})/.exec(release) ?? [];
  const hasLongNames = Number(major) * 100 + Number(minor) >= LONG_NAMES_SINCE;
  const named = namedTables(memory, info, hasLongNames);
  if (named !== null) return new Kallsyms(memory, named, stext);
  for (const tables of findKallsyms(memory, stext, hasLongNames)) {
    const symbols = tryRead(() => new Kallsyms(memory, tables, stext));
    if (!isMissing(symbols)) return symbols;
  }
  throw new KernelError(
    'its kallsyms were not found: neither named in VMCOREINFO nor by what they look like',
  );
}

/** The tables as VMCOREINFO names them, since 6.0. */
function namedTables(memory: KernelMemory, info: Vmcoreinfo, hasLongNames: boolean): KallsymsTables | null {
  const symbol = (name: string): bigint | null => info.symbol(`kallsyms_${name}`);
  const [names, count, tokenTable, tokenIndex, offsets] = [
    symbol('names'),
    symbol('num_syms'),
    symbol('token_table'),
    symbol('token_index'),
    symbol('offsets'),
  ];
  if (names === null || count === null || tokenTable === null || tokenIndex === null || offsets === null) {
    return null;
  }
  return {
    count: Number(memory.word(count, 4)),
    names,
    tokenTable,
    tokenIndex,
    offsets,
    relativeBase: symbol('relative_base'),
    hasLongNames,
  };
}

/** A kernel of another release, whose tables are still there, is not the one that the text is of. */
function checkRelease(memory: KernelMemory, symbols: Kallsyms, release: string): void {
  const uts = needed(symbols.address('init_uts_ns'), 'symbol init_uts_ns');
  const bytes = memory.read(uts, UTS_BYTES);
  for (let at = bytes.indexOf(release.charCodeAt(0)); at >= 0; ) {
    if (asciiOf(bytes.subarray(at)) === release) return;
    at = bytes.indexOf(release.charCodeAt(0), at + 1);
  }
  throw new KernelError(`init_uts_ns does not say ${release}`);
}

function kernelBtf(memory: KernelMemory, symbols: Kallsyms): Btf {
  const start = symbols.address('__start_BTF');
  const stop = symbols.address('__stop_BTF');
  if (start === null || stop === null || stop <= start || stop - start > BigInt(MAX_BTF_BYTES)) {
    throw new KernelError('the kernel has no type information (CONFIG_DEBUG_INFO_BTF)');
  }
  return new Btf(memory.read(start, Number(stop - start)));
}

function modulesOf(kernel: Kernel): Map<string, Module> {
  const head = kernel.symbols.address('modules');
  // Without that symbol the kernel has no modules at all (CONFIG_MODULES).
  const modules = head === null ? [] : loadedModules(kernel.memory, kernel.types, head);
  return new Map([...modules].map((module) => [module.name, module]));
}

function typesOfModule(kernel: Kernel, name: string): Types | null {
  const head = kernel.symbols.address('btf_modules');
  const module = kernel.modules.get(name);
  if (head === null || module === undefined) return null;
  const btf = moduleBtf(kernel.memory, kernel.types, head, module.struct);
  return btf === null ? null : new Types(btf);
}

function parametersOf(kernel: Kernel, module: Module, own: ParameterTypes): Map<string, string | null> {
  const { memory, symbols } = kernel;
  const names = new Map(
    PARAM_OPS.flatMap((name) => symbols.addresses(name).map((at) => [at, name] as const)),
  );
  const printers = new Map(
    Object.entries(own).flatMap(([name, print]) => {
      const symbol = module.symbols().get(name);
      return symbol === undefined ? [] : [[symbol.address, print] as const];
    }),
  );
  const texts = new Map<string, string | null>();
  for (const [name, { address, ops }] of module.parameters()) {
    const print = printers.get(ops);
    const known = names.get(ops);
    if (print !== undefined) texts.set(name, print(memory, address));
    else texts.set(name, known === undefined ? null : parameterText(memory, known, address));
  }
  return texts;
}
