// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, field } from '../bits/bit-field.ts';
import { hex, U64_MAX } from '../bits/bits.ts';
import type { KernelRange } from '../kernel/kernel-range.ts';
import type {
  BitTest,
  Overlay,
  PluginFindingRule,
  PluginKind,
  SoftwareField,
  SoftwarePlace,
  Vendor,
} from './contract.ts';
import type { SpteKind } from './entry-kind.ts';
import { extendVendor } from './extend-vendor.ts';
import { initialRegistry, type Masks } from './masks.ts';
import { PluginError } from './plugin-error.ts';

/** Fields, kinds or findings that data may have, at most. */
const MAX_ITEMS = 64;
/** Characters of a name, at most. */
const MAX_NAME = 64;
/** Characters of other texts, at most. */
const MAX_TEXT = 500;

/**
 * Makes a vendor of data: what a plugin can say without code, laid over a vendor by `extendVendor()`. Nothing in it is
 * evaluated. The JSON Schema is `@spte/core/schemas/plugin.json`.
 *
 * @param data what JSON was parsed to; words are hex, bits are `59` or `62:60`
 * @throws PluginError (`SPTE_PLUGIN_DATA`) naming the place, the value and what it must be; what `extendVendor()` throws
 *
 * @example
 * ```ts
 * import { createMmu, judgeSpte, vendorFromData } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const both = '0x800000000000002';
 * const data = {
 *   name: 'dsm',
 *   fields: [{ name: 'shared', bits: '59', in: ['leaf'], set: 'sometimes', meaning: 'another node has the page' }],
 *   findings: { 'shared-writable': { severity: 'error', text: 'shared, but writable', mask: both, value: both } },
 * };
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vendorFromData(data, vmx()) });
 * judgeSpte(mmu, 0xe00000455299b77n, 1).map(({ code }) => code); // [ 'dsm/shared-writable' ]
 * ```
 */
export function vendorFromData(data: unknown, base: Vendor): Vendor {
  const { name, version, kernels, fields, masks, kinds, findings } = new Place('', data).members([
    'name',
    'version',
    'kernels',
    'fields',
    'masks',
    'kinds',
    'findings',
    '$schema',
  ]);
  const overlay: Overlay = {
    name: name.name(),
    version: version.optional((place) => place.text()),
    kernels: kernels.optional(rangeOf),
    software: fields.optional((place) => place.list(softwareOf)),
    masks: masks.optional(masksOf),
    kinds: kinds.optional((place) => place.entries(kindOf)),
    findings: findings.optional((place) => place.entries(findingOf)),
  };
  return extendVendor(base, overlay);
}

/** Something in the data, and where it stands. */
class Place {
  readonly path: string;
  readonly value: unknown;

  constructor(path: string, value: unknown) {
    this.path = path;
    this.value = value;
  }

  /** An error that names the place, what it must be and what it is. */
  wrong(must: string): PluginError {
    const got = this.value === undefined ? 'nothing' : JSON.stringify(this.value).slice(0, MAX_NAME);
    const where = this.path === '' ? 'the plugin' : this.path;
    return new PluginError('SPTE_PLUGIN_DATA', 'data', null, `${where} must be ${must}, got ${got}`);
  }

  /** The members of an object that has no others. */
  members<const Name extends string>(names: readonly Name[]): Readonly<Record<Name, Place>> {
    const object = this.#object();
    const other = Object.keys(object).find((name) => !(names as readonly string[]).includes(name));
    if (other !== undefined) {
      throw this.#at(other, object[other]).wrong(`left out, for there are only ${names.join(', ')}`);
    }
    return Object.fromEntries(names.map((name) => [name, this.#at(name, object[name])])) as Record<
      Name,
      Place
    >;
  }

  optional<T>(read: (place: Place) => T): T | undefined {
    return this.value === undefined ? undefined : read(this);
  }

  list<T>(read: (place: Place) => T): T[] {
    const { value } = this;
    if (!Array.isArray(value) || value.length > MAX_ITEMS) throw this.wrong(`a list of at most ${MAX_ITEMS}`);
    return value.map((item: unknown, i) => read(new Place(`${this.path}[${i}]`, item)));
  }

  /** The members of an object whose names are the plugin's own. */
  entries<T>(read: (place: Place) => T): Record<string, T> {
    const all = Object.entries(this.#object());
    if (all.length > MAX_ITEMS) throw this.wrong(`an object of at most ${MAX_ITEMS} members`);
    const named = all.map(([name, value]) => {
      new Place(`a name in ${this.path}`, name).name();
      return [name, read(this.#at(name, value))] as const;
    });
    return Object.fromEntries(named);
  }

  /** A text without control characters, which a terminal might obey. */
  text(most: number = MAX_TEXT): string {
    const { value } = this;
    if (typeof value !== 'string' || value.length > most || !/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u.test(value)) {
      throw this.wrong(`a text of 1 to ${most} characters, without control characters`);
    }
    return value;
  }

  name(): string {
    const { value } = this;
    if (typeof value !== 'string' || value.length > MAX_NAME || !/^[\w.-]+$/.test(value)) {
      throw this.wrong(`a name of at most ${MAX_NAME} letters, digits and any of _ . -`);
    }
    return value;
  }

  one<const Value extends string>(values: readonly Value[]): Value {
    const found = values.find((value) => value === this.value);
    if (found === undefined) throw this.wrong(`one of ${values.join(', ')}`);
    return found;
  }

  flag(): boolean {
    if (typeof this.value !== 'boolean') throw this.wrong('true or false');
    return this.value;
  }

  word(): bigint {
    const { value } = this;
    if (typeof value !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(value)) {
      throw this.wrong(`a word in hex, "0x0" to "${hex(U64_MAX)}"`);
    }
    return BigInt(value);
  }

  #at(name: string, value: unknown): Place {
    return new Place(this.path === '' ? name : `${this.path}.${name}`, value);
  }

  #object(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong('an object');
    return value as Readonly<Record<string, unknown>>;
  }
}

const RELEASE = /^\d{1,3}\.\d{1,3}(\.\d{1,5})?$/;

function rangeOf(place: Place): KernelRange {
  const { since, before } = place.members(['since', 'before']);
  return { since: since.optional(releaseOf), before: before.optional(releaseOf) };
}

function releaseOf(place: Place): string {
  const { value } = place;
  if (typeof value !== 'string' || !RELEASE.test(value))
    throw place.wrong('a release such as "6.16" or "6.1.120"');
  return value;
}

const HIGHEST_BIT = 63;

/** Bits as `59`, or `62:60` with the highest first. */
function bitsOf(place: Place): readonly [high: number, low: number] {
  const match = typeof place.value === 'string' ? /^(\d{1,2})(?::(\d{1,2}))?$/.exec(place.value) : null;
  const high = Number(match?.[1] ?? -1);
  const low = Number(match?.[2] ?? high);
  if (match === null || high < low || high > HIGHEST_BIT) {
    throw place.wrong('bits such as "59" or "62:60", within 63:0');
  }
  return [high, low];
}

const FIELD = ['name', 'bits', 'meaning', 'clear', 'why', 'values'] as const;

function fieldOf({
  name,
  bits,
  meaning,
  clear,
  why,
  values,
}: Readonly<Record<(typeof FIELD)[number], Place>>): BitField {
  const [high, low] = bitsOf(bits);
  return field(name.name(), high, low, 'kvm', meaning.text(), {
    clear: clear.optional((place) => place.text()),
    why: why.optional((place) => place.text()),
    values: values.optional((place) => place.entries((value) => value.text())),
  });
}

const PLACES: readonly SoftwarePlace[] = ['leaf', 'table', 'nonpresent'];

function softwareOf(place: Place): SoftwareField {
  const { in: places, set, kernels, ...rest } = place.members([...FIELD, 'in', 'set', 'kernels']);
  return {
    field: fieldOf(rest),
    in: places.list((one) => one.one(PLACES)),
    set: set.one(['always', 'sometimes']),
    kernels: kernels.optional(rangeOf),
  };
}

function masksOf(place: Place): Partial<Masks> {
  const words = Object.entries(initialRegistry.masks).filter(([, value]) => typeof value === 'bigint');
  const members = Object.entries(place.members(words.map(([name]) => name)));
  return Object.fromEntries(
    members.filter(([, { value }]) => value !== undefined).map(([name, at]) => [name, at.word()]),
  );
}

function kindOf(place: Place): PluginKind {
  const { mask, value, label, countsAs, fields, isMirror, kernels } = place.members([
    'mask',
    'value',
    'label',
    'countsAs',
    'fields',
    'isMirror',
    'kernels',
  ]);
  return {
    ...questionOf(mask, value),
    label: label.text(MAX_NAME),
    countsAs: countsAs.one(['empty', 'mmio', 'frozen']),
    fields: fields.optional((list) => list.list((one) => fieldOf(one.members(FIELD)))),
    isMirror: isMirror.optional((flag) => flag.flag()),
    kernels: kernels.optional(rangeOf),
  };
}

/** A mask and a value that an entry may have under it. */
function questionOf(mask: Place, value: Place): { readonly mask: bigint; readonly value: bigint } {
  const bits = mask.word();
  const word = value.word();
  if ((word & ~bits) !== 0n) throw value.wrong(`within its mask ${hex(bits)}, or no entry is ever one`);
  return { mask: bits, value: word };
}

function findingOf(place: Place): PluginFindingRule {
  const { severity, text, next, mask, value, kinds, levels, isMirror, kernels } = place.members([
    'severity',
    'text',
    'next',
    'mask',
    'value',
    'kinds',
    'levels',
    'isMirror',
    'kernels',
  ]);
  const where: BitTest = {
    ...questionOf(mask, value),
    kinds: kinds.optional((list) => list.list((one) => one.text(2 * MAX_NAME) as SpteKind)),
    levels: levels.optional((list) => list.list(levelOf)),
    isMirror: isMirror.optional((flag) => flag.flag()),
    kernels: kernels.optional(rangeOf),
  };
  return {
    severity: severity.one(['error', 'warning']),
    text: text.text(),
    next: next.optional((words) => words.text()),
    where,
  };
}

function levelOf(place: Place): number {
  const level = [1, 2, 3, 4, 5].find((known) => known === place.value);
  if (level === undefined) throw place.wrong('a level, 1 to 5');
  return level;
}
