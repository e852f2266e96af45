import { act } from 'react';
import { ApiProblem } from 'tokenkeep';
import { expect, test } from 'vitest';
import { heldAction, renderRoutes, type } from '../testing/render';
import { Field } from './Field';
import { failure } from './failure';
import { NewPasswordField } from './NewPasswordField';
import { PasswordField } from './PasswordField';
import { Task } from './Task';

const refused = (errors: { field: string; code: string; message: string }[]) =>
  failure(new ApiProblem({ status: 422, errors }), ['current_password', 'new_password']);

const Screen = () => (
  <Task action="/" label="Change" busyLabel="Changing…">
    <Field label="E-mail" name="email" />
    <PasswordField label="Current" name="current_password" autoComplete="current-password" />
    <NewPasswordField label="New" name="new_password" atLeast={15} />
  </Task>
);

async function screen() {
  const held = heldAction();
  const find = await renderRoutes([{ path: '/', action: held.action, Component: Screen }]);
  await type(find('[name=email]'), 'ann@library.example');
  await type(find('[name=current_password]'), 'not the one');
  await type(find('[name=new_password]'), 'too short');
  const enter = () => find<HTMLFormElement>('form').requestSubmit(find('[type=submit]'));
  const values = () =>
    ['email', 'current_password', 'new_password'].map((name) => find(`[name=${name}]`).value);
  return { ...held, find, enter, values };
}

test('two quick Enters, before anything is drawn, send once; an answered task can be sent again', async () => {
  const { submissions, enter, answer } = await screen();
  for (const times of [1, 2]) {
    await act(async () => {
      enter();
      enter();
    });
    expect(submissions).toHaveLength(times);
    await answer(refused([]));
  }
});

test('only the password that is wrong has to be typed again', async () => {
  const { find, enter, answer, values } = await screen();
  await act(async () => enter());
  await answer(refused([{ field: 'current_password', code: 'wrong_password', message: 'No.' }]));
  expect(values()).toEqual(['ann@library.example', '', 'too short']);
  expect(document.activeElement).toBe(find('[name=current_password]'));
});

test('what is done leaves nothing behind, nor what was said about it', async () => {
  const { find, enter, answer, values } = await screen();
  expect(find('form').textContent).toContain('9 of 15 characters');
  await act(async () => enter());
  await answer({ done: 'It is changed.' });
  expect(values()).toEqual(['', '', '']);
  expect(find('form').textContent).not.toContain('9 of 15 characters');
  expect(find('div[role=status]').textContent).toBe('It is changed.');
});

test('an error goes out of sight while it is tried again, so that it is read out anew', async () => {
  const { find, enter, answer } = await screen();
  await act(async () => enter());
  await answer(failure(new ApiProblem({ status: 503 }), []));
  expect(find('[role=alert]').textContent).toContain('trouble');
  expect(find('[role=alert]').className).not.toContain('invisible');
  await act(async () => enter());
  expect(find('[role=alert]').className).toContain('invisible');
});
