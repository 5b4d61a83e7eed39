// SPDX-License-Identifier: GPL-2.0-only
// What the functions of a package take, from its API report: the table of its `checked.ts`.
import ts from 'typescript';

/** Arguments that are numbers of something, and how many there are. What is no bit and no level is not negative. */
const RANGES = new Map([
  ['access', '0..15'],
  ['level', '1..5'],
  ['high', '0..63'],
  ['low', '0..63'],
  ['n', '0..63'],
]);
/** Types that callers write by hand. */
const BY_HAND = /(?:Options|Config|Request)$/;

const COUNT = `0..${Number.MAX_SAFE_INTEGER}`;
const INTEGER = `${Number.MIN_SAFE_INTEGER}..${Number.MAX_SAFE_INTEGER}`;

/** Arguments of which the type says less, or more, than the function takes. */
const OWN = new Map([
  ['u64.value', 'bigint'],
  ['checkU64.value', 'any'],
  ['checkInteger.value', 'any'],
  ['checkLevel.level', 'any'],
  ['checkOneOf.value', 'any'],
  ['checkU32.value', 'any'],
  ['checkInteger.min', INTEGER],
  ['checkInteger.max', INTEGER],
  // As in C, which counts backwards, and looks at six bits.
  ['makeHugePageSplitSpte.index', INTEGER],
  ['rsvdBits.s', '0..63'],
  ['rsvdBits.e', INTEGER],
  // No bit at all.
  ['bits.high', '-1..63'],
]);

/** Types of the language, or of a runtime, by the kind that they are. */
const KNOWN = new Map([
  ['Iterable', 'iterable'],
  ['AsyncIterable', 'iterable'],
  ['Uint8Array', 'bytes'],
  ['ReadonlySet', 'object'],
  ['ReadonlyMap', 'object'],
  ['Record', 'object'],
  ['Readonly', 'object'],
  ['Partial', 'object'],
  ['Omit', 'object'],
]);

/**
 * The declarations of API reports, by name. The first of a name counts.
 *
 * @param {readonly string[]} reports
 */
export function declarationsOf(reports) {
  /** @type {Map<string, ts.Statement>} */
  const found = new Map();
  for (const report of reports) {
    for (const statement of ts.createSourceFile('api.d.ts', report, ts.ScriptTarget.ES2023, true)
      .statements) {
      const name = /** @type {ts.DeclarationStatement} */ (statement).name?.getText();
      if (name !== undefined && !found.has(name)) found.set(name, statement);
    }
  }
  return found;
}

/**
 * The table of a package.
 *
 * @param {string} report of the package's main entry point
 * @param {readonly string[]} others reports of packages whose types it names
 * @returns {import('../../packages/core/src/bits/checked.ts').Signatures}
 */
export function signaturesOf(report, others) {
  const declarations = declarationsOf([report, ...others]);
  /** @type {Record<string, Record<string, string>>} */
  const types = {};
  const context = { declarations, types };
  const functions = [...declarationsOf([report]).values()]
    .filter(ts.isFunctionDeclaration)
    .filter(({ parameters }) => parameters.length > 0)
    .map((declared) => /** @type {const} */ ([declared.name?.text ?? '', argumentsOf(context, declared)]));
  const closed = Object.keys(types).filter((type) => BY_HAND.test(type) && isWhole(context, type));
  return { functions: Object.fromEntries(functions), types, closed };
}

/** Whether all members of an interface are known: it inherits from none that is made of another. @param {Context} context @param {string} name @returns {boolean} */
function isWhole({ declarations, ...rest }, name) {
  const declared = declarations.get(name);
  const inherited = declared && ts.isInterfaceDeclaration(declared) ? (declared.heritageClauses ?? []) : [];
  return inherited
    .flatMap(({ types }) => [...types])
    .every(
      ({ expression, typeArguments }) =>
        !typeArguments && isWhole({ declarations, ...rest }, expression.getText()),
    );
}

/** @typedef {{ declarations: Map<string, ts.Statement>, types: Record<string, Record<string, string>> }} Context */

/**
 * @param {Context} context
 * @param {ts.FunctionDeclaration} declared
 */
function argumentsOf(context, { name, parameters, typeParameters = ts.factory.createNodeArray() }) {
  const open = new Map(typeParameters.map((one) => [one.name.text, one.constraint]));
  return Object.fromEntries(
    parameters.map((parameter) => {
      const argument = nameOf(parameter);
      const mark = parameter.dotDotDotToken ? '…' : '';
      const type = parameter.dotDotDotToken ? itemOf(parameter.type) : parameter.type;
      const place = `${name?.text ?? ''}.${argument}`;
      const kind = OWN.get(place) ?? kindOf({ ...context, open, argument, place, isDeep: true }, type);
      return [argument + (parameter.questionToken ? '?' : mark), kind];
    }),
  );
}

/** @param {ts.TypeNode | undefined} type */
const itemOf = (type) => (type && ts.isArrayTypeNode(type) ? type.elementType : undefined);

/**
 * What a parameter is called; one that is taken apart is called by its type.
 *
 * @param {ts.ParameterDeclaration} parameter
 */
function nameOf({ name, type }) {
  if (ts.isIdentifier(name)) return name.text;
  const text = type && ts.isTypeReferenceNode(type) ? type.typeName.getText() : 'options';
  const plain = ['Pick', 'Partial'].includes(text) ? 'options' : text;
  return plain.charAt(0).toLowerCase() + plain.slice(1);
}

/**
 * What a type is, as a word of the table.
 *
 * @param {Context & { open: Map<string, ts.TypeNode | undefined>, argument: string, place: string, isDeep: boolean }} at `isDeep` where members are looked at, too
 * @param {ts.TypeNode | undefined} type
 * @returns {string}
 */
function kindOf(at, type) {
  if (!type) return 'any';
  if (ts.isParenthesizedTypeNode(type)) return kindOf(at, type.type);
  if (ts.isTypeOperatorNode(type))
    return type.getText().startsWith('keyof') ? 'string' : kindOf(at, type.type);
  if (ts.isUnionTypeNode(type))
    return [...new Set(type.types.flatMap((one) => kindOf(at, one).split('|')))].join('|');
  if (ts.isIntersectionTypeNode(type))
    return kindOf(at, type.types.find(ts.isTypeLiteralNode) ?? type.types[0]);
  if (ts.isArrayTypeNode(type) || ts.isTupleTypeNode(type)) return 'list';
  if (ts.isFunctionTypeNode(type)) return 'function';
  if (ts.isTemplateLiteralTypeNode(type)) return 'string';
  if (ts.isLiteralTypeNode(type)) return literalKind(type.literal);
  if (ts.isTypeLiteralNode(type)) return membersKind(at, literalName(at), type.members);
  if (ts.isTypeReferenceNode(type)) return referenceKind(at, type);
  return keywordKind(at, type);
}

/** A type without a name is called by the argument; of several, the others have a number. @param {Parameters<typeof kindOf>[0]} at */
function literalName({ place, types, isDeep }) {
  if (!isDeep || !(place in types)) return place;
  return `${place}#${Object.keys(types).filter((name) => name.startsWith(place)).length + 1}`;
}

/** @param {ts.LiteralTypeNode['literal']} literal */
function literalKind(literal) {
  if (literal.kind === ts.SyntaxKind.NullKeyword) return 'null';
  return ts.isStringLiteral(literal) ? `=${literal.text}` : 'any';
}

/**
 * @param {Parameters<typeof kindOf>[0]} at
 * @param {ts.TypeNode} type
 */
function keywordKind({ argument, isDeep }, { kind }) {
  if (kind === ts.SyntaxKind.NumberKeyword) return isDeep ? (RANGES.get(argument) ?? COUNT) : 'number';
  const words = /** @type {Partial<Record<ts.SyntaxKind, string>>} */ ({
    [ts.SyntaxKind.BigIntKeyword]: 'u64',
    [ts.SyntaxKind.StringKeyword]: 'string',
    [ts.SyntaxKind.BooleanKeyword]: 'boolean',
    [ts.SyntaxKind.ObjectKeyword]: 'object',
    [ts.SyntaxKind.UndefinedKeyword]: 'undefined',
  });
  return words[kind] ?? 'any';
}

/**
 * @param {Parameters<typeof kindOf>[0]} at
 * @param {ts.TypeReferenceNode} type
 */
function referenceKind(at, { typeName, typeArguments = ts.factory.createNodeArray() }) {
  const name = typeName.getText();
  if (at.open.has(name)) return kindOf(at, at.open.get(name));
  if (name === 'Exactly') return 'object';
  const known = KNOWN.get(name);
  // A text is iterable, too, but is meant only where its characters are.
  if (known === 'iterable' && /\bstring\b/.test(typeArguments.map((one) => one.getText()).join()))
    return 'iterable|string';
  if (known !== undefined) return known;
  if (name === 'Pick') return pickedKind(at, typeArguments);
  const declared = at.declarations.get(name);
  if (declared && ts.isTypeAliasDeclaration(declared)) return aliasKind(at, name, declared);
  if (declared && ts.isInterfaceDeclaration(declared)) return membersKind(at, name, membersOf(at, declared));
  return declared && ts.isClassDeclaration(declared) ? membersKind(at, name, publicOf(declared)) : 'any';
}

/**
 * @param {Parameters<typeof kindOf>[0]} at
 * @param {string} name
 * @param {ts.TypeAliasDeclaration} alias
 */
function aliasKind(at, name, { type, typeParameters = ts.factory.createNodeArray() }) {
  if (ts.isTypeLiteralNode(type)) return membersKind(at, name, type.members);
  // Made of other types: events and findings with what each is about.
  if (ts.isMappedTypeNode(type) || ts.isIndexedAccessTypeNode(type) || ts.isConditionalTypeNode(type))
    return 'object';
  const own = typeParameters.map((one) => /** @type {const} */ ([one.name.text, one.constraint]));
  return kindOf({ ...at, open: new Map([...at.open, ...own]) }, type);
}

/** What an object of a class has. @param {ts.ClassDeclaration} declared */
const publicOf = ({ members }) =>
  members.filter(
    (member) =>
      member.name !== undefined &&
      !ts.isPrivateIdentifier(member.name) &&
      !ts
        .getModifiers(/** @type {ts.PropertyDeclaration} */ (member))
        ?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword),
  );

/**
 * The members of an interface, those that it inherits before its own.
 *
 * @param {Context} context
 * @param {ts.InterfaceDeclaration} declared
 * @returns {ts.TypeElement[]}
 */
function membersOf(context, { heritageClauses = ts.factory.createNodeArray(), members }) {
  const inherited = heritageClauses
    .flatMap(({ types }) => types.map(({ expression }) => context.declarations.get(expression.getText())))
    .flatMap((one) => (one && ts.isInterfaceDeclaration(one) ? membersOf(context, one) : []));
  return [...inherited, ...members];
}

/**
 * @param {Parameters<typeof kindOf>[0]} at
 * @param {ts.NodeArray<ts.TypeNode>} picked
 */
function pickedKind(at, [from, names]) {
  const whole = kindOf(at, from);
  const members = at.types[whole];
  if (!members || !names) return whole;
  const wanted = new Set(names.getText().match(/\w+/g));
  const name = `${whole}:${[...wanted].join(',')}`;
  at.types[name] = Object.fromEntries(
    Object.entries(members).filter(([member]) => wanted.has(member.replace('?', ''))),
  );
  return name;
}

/**
 * An object of which members are looked at: those of an argument, not those of its members.
 *
 * @param {Parameters<typeof kindOf>[0]} at
 * @param {string} name
 * @param {readonly (ts.TypeElement | ts.ClassElement)[]} members
 */
function membersKind(at, name, members) {
  if (!at.isDeep) return 'object';
  at.types[name] ??= Object.fromEntries(
    members.flatMap((member) => {
      if (!member.name) return [];
      const argument = member.name.getText();
      const { type, questionToken } = /** @type {ts.PropertySignature} */ (member);
      const isMethod = ts.isMethodSignature(member) || ts.isMethodDeclaration(member);
      const kind = isMethod ? 'function' : kindOf({ ...at, argument, isDeep: false }, type);
      return [[argument + (questionToken ? '?' : ''), kind]];
    }),
  );
  return name;
}

/**
 * The source of a package's `checked.ts`.
 *
 * @param {string} name of the package
 * @param {ReturnType<typeof signaturesOf>} signatures
 */
export function checkedSource(name, signatures) {
  const from = name === '@spte/core' ? './bits/checked.ts' : '@spte/core';
  return `// SPDX-License-Identifier: GPL-2.0-only
// Written by \`pnpm unit -u\` from the API report.
import { checked, type Signatures } from '${from}';
import * as api from './index.ts';

const SIGNATURES: Signatures = ${JSON.stringify(signatures)};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const ${constantOf(name)}: typeof api = checked(api, SIGNATURES);
`;
}

/** `@spte/vendor-vmx` is `vendorVmx`. @param {string} name */
export const constantOf = (name) =>
  name.replace('@spte/', '').replace(/-(\w)/g, (dashed) => dashed.slice(1).toUpperCase());
