// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

/** Parts of a real trace.dat, from which the tests put files together. */
interface Parts {
  readonly provenance: string;
  readonly headerInfo: string;
  readonly ftraceFormats: string;
  readonly eventFormats: string;
  readonly cmdlines: string;
  readonly pages: string;
  /** What `trace-cmd report -R` prints of it. */
  readonly raw: string;
}

const packed = readFileSync(new URL('./fixtures/trace-dat.json.gz', import.meta.url));
export const parts: Parts = JSON.parse(gunzipSync(packed).toString()) as Parts;

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
const u16 = (value: number): Buffer => Buffer.from(new Uint16Array([value]).buffer);
export const u32 = (value: number): Buffer => Buffer.from(new Uint32Array([value]).buffer);
const u64 = (value: number | bigint): Buffer => Buffer.from(new BigUint64Array([BigInt(value)]).buffer);
const text = (value: string): Buffer => Buffer.from(`${value}\0`, 'latin1');
const file = (value: Buffer): Buffer => Buffer.concat([u64(value.length), value]);

export const PAGE = 4096;
export const pages: Buffer = bytes(parts.pages);

/** Pages of the fixture dealt out to CPUs, in turn. */
function deal(cpus: number): Buffer[] {
  const hands: Buffer[][] = Array.from({ length: cpus }, () => []);
  for (let at = 0; at < pages.length; at += PAGE)
    hands[(at / PAGE) % cpus]?.push(pages.subarray(at, at + PAGE));
  return hands.map((hand) => Buffer.concat(hand));
}

/** An instance of ftrace beside the top one. */
interface Instance {
  readonly name: string;
  readonly data: readonly Buffer[];
  /** `local` when absent. */
  readonly clock?: string;
  /** Version 6: an offset of its own, for what was not written; the place behind all else when absent. */
  readonly offset?: number;
  /** Version 6: whether an option says how many CPUs it has. */
  readonly counted?: boolean;
}

export interface Layout {
  readonly instances?: readonly Instance[];
  readonly cpus?: number;
  readonly formats?: Buffer;
  readonly headerInfo?: Buffer;
  readonly cmdlines?: Buffer;
  readonly ftraceFormats?: Buffer;
  readonly clock?: string;
  readonly data?: readonly Buffer[];
  /** Whether data begins at a page, as trace-cmd demands; true when absent. */
  readonly aligned?: boolean;
}

function start(version: string): Buffer {
  return Buffer.concat([
    Buffer.from('\x17\x08Dtracing', 'latin1'),
    text(version),
    Buffer.from([0, 8]),
    u32(PAGE),
  ]);
}

const option = (id: number, data: Buffer): Buffer => Buffer.concat([u16(id), u32(data.length), data]);
const clockText = (clock: string): Buffer => text(`local [${clock}] x86-tsc`);

/** Zeros up to the next page. */
const padding = (at: number, { aligned = true }: Layout): Buffer =>
  Buffer.alloc(aligned ? (PAGE - (at % PAGE)) % PAGE : 0);

/** Where the data of each CPU is, then the data. */
function placed(data: readonly Buffer[], at: number, layout: Layout): Buffer {
  const gap = padding(at + 16 * data.length, layout);
  let offset = at + 16 * data.length + gap.length;
  const places = data.map((pages) => {
    offset += pages.length;
    return Buffer.concat([u64(offset - pages.length), u64(pages.length)]);
  });
  return Buffer.concat([...places, gap, ...data]);
}

/** A file of version 6. */
export function version6(
  layout: Layout & { readonly options?: boolean; readonly section?: string } = {},
): Buffer {
  const { cpus = 1, options = true, section = 'flyrecord', clock = 'local', instances = [] } = layout;
  const data = layout.data ?? deal(cpus);
  const headOf = (offsets: readonly number[]): Buffer =>
    Buffer.concat([
      start('6'),
      layout.headerInfo ?? bytes(parts.headerInfo),
      layout.ftraceFormats ?? bytes(parts.ftraceFormats),
      layout.formats ?? bytes(parts.eventFormats),
      u32(4),
      Buffer.from('syms'),
      u32(0),
      layout.cmdlines ?? bytes(parts.cmdlines),
      u32(data.length),
      ...(options
        ? [
            text('options  '),
            option(5, text('Linux box')),
            option(4, clockText(clock)),
            option(8, u32(1)),
            ...instances.flatMap(({ name, data, counted = false }, index) => [
              option(3, Buffer.concat([u64(offsets[index] ?? 0), text(name)])),
              ...(counted ? [option(8, u32(data.length))] : []),
            ]),
            u16(0),
          ]
        : []),
      text(section),
    ]);
  const head = headOf([]);
  const body = [placed(data, head.length, layout)];
  let at = head.length + (body[0]?.length ?? 0);
  const offsets = instances.map(({ data, offset = at }) => {
    const part = Buffer.concat([text('flyrecord'), placed(data, at + 10, layout)]);
    body.push(part);
    at += part.length;
    return offset;
  });
  return Buffer.concat([headOf(offsets), ...body]);
}

/** How a file of version 7 is to be. */
interface Layout7 extends Layout {
  readonly compressed?: boolean;
  /** How a block is compressed; by gzip, which the tests can undo, when absent. */
  readonly pack?: (data: Buffer) => Buffer;
  readonly nextOptions?: number;
  /** How often the options name the formats; once when absent. */
  readonly repeatFormats?: number;
  /** How many bytes each block is said to have uncompressed. */
  readonly claim?: number;
}

/** A file of version 7. */
export function version7(layout: Layout7 = {}): Buffer {
  const { cpus = 1, compressed = false, pack: compress = gzipSync, clock = 'local', instances = [] } = layout;
  const compression = compressed ? 'gzip' : 'none';
  const head = Buffer.concat([start('7'), text(compression), text('1.0')]);
  const block = (data: Buffer): Buffer => {
    const content = compress(data);
    return Buffer.concat([u32(content.length), u32(layout.claim ?? data.length), content]);
  };
  const body: Buffer[] = [];
  let at = head.length + 8;
  const append = (data: Buffer): number => {
    body.push(data);
    at += data.length;
    return at - data.length;
  };
  const section = (id: number, data: Buffer, pack = compressed): number => {
    const content = pack ? block(data) : data;
    return append(Buffer.concat([u16(id), u16(Number(pack)), u32(0), u64(content.length), content]));
  };
  const headerInfo = section(16, layout.headerInfo ?? bytes(parts.headerInfo));
  const formats = section(18, layout.formats ?? bytes(parts.eventFormats));
  const cmdlines = section(21, layout.cmdlines ?? bytes(parts.cmdlines));
  const bufferOf = ({ name, data, clock = 'local' }: Instance): Buffer => {
    const flyrecord = append(Buffer.concat([u16(3), u16(Number(compressed)), u32(0), u64(0)]));
    const places = data.map((pages, cpu) => {
      const chunks = [pages.subarray(0, 2 * PAGE), pages.subarray(2 * PAGE)];
      if (!compressed) append(padding(at, layout));
      const stored = compressed ? Buffer.concat([u32(chunks.length), ...chunks.map(block)]) : pages;
      // The number of chunks is not counted.
      const size = pages.length === 0 ? 0 : stored.length - (compressed ? 4 : 0);
      return Buffer.concat([u32(cpu), u64(append(stored)), u64(size)]);
    });
    return option(
      3,
      Buffer.concat([u64(flyrecord), text(name), text(clock), u32(PAGE), u32(data.length), ...places]),
    );
  };
  const buffers = [{ name: '', data: layout.data ?? deal(cpus), clock }, ...instances].map(bufferOf);
  const second = section(0, Buffer.concat([...buffers, option(0, u64(layout.nextOptions ?? 0))]), false);
  const first = section(
    0,
    Buffer.concat([
      option(16, u64(headerInfo)),
      ...Array.from({ length: layout.repeatFormats ?? 1 }, () => option(18, u64(formats))),
      option(21, u64(cmdlines)),
      option(4, text('no clock in use')),
      // Without a NUL at its end.
      option(5, Buffer.from('Linux box')),
      option(9, text('3.1.6')),
      option(0, u64(second)),
    ]),
    false,
  );
  return Buffer.concat([head, u64(first), ...body]);
}

/** The one `format` file as a set of systems. */
export function formatsOf(...formats: string[]): Buffer {
  return Buffer.concat([
    u32(1),
    text('kvmmmu'),
    u32(formats.length),
    ...formats.map((one) => file(Buffer.from(one))),
  ]);
}

/** `header_page` and `header_event` of a kernel. */
export function headerInfoOf(headerPage: string): Buffer {
  return Buffer.concat([
    text('header_page'),
    file(Buffer.from(headerPage)),
    text('header_event'),
    file(Buffer.from('x')),
  ]);
}

export function cmdlinesOf(lines: string): Buffer {
  return file(Buffer.from(lines));
}

export const gunzip = (packed: Uint8Array): Uint8Array => new Uint8Array(gunzipSync(packed));

/** A page with records given as words. */
export function pageOf(words: readonly number[], used: number = words.length * 4): Buffer {
  const page = Buffer.alloc(PAGE);
  u64(1_000_000_000n).copy(page, 0);
  u64(used).copy(page, 8);
  for (const [index, word] of words.entries()) page.writeUInt32LE(word >>> 0, 16 + 4 * index);
  return page;
}
