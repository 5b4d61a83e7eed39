// SPDX-License-Identifier: GPL-2.0-only
// Where a source file can be changed so that it still compiles and says something else.
import ts from 'typescript';
import type { Mutation, MutationKind } from './mutation.ts';

/** An edit within a node, before it knows its file. */
interface Place {
  readonly kind: MutationKind;
  readonly start: number;
  readonly end: number;
  readonly after: string;
}

type Finder = (node: ts.Node, source: ts.SourceFile, checker: ts.TypeChecker) => readonly Place[];

const place = (kind: MutationKind, node: ts.Node, source: ts.SourceFile, after: string): Place => ({
  kind,
  start: node.getStart(source),
  end: node.getEnd(),
  after,
});

/** Exchanges two nodes, and keeps what stands between them. */
function swapped(kind: MutationKind, source: ts.SourceFile, a: ts.Node, b: ts.Node): Place {
  const between = source.text.slice(a.getEnd(), b.getStart(source));
  const after = b.getText(source) + between + a.getText(source);
  return { kind, start: a.getStart(source), end: b.getEnd(), after };
}

/** What a word becomes that would make a sentence say the opposite. Any other word is left out. */
const OPPOSITES: Readonly<Record<string, string>> = {
  above: 'below',
  after: 'before',
  all: 'none',
  allowed: 'refused',
  always: 'never',
  and: 'or',
  before: 'after',
  below: 'above',
  clear: 'set',
  fetch: 'write',
  from: 'to',
  guest: 'host',
  has: 'lacks',
  host: 'guest',
  is: 'was',
  may: 'must',
  must: 'may',
  new: 'old',
  no: 'some',
  not: 'always',
  old: 'new',
  or: 'and',
  read: 'write',
  reads: 'writes',
  set: 'clear',
  with: 'without',
  without: 'with',
  write: 'fetch',
  writes: 'reads',
};

/** Words of a sentence, beside the blanks and marks that make it one. */
const SENTENCE = /[a-z]{2,}[,;:]? +[a-z]{2,}/i;
const WORD = / ?(?<!\\)\b[a-z]{2,}\b/gi;

/** A sentence loses a word, or says the opposite. */
const words: Finder = (node, source) => {
  const isText = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
  if (!isText && !ts.isTemplateHead(node) && !ts.isTemplateMiddleOrTemplateTail(node)) return [];
  const text = node.getText(source);
  if (!SENTENCE.test(text) || ts.isLiteralTypeNode(node.parent)) return [];
  return [...text.matchAll(WORD)].map((match) => {
    const [word] = match;
    const start = node.getStart(source) + match.index;
    const opposite = OPPOSITES[word.trim().toLowerCase()];
    const after = opposite === undefined ? '' : word.replace(/\w+/, opposite);
    return { kind: 'word', start, end: start + word.length, after };
  });
};

const COMPARISONS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
};

const comparisons: Finder = (node, source) => {
  if (!ts.isBinaryExpression(node)) return [];
  const after = COMPARISONS[node.operatorToken.getText(source)];
  return after === undefined ? [] : [place('comparison', node.operatorToken, source, after)];
};

const SHIFTS: Readonly<Record<string, string>> = { '<<': '>>', '>>': '<<', '>>>': '<<' };

/** The other way, or one bit too far. */
const shifts: Finder = (node, source) => {
  if (!ts.isBinaryExpression(node)) return [];
  const after = SHIFTS[node.operatorToken.getText(source)];
  if (after === undefined) return [];
  const amount = increased(node.right, source);
  return [
    place('shift', node.operatorToken, source, after),
    ...(amount === null ? [] : [place('shift', node.right, source, amount)]),
  ];
};

/** A literal, and one more: in the base in which it is written. */
function increased(node: ts.Node, source: ts.SourceFile, by = 1n): string | null {
  if (!ts.isNumericLiteral(node) && !ts.isBigIntLiteral(node)) return null;
  const text = node.getText(source).replaceAll('_', '');
  const big = text.endsWith('n');
  if (!big && !/^(?:0x[\da-f]+|\d+)$/i.test(text)) return null;
  const value = BigInt(big ? text.slice(0, -1) : text) + by;
  if (value < 0n) return null;
  return `${text.startsWith('0x') ? `0x${value.toString(16)}` : value}${big ? 'n' : ''}`;
}

/** The name of a constant: `MAX_LINES`. */
const CONSTANT = /^[A-Z][A-Z0-9_]+$/;
const RELATIONS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);

function isLimit(node: ts.Node, source: ts.SourceFile): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) return RELATIONS.has(parent.operatorToken.getText(source));
  const named =
    ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isEnumMember(parent);
  return named && CONSTANT.test(parent.name.getText(source));
}

/** One more or one less. */
const limits: Finder = (node, source) => {
  if (!ts.isNumericLiteral(node) && !ts.isBigIntLiteral(node)) return [];
  if (!isLimit(node, source)) return [];
  return [1n, -1n].flatMap((by) => {
    const after = increased(node, source, by);
    return after === null ? [] : [place('limit', node, source, after)];
  });
};

/** Of these the order is no matter. */
const COMMUTATIVE = /^(?:Math\.(?:max|min|imul)|Object\.is)$/;

/** Two arguments change places where the types allow it; where they do not, the type check is the test. */
const swappedArguments: Finder = (node, source, checker) => {
  if (!ts.isCallExpression(node) || COMMUTATIVE.test(node.expression.getText(source))) return [];
  const parameters = checker.getResolvedSignature(node)?.parameters ?? [];
  const typeOf = (index: number): ts.Type | null => {
    const parameter = parameters[index];
    return parameter === undefined ? null : checker.getTypeOfSymbolAtLocation(parameter, node);
  };
  return node.arguments.flatMap((a, index) => {
    const b = node.arguments[index + 1];
    const [typeA, typeB] = [typeOf(index), typeOf(index + 1)];
    if (b === undefined || typeA === null || typeB === null) return [];
    if (a.getText(source) === b.getText(source)) return [];
    const fits =
      checker.isTypeAssignableTo(checker.getTypeAtLocation(a), typeB) &&
      checker.isTypeAssignableTo(checker.getTypeAtLocation(b), typeA);
    return fits ? [swapped('arguments', source, a, b)] : [];
  });
};

/** What makes a set of a list, or only asks whether something is in it. */
const UNORDERED = /^(?:includes|some|every)$/;

function isUnordered(list: ts.Expression, source: ts.SourceFile): boolean {
  const { parent } = list;
  if (ts.isNewExpression(parent)) return true;
  if (ts.isVariableDeclaration(parent)) return isSet(parent, source);
  return ts.isPropertyAccessExpression(parent) && UNORDERED.test(parent.name.getText(source));
}

/** Whether a constant is a list of which nothing but what it holds is asked. */
function isSet(declaration: ts.VariableDeclaration, source: ts.SourceFile): boolean {
  const { name } = declaration;
  if (!ts.isIdentifier(name) || ts.getCombinedModifierFlags(declaration) !== ts.ModifierFlags.None)
    return false;
  let asked = true;
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node !== name && node.text === name.text)
      asked &&= isUnordered(node, source);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return asked;
}

const SORTS = /^(?:sort|toSorted)$/;

/** Two elements of a list change places; a comparison of two elements is turned round. */
const orders: Finder = (node, source, checker) => {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const [compare] = node.arguments;
    if (!SORTS.test(node.expression.name.getText(source))) return [];
    if (compare === undefined || !ts.isArrowFunction(compare)) return [];
    const [a, b] = compare.parameters;
    return a === undefined || b === undefined ? [] : [swapped('order', source, a, b)];
  }
  if (!ts.isArrayLiteralExpression(node) || isUnordered(node, source)) return [];
  const expected = checker.getContextualType(node);
  if (expected !== undefined && checker.isTupleType(expected)) return [];
  return node.elements.flatMap((a, index) => {
    const b = node.elements[index + 1];
    return b === undefined || a.getText(source) === b.getText(source) ? [] : [swapped('order', source, a, b)];
  });
};

const FINDERS: readonly Finder[] = [words, comparisons, shifts, limits, swappedArguments, orders];

/** All places of a file, in their order. */
export function findMutations(file: string, source: ts.SourceFile, checker: ts.TypeChecker): Mutation[] {
  const found: Mutation[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    for (const find of FINDERS) {
      for (const { kind, start, end, after } of find(node, source, checker)) {
        found.push({ kind, file, start, end, before: source.text.slice(start, end), after });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.toSorted((a, b) => a.start - b.start);
}
