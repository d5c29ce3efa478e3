import { call } from '../client.ts';

/** Letters hold whole messages. */
const PAGE = '100';

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** All of a list, page by page, as far as they are asked for. */
export async function* listItems<T>(url: string, path: string, filter: Readonly<Record<string, string>>): AsyncGenerator<T> {
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ ...filter, limit: PAGE, ...(cursor !== '' && { cursor }) });
    const page: Page<T> = await call<Page<T>>(url, `${path}?${query}`);
    yield* page.items;
    cursor = page.next;
  }
}
