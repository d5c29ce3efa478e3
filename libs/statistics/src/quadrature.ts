export interface Quadrature {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** Gauss-Legendre's n nodes and weights on [-1, 1], exact for polynomials of degree 2n - 1: Newton on the Legendre polynomial. */
export function legendreNodes(n: number): Quadrature {
  const points = Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    for (let step = 0; step < 10; step++) x -= legendre(n, x).value / legendre(n, x).slope;
    return { x, weight: 2 / ((1 - x * x) * legendre(n, x).slope ** 2) };
  });
  return { nodes: points.map((point) => point.x), weights: points.map((point) => point.weight) };
}

function legendre(n: number, x: number): { value: number; slope: number } {
  let [before, value] = [1, x];
  for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return { value, slope: (n * (before - x * value)) / (1 - x * x) };
}
