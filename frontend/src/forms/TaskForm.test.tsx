import { act } from 'react';
import { createMemoryRouter, RouterProvider, useActionData } from 'react-router-dom';
import { ApiProblem } from 'tokenkeep';
import { expect, test } from 'vitest';
import { heldAction, render } from '../testing/render';
import { Field } from './Field';
import { type Failure, failure, missing } from './failure';
import { PasswordField } from './PasswordField';
import { TaskForm } from './TaskForm';

const refused = () => failure(new ApiProblem({ status: 401, detail: 'Name or password is wrong.' }), []);
const unnamed = () => missing({ name: '' }, { name: 'Enter your name.' });

function Screen() {
  return (
    <TaskForm label="Go" busyLabel="Going…" failure={useActionData<Failure | null>() ?? undefined}>
      <Field label="Name" name="name" />
      <PasswordField label="Password" name="password" autoComplete="current-password" />
    </TaskForm>
  );
}

async function screen() {
  const held = heldAction();
  const router = createMemoryRouter([{ path: '/', Component: Screen, action: held.action }]);
  const find = await render(<RouterProvider router={router} />);
  const enter = () => find<HTMLFormElement>('form').requestSubmit(find('[type=submit]'));
  return { ...held, router, find, enter };
}

test('two quick Enters, before anything is drawn, send once', async () => {
  const { submissions, enter } = await screen();
  await act(async () => {
    enter();
    enter();
  });
  expect(submissions).toHaveLength(1);
});

test('nothing is sent again while it is on its way', async () => {
  const { submissions, find, enter } = await screen();
  await act(async () => enter());
  await act(async () => enter());
  expect(submissions).toHaveLength(1);
  expect(find('[type=submit]').textContent).toBe('Going…');
});

test.each([
  ['was refused', refused],
  ['lacked something', unnamed],
  ['was answered without a word', () => null],
])('what %s can be sent again, once', async (_, said) => {
  const { submissions, enter, answer } = await screen();
  for (let times = 1; times <= 3; times++) {
    await act(async () => {
      enter();
      enter();
    });
    expect(submissions).toHaveLength(times);
    await answer(said());
  }
});

test('what was given up for another page can be sent again', async () => {
  const { submissions, router, enter } = await screen();
  await act(async () => {
    enter();
    void router.navigate('/?elsewhere');
  });
  await act(async () => enter());
  expect(submissions).toHaveLength(2);
});

test('a refusal clears the password and leads there; what is missing leads to its field', async () => {
  const { find, enter, answer } = await screen();
  find('[name=name]').value = 'ann';
  find('[name=password]').value = 'wrong';
  await act(async () => enter());
  await answer(refused());
  expect([find('[name=name]').value, find('[name=password]').value]).toEqual(['ann', '']);
  expect(document.activeElement).toBe(find('[name=password]'));
  expect(find('[role=alert]').textContent).toContain('Name or password is wrong.');

  await act(async () => enter());
  await answer(unnamed());
  expect(document.activeElement).toBe(find('[name=name]'));
});
