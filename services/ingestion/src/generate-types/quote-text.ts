/** Texts of schemas in generated sources, where they can neither end a string or a comment nor be something else than they look. */

/** Control and format characters, and what is no character: invisible, or able to turn the direction of a line around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]/gu;

/** A string literal; `escape` writes a code point in the language's way. */
export function quoted(text: string, escape: (codePoint: number) => string): string {
  return JSON.stringify(text).replaceAll(UNSEEN, (character) => escape(character.codePointAt(0) ?? 0));
}

/** The lines of a text for a comment, without characters that cannot be seen. */
export function commentLines(text: string): string[] {
  const lines = text.split(/[\n\v\f\r\u0085\u2028\u2029]+/).map((line) => line.replaceAll(UNSEEN, ' ').trim());
  return lines.filter((line) => line !== '');
}

export const hex = (codePoint: number, digits: number): string => codePoint.toString(16).padStart(digits, '0');
