import { NotFoundException } from '@nestjs/common';
import { Problem } from '@roofshot/contracts/http/common';
import { validatorOf } from '@roofshot/contracts/validate';
import { defineErrors, DomainError, problemHeaders, problemOf } from './errors.ts';

describe('problem details', () => {
  test('a broken rule becomes its status, its sentence and what a program can use', () => {
    const problem = problemOf(new DomainError('conflict', 'The view is in use. Delete its users first.', { users: ['a'] }), 'c-1');
    expect(problem).toEqual({
      type: 'urn:roofshot:problem:conflict',
      title: 'Conflict',
      status: 409,
      detail: 'The view is in use. Delete its users first.',
      code: 'conflict',
      users: ['a'],
      correlationId: 'c-1',
    });
  });

  test("a service's own codes have their own status", () => {
    const fail = defineErrors({ 'unknown-view': 404 });
    expect(problemOf(fail('unknown-view', 'There is no view x.'))).toMatchObject({ status: 404, code: 'unknown-view' });
  });

  test('a detail cannot overwrite the standard members', () => {
    expect(problemOf(new DomainError('invalid', 'Wrong.', { status: 200, title: 'Fine' }))).toMatchObject({
      status: 400,
      title: 'Invalid request',
    });
  });

  test('a right that a server does not give is told with its remedy, and is no fault of the caller', () => {
    const refused = Object.assign(new Error('Kafka does not give the rights. Grant them.'), { name: 'ServerRefusal' });
    expect(problemOf(new Error('declare the type', { cause: refused }))).toMatchObject({
      status: 500,
      code: 'server-refused',
      detail: 'Kafka does not give the rights. Grant them. Nothing was changed.',
    });
  });

  test('a server without room tells which one and what to do', () => {
    const full = (sqlState: string): Error =>
      Object.assign(new Error('full'), { name: 'OutOfRoom', sqlState, detail: 'Redis is full. Free some.' });
    const detail = 'Redis is full. Free some. Nothing was changed; try again.';
    expect(problemOf(full('53000'))).toMatchObject({ status: 503, code: 'unavailable', detail });
    expect(problemOf(full('53100'))).toMatchObject({ status: 503, code: 'storage-full', detail });
  });

  test('an unknown failure tells nothing of its inside', () => {
    const problem = problemOf(new Error('password=hunter2 at db.ts:12'), 'c-2');
    expect(problem).toMatchObject({ status: 500, code: 'internal', correlationId: 'c-2' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  test('a database that is away is not available, and worth another try', () => {
    const lost = Object.assign(new Error('connection reset'), { name: 'LostConnection' });
    expect(problemOf(lost)).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: 'The database does not answer at the moment. Nothing was changed; try again.',
    });
  });

  test('a database that is away tells why where its owner knows, and does not promise what a broken commit may have done', () => {
    const lost = Object.assign(new Error('reset'), {
      name: 'LostConnection',
      outcome: 'unknown',
      why: 'Its disk is full. Free some space.',
    });
    const { detail } = problemOf(new Error('store the order', { cause: lost }));
    expect(detail).toContain('The database does not answer at the moment. Its disk is full. Free some space. It went away while');
    expect(detail).not.toContain('Nothing was changed');
  });

  test.each([
    ['in the database', Object.assign(new Error('could not extend file'), { name: 'OutOfRoom', sqlState: '53100' })],
    ['in a folder', new Error('put the model', { cause: Object.assign(new Error('write'), { code: 'ENOSPC' }) })],
    ['under a quota', Object.assign(new Error('write'), { code: 'EDQUOT' })],
  ])('a full disk %s is told with what to do, and worth another try', (_, error) => {
    expect(problemOf(error)).toMatchObject({
      status: 503,
      code: 'storage-full',
      detail: expect.stringMatching(
        /^The disk that holds the data is full, so nothing of this was stored\. Free some space on it, then send/,
      ),
    });
  });

  test('a database without room for another connection is worth another try', () => {
    const full = Object.assign(new Error('too many clients'), { name: 'OutOfRoom', sqlState: '53300' });
    expect(problemOf(full)).toMatchObject({ status: 503, code: 'unavailable' });
  });

  test("the framework's refusals keep their status", () => {
    expect(problemOf(new NotFoundException('Cannot GET /x'))).toMatchObject({ status: 404, code: 'not-found' });
    expect(problemOf(Object.assign(new Error('too large'), { statusCode: 413 }))).toMatchObject({ status: 413, code: 'too-large' });
    expect(problemOf(Object.assign(new Error('odd'), { statusCode: 418 }))).toMatchObject({ status: 418, code: 'refused' });
  });

  test('whatever is thrown, the answer keeps the contract', () => {
    for (const thrown of [undefined, 'text', { status: 404 }, new Error('x'), new DomainError('gone', 'Gone.')]) {
      expect(validatorOf(Problem).faults(problemOf(thrown))).toEqual([]);
    }
  });

  test('delivery recognises a broken rule by its name', () => {
    expect(new DomainError('invalid', 'Wrong.').name).toBe('DomainError');
  });
});

test('what is away for a moment says when to ask again', () => {
  expect(problemHeaders({ status: 503 })).toMatchObject({ 'retry-after': '1' });
  expect(problemHeaders({ status: 400 })).toEqual({ 'content-type': 'application/problem+json; charset=utf-8' });
});

test('a route that is not there is told with the way to those that are', () => {
  expect(problemOf(new NotFoundException('Cannot POST /v1/featurs'))).toMatchObject({
    detail: 'There is no POST /v1/featurs here. /docs lists the routes of this service.',
  });
});
