// SPDX-License-Identifier: GPL-2.0-only

/** A kind of file that is not read here, and what to do with it. */
interface Foreign {
  readonly what: string;
  /** First bytes, each as a character. */
  readonly magic: string;
  /** Where they stand. */
  readonly at?: number;
  readonly instead: string;
  /** Whether a memory image may be such a file. */
  readonly isImage?: true;
}

const decompress = (what: string, program: string): Omit<Foreign, 'magic'> => ({
  what: `compressed by ${what}`,
  instead: `decompress it first, with \`${program} -d\``,
});

const unpack = (what: string): Omit<Foreign, 'magic'> => ({
  what: `${what} archive`,
  instead: 'unpack it, and name a file of it',
});

const SAVED = 'dump the memory with `virsh dump --memory-only` or with `dump-guest-memory` of QEMU';

const FOREIGN: readonly Foreign[] = [
  { magic: '\xfd7zXZ\0', ...decompress('xz', 'xz') },
  { magic: 'BZh', ...decompress('bzip2', 'bzip2') },
  { magic: '\x04\x22\x4d\x18', ...decompress('lz4', 'lz4') },
  { magic: '\x89LZO\0', ...decompress('lzop', 'lzop') },
  { magic: '\x1f\x9d', ...decompress('compress', 'gzip') },
  { magic: 'PK\x03\x04', ...unpack('a zip') },
  { magic: '7z\xbc\xaf\x27\x1c', ...unpack('a 7z') },
  { magic: 'ustar', at: 257, ...unpack('a tar') },
  { magic: 'PERFILE2', what: 'a perf.data', instead: 'print it with `perf script -i`, and read that' },
  {
    magic: 'LPKSHHRH',
    what: 'a journal of systemd',
    instead: 'print it with `journalctl -k --file`, and read that',
  },
  {
    magic: 'EMiL',
    what: 'an image of LiME with headers between its ranges',
    instead: 'take it again with format=padded',
  },
  { magic: 'QFI\xfb', what: 'a qcow2 image, of a disk', instead: SAVED },
  { magic: 'QEVM', what: 'a migration stream of QEMU', instead: SAVED },
  { magic: 'LibvirtQemudSave', what: 'a guest that libvirt saved', instead: SAVED },
  {
    magic: 'PAGEDU',
    what: 'a crash dump of Windows',
    instead: 'of a KVM host, dump the memory raw or as ELF',
  },
  { magic: '\x89PNG', what: 'a picture', instead: 'type the values: `spte decode`' },
  { magic: '\xff\xd8\xff', what: 'a picture', instead: 'type the values: `spte decode`' },
  { magic: '\x7fELF', what: 'an ELF file', instead: '`spte walk` reads ELF cores', isImage: true },
  { magic: 'KDUMP   ', what: 'a kdump', instead: '`spte walk` says how to get an ELF core', isImage: true },
  { magic: 'DISKDUMP', what: 'a kdump', instead: '`spte walk` says how to get an ELF core', isImage: true },
  {
    magic: 'makedumpfile',
    what: 'a kdump',
    instead: '`spte walk` says how to get an ELF core',
    isImage: true,
  },
];

const hasMagic = (bytes: Uint8Array, { magic, at = 0 }: Foreign): boolean =>
  Array.from(magic).every((character, index) => bytes[at + index] === character.charCodeAt(0));

const textOf = ({ what, instead }: Foreign): string => `it is ${what}: ${instead}`;

/** Why a file that begins so cannot be a memory image; null when it may be one. */
export function foreignImage(first: Uint8Array): string | null {
  const found = FOREIGN.find((foreign) => foreign.isImage !== true && hasMagic(first, foreign));
  return found === undefined ? null : textOf(found);
}

/** Why a file that begins so cannot be a text; null when it may be one. */
export function foreignText(first: Uint8Array): string | null {
  const found = FOREIGN.find((foreign) => hasMagic(first, foreign));
  if (found !== undefined) return textOf(found);
  return isBinary(first) ? 'it is binary, and of no form that is known here' : null;
}

/** Bytes that are looked at for whether they are text. */
const SAMPLE = 1 << 12;

/** Of text fewer are no characters: serial lines garble some. */
const MAX_GARBLED = 0.3;

/** Whether bytes are no text. NULs say nothing: kernels and crashes leave runs of them in logs. */
function isBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE);
  const garbled = Array.from(new TextDecoder().decode(sample, { stream: true })).filter(isGarbled).length;
  return garbled > MAX_GARBLED * sample.filter((byte) => byte !== 0).length;
}

/** Controls that texts have: NUL, bell, backspace, blanks, escape. */
const OF_TEXTS = '\0\u0007\b\t\n\v\f\r\u001B';

/** A character that texts do not have. */
const isGarbled = (character: string): boolean =>
  character === '\uFFFD' || (/\p{Cc}/u.test(character) && !OF_TEXTS.includes(character));
