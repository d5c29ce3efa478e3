import { portsFrom } from './ports.ts';

describe('the ports of a platform', () => {
  it('follow the gateway’s, in the order of the loop', () => {
    expect(portsFrom(5300).map(({ port }) => port)).toEqual([5300, 5301, 5302, 5303, 5304, 5305, 5306]);
    expect(portsFrom(5300)[5]).toEqual({ port: 5305, variable: 'SERVING_PORT' });
  });

  it('are all free ones when the gateway’s is', () => {
    expect(new Set(portsFrom(0).map(({ port }) => port))).toEqual(new Set([0]));
  });
});
