import { Type } from 'typebox';
import { validatorOf } from '../src/validate.ts';

const Choice = Type.Union([Type.Literal('x'), Type.Literal('y')]);
const Part = Type.Object({ choice: Choice, size: Type.Optional(Type.Number()) }, { additionalProperties: false });
const whole = validatorOf(Type.Object({ part: Part, list: Type.Optional(Type.Array(Choice)) }));

describe('faults of a value', () => {
  it('tell a wrong choice once, with all that may be chosen', () => {
    expect(whole.faults({ part: { choice: 'z' }, list: ['x', 'q', 'r'] })).toEqual([
      { path: '/part/choice', message: 'must be one of "x", "y"' },
      { path: '/list/1', message: 'must be one of "x", "y"' },
      { path: '/list/2', message: 'must be one of "x", "y"' },
    ]);
  });

  it('tell an unknown property once, with those that there are', () => {
    expect(whole.faults({ part: { choice: 'x', sise: 1 } })).toEqual([
      { path: '/part/sise', message: 'there is no property sise here; there are choice, size' },
    ]);
  });

  it('name a property as a pointer does', () => {
    expect(whole.faults({ part: { choice: 'x', 'a/b~c': 1 } }).map(({ path }) => path)).toEqual(['/part/a~1b~0c']);
  });

  it('are told also where alternatives are no constants', () => {
    const either = validatorOf(Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]));
    expect(either.faults({}).map(({ message }) => message)).toContain('must match a schema in anyOf');
  });
});
