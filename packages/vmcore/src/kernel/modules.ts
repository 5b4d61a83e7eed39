// SPDX-License-Identifier: GPL-2.0-only
import { Btf, MAX_BTF_BYTES } from '../btf/btf.ts';
import type { KernelMemory } from './kernel-memory.ts';
import { listNodes } from './lists.ts';
import { KernelError } from './missing-memory.ts';
import { Struct, type Types } from './struct.ts';

/** Modules, at most; machines have a few hundred. */
const MAX_MODULES = 1 << 13;

/** Symbols of a module, at most; kvm has 4 to 6 thousand. */
const MAX_SYMBOLS = 1 << 18;

/** Bytes of their names. */
const MAX_STRINGS = 1 << 24;

/** Parameters of a module, at most. */
const MAX_PARAMETERS = 1 << 10;

/*
 * A symbol of ELF64: 0 name  4 info  6 section  8 value  16 size.
 */
const SYMBOL_BYTES = 24;
const UNDEFINED = 0;

/** A symbol of a module. */
export interface ModuleSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Bytes of what it names; 0 where nothing says. */
  readonly size: number;
}

/** A module that is loaded. */
export interface Module {
  readonly name: string;
  /** Its `struct module`. */
  readonly struct: Struct;
  /**
   * Symbols by name.
   *
   * @throws MissingMemory, KernelError when they are not there
   */
  symbols(): ReadonlyMap<string, ModuleSymbol>;
  /**
   * Its parameters by name, as `/sys/module/NAME/parameters` shows them.
   *
   * @throws MissingMemory, KernelError when they are not there
   */
  parameters(): ReadonlyMap<string, Parameter>;
}

/** A parameter of a module: where it is, and what it is. */
export interface Parameter {
  /** Address of what it sets. */
  readonly address: bigint;
  /** Address of the functions that print and set it: `param_ops_bool` and its like, or the module's own. */
  readonly ops: bigint;
}

/** All modules that are loaded, the one loaded last first. */
export function* loadedModules(memory: KernelMemory, types: Types, head: bigint): Generator<Module, void> {
  const type = types.get('module');
  const link = type.offsetOf('list');
  for (const node of listNodes(memory, head, MAX_MODULES)) {
    const struct = new Struct(memory, type, node - link);
    let symbols: ReadonlyMap<string, ModuleSymbol> | null = null;
    yield {
      name: struct.text('name'),
      struct,
      symbols: () => (symbols ??= moduleSymbols(memory, types, struct)),
      parameters: () => moduleParameters(memory, types, struct),
    };
  }
}

function moduleSymbols(memory: KernelMemory, types: Types, module: Struct): Map<string, ModuleSymbol> {
  const table = new Struct(memory, types.get('mod_kallsyms'), module.get('kallsyms'));
  const count = table.number('num_symtab');
  if (count > MAX_SYMBOLS) throw new KernelError(`module ${module.text('name')} claims ${count} symbols`);
  const bytes = memory.read(table.get('symtab'), count * SYMBOL_BYTES);
  const view = new DataView(bytes.buffer);
  const strings = table.get('strtab');
  const symbols = new Map<string, ModuleSymbol>();
  for (let at = 0; at < bytes.length; at += SYMBOL_BYTES) {
    const name = view.getUint32(at, true);
    if (view.getUint16(at + 6, true) === UNDEFINED || name > MAX_STRINGS) continue;
    const text = memory.text(strings + BigInt(name));
    if (text === '') continue;
    symbols.set(text, {
      name: text,
      address: view.getBigUint64(at + 8, true),
      size: Number(view.getBigUint64(at + 16, true)),
    });
  }
  return symbols;
}

function moduleParameters(memory: KernelMemory, types: Types, module: Struct): Map<string, Parameter> {
  const type = types.get('kernel_param');
  const count = module.number('num_kp');
  if (count > MAX_PARAMETERS)
    throw new KernelError(`module ${module.text('name')} claims ${count} parameters`);
  const start = module.get('kp');
  const parameters = new Map<string, Parameter>();
  for (let index = 0; index < count; index++) {
    const parameter = new Struct(memory, type, start + BigInt(index * type.bytes));
    // A module's own name stands before the name of a parameter of a part of it.
    const name = memory.text(parameter.get('name'));
    parameters.set(name, { address: parameter.get('arg'), ops: parameter.get('ops') });
  }
  return parameters;
}

/**
 * Type information of a module; null where the kernel has none for it.
 *
 * @param head address of `btf_modules`
 */
export function moduleBtf(memory: KernelMemory, types: Types, head: bigint, module: Struct): Btf | null {
  const type = types.get('btf_module');
  const link = type.offsetOf('list');
  for (const node of listNodes(memory, head, MAX_MODULES)) {
    const one = new Struct(memory, type, node - link);
    if (one.get('module') !== module.address) continue;
    const btf = new Struct(memory, types.get('btf'), one.get('btf'));
    const bytes = btf.number('data_size');
    if (bytes > MAX_BTF_BYTES) throw new KernelError(`a module claims ${bytes} bytes of BTF`);
    return new Btf(memory.read(btf.get('data'), bytes), types.btf);
  }
  return null;
}

/** How a parameter is printed, by the name of the functions that print it. */
const PRINTERS: { readonly [Ops in string]?: (memory: KernelMemory, at: bigint) => string } = {
  param_ops_bool: (memory, at) => (memory.word(at, 1) === 0n ? 'N' : 'Y'),
  param_ops_bool_enable_only: (memory, at) => (memory.word(at, 1) === 0n ? 'N' : 'Y'),
  param_ops_bint: (memory, at) => String(BigInt.asIntN(32, memory.word(at, 4))),
  param_ops_invbool: (memory, at) => (memory.word(at, 1) === 0n ? 'Y' : 'N'),
  param_ops_byte: (memory, at) => String(memory.word(at, 1)),
  param_ops_short: (memory, at) => String(BigInt.asIntN(16, memory.word(at, 2))),
  param_ops_ushort: (memory, at) => String(memory.word(at, 2)),
  param_ops_int: (memory, at) => String(BigInt.asIntN(32, memory.word(at, 4))),
  param_ops_uint: (memory, at) => String(memory.word(at, 4)),
  param_ops_long: (memory, at) => String(BigInt.asIntN(64, memory.u64(at))),
  param_ops_ulong: (memory, at) => String(memory.u64(at)),
  param_ops_ullong: (memory, at) => String(memory.u64(at)),
  param_ops_hexint: (memory, at) => `0x${memory.word(at, 4).toString(16)}`,
  param_ops_charp: (memory, at) => {
    const text = memory.u64(at);
    return text === 0n ? '(null)' : memory.text(text);
  },
};

/** Names of the functions that print parameters of these types. */
export const PARAM_OPS: readonly string[] = Object.keys(PRINTERS);

/**
 * A parameter as `/sys/module` shows it; null where the functions that print it are not known here.
 *
 * @param ops name of those functions, such as `param_ops_bool`
 */
export function parameterText(memory: KernelMemory, ops: string, address: bigint): string | null {
  return PRINTERS[ops]?.(memory, address) ?? null;
}
