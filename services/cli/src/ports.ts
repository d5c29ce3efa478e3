/** The gateway's default port; the services' are the next ones, in the order of the loop. */
export const GATEWAY_PORT = 4100;

const SERVICES = ['ingestion', 'features', 'training', 'registry', 'serving', 'experiments'] as const;

/** Every port of a platform whose gateway is at `gateway`, with the environment variable that moves it alone; the gateway has none. */
export function portsFrom(gateway: number): readonly { readonly port: number; readonly variable?: string }[] {
  const services = SERVICES.map((service, i) => ({ port: gateway === 0 ? 0 : gateway + 1 + i, variable: `${service.toUpperCase()}_PORT` }));
  return [{ port: gateway }, ...services];
}
