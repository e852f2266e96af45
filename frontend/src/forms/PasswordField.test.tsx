import { act } from 'react';
import { expect, test } from 'vitest';
import { render, type } from '../testing/render';
import { FieldErrors } from './Field';
import { PasswordField } from './PasswordField';

const field = () =>
  render(
    <FieldErrors value={{ password: 'Too short.' }}>
      <PasswordField label="Password" name="password" hint="15 at least" />
    </FieldErrors>,
  );

test('the button that shows the password says what it will do', async () => {
  const find = await field();
  const [input, button] = [find('input'), find('button')];
  expect([input.type, button.getAttribute('aria-label')]).toEqual(['password', 'Show password']);
  await act(async () => button.click());
  expect([input.type, button.getAttribute('aria-label')]).toEqual(['text', 'Hide password']);
});

test('label, hint and error belong to the input', async () => {
  const find = await field();
  const input = find('input');
  expect(find<HTMLLabelElement>('label').htmlFor).toBe(input.id);
  expect(input.getAttribute('aria-invalid')).toBe('true');
  const described = (input.getAttribute('aria-describedby') ?? '').split(' ');
  const words = described.map((id) => document.getElementById(id)?.textContent);
  expect(words).toEqual(['15 at least', 'Too short.']);
});

test('an error stands until something else is typed', async () => {
  const find = await field();
  await type(find('input'), 'longer');
  expect(find('input').getAttribute('aria-invalid')).toBe('false');
  expect(find('div').textContent).not.toContain('Too short.');
});
