/** YAML text into documents whose values are sure to be JSON: every fault with its line, none left to be thrown later. */
import { Composer, isScalar, Lexer, LineCounter, Parser, type Document, type ParsedNode } from 'yaml';
import { readJson, type DocumentFault } from './read-json.ts';

export interface ReadDocument {
  readonly contents: ParsedNode | null;
  readonly lineAt: (offset: number) => number;
  /** Undefined where there are faults. */
  readonly value: unknown;
  readonly faults: readonly DocumentFault[];
}

/** Resources have a depth of ten or so; a JSON Schema in one may add some dozens. Parsers go down by recursion. */
const MOST_DEEP = 200;

/** Documents without contents are left out. */
export function parseDocuments(text: string): ReadDocument[] {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const deep = firstTooDeep(text);
  if (deep !== undefined) {
    const message = `It is nested more than ${MOST_DEEP} levels deep here, which no resource needs. Check the brackets and the indentation.`;
    return [{ contents: null, lineAt, value: undefined, faults: [{ line: deep, message }] }];
  }
  // The library compares each key with each other one; `readJson` does it in one pass.
  const composer = new Composer<ParsedNode>({ uniqueKeys: false });
  const tokens = new Parser(lines.addNewLine).parse(text);
  return [...composer.compose(tokens, true, text.length)].filter(hasSomething).map((document) => readDocument(document, lineAt));
}

const hasSomething = ({ contents, errors }: Document.Parsed): boolean =>
  errors.length > 0 || !(contents === null || (isScalar(contents) && contents.value === null && contents.source === ''));

const REMEDIES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: '. Indent with spaces',
  TAG_RESOLVE_FAILED: '. Remove the tag',
  MULTIPLE_DOCS: '. Put --- between them',
};

function readDocument({ contents, errors, warnings }: Document.Parsed, lineAt: ReadDocument['lineAt']): ReadDocument {
  const said = [...errors, ...warnings].map(
    ({ pos, message, code }) => [lineAt(pos[0]), `Not YAML: ${message}${REMEDIES[code] ?? ''}`] as const,
  );
  // The parser says the same of each bracket that is not closed.
  const syntax = [...new Map(said.map(([line, message]) => [`${line} ${message}`, { line, message }])).values()];
  if (syntax.length > 0) return { contents, lineAt, value: undefined, faults: syntax };
  return { contents, lineAt, ...readJson(contents, lineAt) };
}

/** What the lexer puts between the pieces of the text: begin of text, of a document, end of a flow, begin of a scalar. */
const MARKS = new Set(['\u{FEFF}', '\x02', '\x18', '\x1f']);

/** Where brackets or indentation go too deep, found by the lexer, which does not go down by recursion. */
function firstTooDeep(text: string): number | undefined {
  let [line, column, flow] = [1, 0, 0];
  let isLineStart = true;
  let item = 0;
  /** The columns at which the collections begin that are open. */
  const open: number[] = [];
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) continue;
    const isText = token.trim() !== '';
    if (isLineStart && isText && flow === 0) while ((open.at(-1) ?? -1) >= column) open.pop();
    if (isText && (isLineStart || token !== ':')) item = column;
    isLineStart &&= !isText;
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    else if (flow === 0 && (token === '-' || token === '?' || token === ':')) open.push(item);
    if (flow + open.length > MOST_DEEP) return line;
    const newlines = token.split('\n').length - 1;
    line += newlines;
    if (newlines > 0) isLineStart = true;
    column = newlines > 0 ? token.length - token.lastIndexOf('\n') - 1 : column + token.length;
  }
  return undefined;
}
