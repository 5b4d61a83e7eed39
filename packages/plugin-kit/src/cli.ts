// SPDX-License-Identifier: GPL-2.0-only
import { extendVendor, type Overlay, type Policy, pluginRole, type Vendor, vendorFromData } from '@spte/core';
import { vmx } from '@spte/vendor-vmx';
import { checkPolicy, checkVendor, KIT_CHECKS } from './check-plugin.ts';
import { type Problem, problemText } from './problem.ts';

/** The world around the command. */
export interface CliIo {
  /** Writes to standard output. */
  readonly out: (text: string) => void;
  /** Writes to standard error. */
  readonly err: (text: string) => void;
  /** The exports of a module, or what JSON holds under `default`, by the path that was given. */
  readonly load: (file: string) => Promise<Readonly<Record<string, unknown>>>;
}

const HELP = `Usage: spte-plugin-kit check [options] FILE

Tries every vendor, policy and overlay that a module exports, as an object or as a function without arguments, or
a plugin of data, FILE.json. What is laid over a vendor is tried over EPT of @spte/vendor-vmx: for another one, export
the vendor that extendVendor() gives.

  --export NAME   only this export
  --kernel X      only this kernel; may be given several times
  --json          problems as JSON, one a line
  --list          the checks and what must hold
  --help          this text

Exit codes: 0 nothing wrong, 1 problems, 2 usage, or a module that cannot be loaded or exports no plugin.

  $ npx spte-plugin-kit check ./dist/index.js
  $ npx spte-plugin-kit check --kernel 6.8 --export mine ./dist/index.js
`;

interface Arguments {
  readonly file: string;
  readonly only: string | null;
  readonly kernels: readonly string[];
  readonly json: boolean;
}

class UsageError extends Error {}

/**
 * The command `spte-plugin-kit`.
 *
 * @param args without node and the script
 * @returns the exit code
 */
export async function main(args: readonly string[], io: CliIo): Promise<number> {
  if (args.includes('--help') || args.length === 0) {
    io.out(HELP);
    return args.length === 0 ? 2 : 0;
  }
  if (args.includes('--list')) {
    for (const [name, holds] of Object.entries(KIT_CHECKS)) io.out(`${name.padEnd(16)}  ${holds}\n`);
    return 0;
  }
  try {
    return await check(parse(args), io);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.err(`spte-plugin-kit: ${error.message}; --help says more\n`);
    return 2;
  }
}

function parse([command, ...rest]: readonly string[]): Arguments {
  if (command !== 'check') throw new UsageError(`there is no command ${String(command)}: check FILE`);
  const files: string[] = [];
  const kernels: string[] = [];
  let only: string | null = null;
  let json = false;
  for (let i = 0; i < rest.length; i++) {
    const flag = rest[i] as string;
    if (flag === '--json') json = true;
    else if (flag === '--kernel' || flag === '--export') {
      const value = rest[++i];
      if (value === undefined) throw new UsageError(`${flag} needs a value`);
      if (flag === '--kernel') kernels.push(value);
      else only = value;
    } else if (flag.startsWith('-')) throw new UsageError(`there is no option ${flag}`);
    else files.push(flag);
  }
  const [file, ...more] = files;
  if (file === undefined || more.length > 0) throw new UsageError(`give one FILE, got ${files.length}`);
  return { file, only, kernels, json };
}

/** A plugin that a module exports. */
interface Found {
  readonly name: string;
  readonly problems: (kernels: readonly string[] | undefined) => Problem[];
}

async function check({ file, only, kernels, json }: Arguments, io: CliIo): Promise<number> {
  const exported = await load(file, io);
  const entries = Object.entries(exported).filter(([name]) => only === null || name === only);
  // A plugin that is the default, too, is one.
  const found = entries
    .filter(([, value], i) => entries.findIndex(([, other]) => other === value) === i)
    .flatMap(([name, value]) => pluginOf(name, value, file.endsWith('.json')));
  if (found.length === 0) {
    const names = Object.keys(exported);
    throw new UsageError(
      `${file} exports no plugin${only === null ? '' : ` ${only}`}; it exports ${names.length === 0 ? 'nothing' : names.map((name) => exportText(name, exported[name])).join(', ')}`,
    );
  }
  let count = 0;
  for (const { name, problems } of found) {
    const wrong = problems(kernels.length === 0 ? undefined : kernels);
    count += wrong.length;
    for (const problem of wrong) io.out(`${json ? JSON.stringify(problem) : problemText(problem)}\n`);
    if (wrong.length === 0 && !json) io.out(`${name}: nothing wrong\n`);
  }
  return count === 0 ? 0 : 1;
}

async function load(file: string, io: CliIo): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await io.load(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be loaded: ${String(error)}`);
  }
}

/** An export by its name; a maker that throws says why. */
function exportText(name: string, value: unknown): string {
  if (typeof value !== 'function' || value.length > 0) return name;
  try {
    (value as () => unknown)();
    return name;
  } catch (error) {
    return `${name}, which throws ${String(error)}`;
  }
}

/** An export as a plugin; nothing for anything else, such as constants and functions with arguments. */
function pluginOf(name: string, value: unknown, isData: boolean): Found[] {
  const make = typeof value === 'function' && value.length === 0 ? (value as () => unknown) : () => value;
  let plugin: unknown;
  try {
    plugin = make();
  } catch {
    return [];
  }
  const role = isData ? 'overlay' : pluginRole(plugin);
  if (role === null) return [];
  // What has no contract of its own is laid over a vendor: data by its words, code by its hooks.
  if (role === 'overlay') {
    const lay = isData
      ? (over: unknown) => vendorFromData(over, vmx())
      : (over: unknown) => extendVendor(vmx(), over as Overlay);
    return [{ name, problems: (kernels) => checkVendor(() => lay(make()), { kernels }) }];
  }
  return [
    {
      name,
      problems: (kernels) =>
        role === 'vendor'
          ? checkVendor(make as () => Vendor, { kernels })
          : checkPolicy(make as () => Policy, { kernels }),
    },
  ];
}
