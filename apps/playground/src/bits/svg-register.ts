// SPDX-License-Identifier: GPL-2.0-only
import { hexDigits } from './bit-ranges.ts';
import { type Bracket, bracketsOf } from './brackets.ts';
import type { Cell } from './cells.ts';
import { ON_OWNER, OWNER_NAMES, OWNERS, type Owner } from './owners.ts';

const PER_LINE = 32;
/** Measures in user units. */
const BIT = 28;
const LINE = 76;
const TOP = 36;
const MARGIN = 8;

/** What a text must not have in XML. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const xml = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? '');

/** The second sign of an owner, over the colour of a set bit. */
const SIGNS: Readonly<Record<(typeof OWNERS)[Owner]['sign'], string>> = {
  solid: '',
  bracket: '',
  dots: '<circle cx="3" cy="3" r="1" fill="#fff" fill-opacity="0.5"/>',
  stripes: '<path d="M0 6 6 0" stroke="#fff" stroke-opacity="0.35"/>',
  hatched: '<path d="M0 0 6 6" stroke="#fff" stroke-opacity="0.35"/>',
};

/** An entry as an SVG picture on white: two lines of 32 bits, brackets with the names and values of the fields below. */
export function svgRegister(value: bigint, cells: readonly Cell[]): string {
  const lines = Array.from({ length: cells.length / PER_LINE }, (_, index) =>
    cells.slice(index * PER_LINE, (index + 1) * PER_LINE),
  );
  const width = PER_LINE * BIT + 2 * MARGIN;
  const height = TOP + lines.length * LINE;
  const name = `0x${hexDigits(value).join('')}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="monospace" text-anchor="middle">`,
    `<title>${name}</title>`,
    `<defs>${OWNER_NAMES.map(pattern).join('')}</defs>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="22" font-size="20" font-weight="600" text-anchor="start">${name}</text>`,
    ...lines.flatMap((line, index) => svgLine(line, TOP + index * LINE)),
    '</svg>',
  ].join('\n');
}

const pattern = (owner: Owner): string =>
  `<pattern id="sign-${owner}" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="${OWNERS[owner].light}"/>${SIGNS[OWNERS[owner].sign]}</pattern>`;

function svgLine(line: readonly Cell[], y: number): string[] {
  const left = (bit: number): number => MARGIN + ((line[0]?.bit ?? 0) - bit) * BIT;
  return [
    ...line.map((cell) => svgBit(cell, left(cell.bit), y)),
    ...bracketsOf(line).map((bracket) => svgBracket(bracket, left(bracket.high), y)),
  ];
}

function svgBit({ bit, set, owner, wrong }: Cell, x: number, y: number): string {
  const { light } = OWNERS[owner];
  const box = set
    ? `fill="url(#sign-${owner})" stroke="${light}"`
    : `fill="${light}" fill-opacity="0.09" stroke="${light}" stroke-opacity="0.35"`;
  const mark = wrong
    ? `<rect x="${x + 1}" y="${y + 15}" width="${BIT - 2}" height="28" fill="none" stroke="#b3001b" stroke-width="3"/>`
    : '';
  const ink = set ? `fill="${ON_OWNER.light}" font-weight="700"` : 'fill="#15191f"';
  return [
    `<text x="${x + BIT / 2}" y="${y + 10}" font-size="11" fill="#525a66">${bit}</text>`,
    `<rect x="${x + 0.5}" y="${y + 14.5}" width="${BIT - 1}" height="29" ${box}/>`,
    mark,
    `<text x="${x + BIT / 2}" y="${y + 34}" font-size="15" ${ink}>${set ? 1 : 0}</text>`,
  ].join('');
}

function svgBracket({ high, low, owner, text }: Bracket, x: number, y: number): string {
  const width = (high - low + 1) * BIT;
  return [
    `<rect x="${x + 1}" y="${y + 46}" width="${width - 2}" height="3" fill="${OWNERS[owner].light}"/>`,
    `<text x="${x + 3}" y="${y + 61}" font-size="11" text-anchor="start">${xml(text)}</text>`,
  ].join('');
}
