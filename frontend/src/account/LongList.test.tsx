import { expect, test } from 'vitest';
import { render } from '../testing/render';
import { LongList } from './LongList';

const rows = (count: number) => [...Array(count).keys()].map((row) => <li key={row}>Row {row}</li>);

test('a short list is shown as it is', async () => {
  const find = await render(<LongList>{rows(8)}</LongList>);
  expect(find('div').querySelectorAll('li')).toHaveLength(8);
  expect(find('details')).toBeNull();
});

test('what is beyond the first rows waits until it is asked for', async () => {
  const find = await render(<LongList>{rows(50)}</LongList>);
  expect(find('summary').textContent).toBe('Show 42 more');
  expect(find('details').querySelectorAll('li')).toHaveLength(42);
  expect(find<HTMLElement>('details').hasAttribute('open')).toBe(false);
});
