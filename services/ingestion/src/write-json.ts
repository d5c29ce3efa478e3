type Frame = { readonly close: string; readonly rest: Iterator<readonly [string | undefined, unknown]>; isFirst: boolean };

/**
 * JSON text of anything that JSON text was read into. Unlike `JSON.stringify` it takes any depth, and a number beyond the range stays
 * one (`1e999` reads back as the same).
 */
export function writeJson(value: unknown): string {
  let text = '';
  const frames: Frame[] = [];
  const put = (one: unknown): void => {
    if (typeof one !== 'object' || one === null) {
      text += writeScalar(one);
      return;
    }
    const isArray = Array.isArray(one);
    text += isArray ? '[' : '{';
    frames.push({ close: isArray ? ']' : '}', rest: entriesOf(one), isFirst: true });
  };
  put(value);
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const next = frame.rest.next();
    if (next.done === true) {
      text += frame.close;
      frames.pop();
      continue;
    }
    const [name, one] = next.value;
    text += (frame.isFirst ? '' : ',') + (name === undefined ? '' : `${JSON.stringify(name)}:`);
    frame.isFirst = false;
    put(one);
  }
  return text;
}

function writeScalar(value: unknown): string {
  if (value === Infinity) return '1e999';
  if (value === -Infinity) return '-1e999';
  return JSON.stringify(value) ?? 'null';
}

function* entriesOf(value: object): Generator<readonly [string | undefined, unknown]> {
  if (Array.isArray(value)) for (const one of value) yield [undefined, one];
  else yield* Object.entries(value);
}
