import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PasswordField } from './PasswordField';

let host: HTMLElement;
let unmount: () => void;

beforeEach(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  unmount = () => act(() => root.unmount());
  await act(async () =>
    root.render(<PasswordField label="Password" name="password" hint="15 at least" error="Too short." />),
  );
});

afterEach(() => {
  unmount();
  host.remove();
});

const input = () => host.querySelector('input') as HTMLInputElement;
const button = () => host.querySelector('button') as HTMLButtonElement;

test('the button that shows the password says what it will do', async () => {
  expect([input().type, button().getAttribute('aria-label')]).toEqual(['password', 'Show password']);
  await act(async () => button().click());
  expect([input().type, button().getAttribute('aria-label')]).toEqual(['text', 'Hide password']);
});

test('label, hint and error belong to the input', () => {
  expect(host.querySelector('label')?.htmlFor).toBe(input().id);
  expect(input().getAttribute('aria-invalid')).toBe('true');
  const described = (input().getAttribute('aria-describedby') ?? '').split(' ');
  const words = described.map((id) => document.getElementById(id)?.textContent);
  expect(words).toEqual(['15 at least', 'Too short.']);
});
