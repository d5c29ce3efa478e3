/** Two questions about JSON values. */

/** By value, whatever the order of members. Goes as deep as the shallower of both. */
export function isEqualJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [own, others] = [Object.entries(one), other as Readonly<Record<string, unknown>>];
  return (
    own.length === Object.keys(other).length &&
    own.every(([name, value]) => Object.hasOwn(others, name) && isEqualJson(value, others[name]))
  );
}

/** As JSON text it has more characters than that, roughly; looks at no more of it. */
export function isLongerThan(value: unknown, characters: number): boolean {
  const rest = [value];
  let seen = 0;
  while (rest.length > 0 && seen <= characters) {
    const one = rest.pop();
    seen += 1 + (typeof one === 'string' ? one.length : 0);
    if (typeof one !== 'object' || one === null) continue;
    for (const member of Object.values(one)) rest.push(member);
    if (!Array.isArray(one)) seen += Object.keys(one).join('').length;
  }
  return seen > characters;
}
