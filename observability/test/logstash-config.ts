/** A value of a setting in Logstash's configuration language; a bareword is its text. */
export type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

export interface Plugin {
  readonly section: string;
  readonly name: string;
  readonly settings: Readonly<Record<string, Value>>;
  /** The conditions that lead to it, outermost first, as they are written. */
  readonly when: readonly string[];
}

const SECTIONS = ['input', 'filter', 'output'];
const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|#[^\n]*)`,
    String.raw`(?<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')`,
    String.raw`(?<regex>\/(?:\\.|[^\/\\\n])+\/)`,
    String.raw`(?<field>\[[\w@]+\](?:\[[\w@]+\])*)`,
    String.raw`(?<number>-?\d+(?:\.\d+)?)`,
    String.raw`(?<word>[A-Za-z_][\w-]*)`,
    String.raw`(?<mark>=>|=~|!~|==|!=|<=|>=|[{}\[\](),<>!])`,
  ].join('|'),
  'y',
);
type Kind = 'string' | 'regex' | 'field' | 'number' | 'word' | 'mark' | 'end';
interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly line: number;
}

/**
 * Reads a pipeline by the grammar of Logstash's configuration language: sections of plugins with settings, and if, else if and else
 * around them. @throws with the line where it is none
 */
export function parseLogstash(text: string): Plugin[] {
  return new Parser(tokensOf(text)).pipeline();
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new Error(`Line ${line}: ${JSON.stringify(text.slice(at, at + 20))} is nothing that Logstash knows.`);
    const [kind, found = ''] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
    if (kind !== 'space') tokens.push({ kind: kind as Kind, text: found, line });
    line += found.split('\n').length - 1;
  }
  return [...tokens, { kind: 'end', text: 'the end', line }];
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  pipeline(): Plugin[] {
    const plugins: Plugin[] = [];
    while (this.#next.kind !== 'end') {
      const section = this.#take('word').text;
      if (!SECTIONS.includes(section)) this.#refuse(`${section} where a section (${SECTIONS.join(', ')}) begins`);
      plugins.push(...this.#block(section, []));
    }
    return plugins;
  }

  #block(section: string, when: readonly string[]): Plugin[] {
    this.#take('mark', '{');
    const plugins: Plugin[] = [];
    while (this.#next.text !== '}') plugins.push(...(this.#isNext('if') ? this.#branches(section, when) : [this.#plugin(section, when)]));
    this.#take('mark', '}');
    return plugins;
  }

  #branches(section: string, when: readonly string[]): Plugin[] {
    this.#take('word', 'if');
    const condition = this.#condition();
    const plugins = this.#block(section, [...when, condition]);
    if (!this.#isNext('else')) return plugins;
    this.#take('word', 'else');
    const otherwise = [...when, `not ${condition}`];
    return [...plugins, ...(this.#isNext('if') ? this.#branches(section, otherwise) : this.#block(section, otherwise))];
  }

  /** A comparison, or several that are joined. */
  #condition(): string {
    const words: string[] = [];
    do {
      if (words.length > 0) words.push(this.#take('word').text);
      words.push(this.#take('field').text);
      if (this.#next.kind === 'mark' && this.#next.text !== '{') words.push(this.#take('mark').text, this.#operand());
    } while (['and', 'or'].includes(this.#next.text));
    return words.join(' ');
  }

  #operand(): string {
    if (!['string', 'regex', 'number', 'field'].includes(this.#next.kind))
      this.#refuse(`${this.#next.text} where something is compared with`);
    return this.#take(this.#next.kind).text;
  }

  #plugin(section: string, when: readonly string[]): Plugin {
    const name = this.#take('word').text;
    return { section, name, settings: this.#pairs('word'), when };
  }

  /** `{ key => value … }`: a plugin's settings, or a hash, whose keys may be strings. */
  #pairs(kind: 'word' | 'any'): Record<string, Value> {
    const pairs: Record<string, Value> = {};
    this.#take('mark', '{');
    while (this.#next.text !== '}') {
      const { kind: found, text } = this.#take(kind === 'any' && this.#next.kind === 'string' ? 'string' : 'word');
      const key = found === 'string' ? text.slice(1, -1) : text;
      if (key in pairs) this.#refuse(`${key} for the second time`);
      this.#take('mark', '=>');
      pairs[key] = this.#value();
    }
    this.#take('mark', '}');
    return pairs;
  }

  #value(): Value {
    const { kind, text } = this.#next;
    if (kind === 'mark' && text === '{') return this.#pairs('any');
    if (kind === 'mark' && text === '[') return this.#list();
    if (kind === 'string') return this.#take('string').text.slice(1, -1);
    return kind === 'number' ? Number(this.#take('number').text) : this.#take('word').text;
  }

  #list(): Value[] {
    const values: Value[] = [];
    this.#take('mark', '[');
    while (this.#next.text !== ']') {
      if (values.length > 0) this.#take('mark', ',');
      values.push(this.#value());
    }
    this.#take('mark', ']');
    return values;
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? (this.#tokens.at(-1) as Token);
  }

  #isNext(text: string): boolean {
    return this.#next.text === text;
  }

  #take(kind: Kind, text?: string): Token {
    const token = this.#next;
    if (token.kind !== kind || (text !== undefined && token.text !== text))
      this.#refuse(`${token.text} where ${text ?? `a ${kind}`} belongs`);
    this.#at += 1;
    return token;
  }

  #refuse(what: string): never {
    throw new Error(`Line ${this.#next.line}: there is ${what}.`);
  }
}
