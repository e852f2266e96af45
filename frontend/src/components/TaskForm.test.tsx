import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { createMemoryRouter, RouterProvider, useActionData } from 'react-router-dom';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiProblem } from '../auth';
import { type Failure, failure, fieldFailure } from '../forms';
import { TaskForm } from './TaskForm';

const refused = () => failure(new ApiProblem({ status: 401, detail: 'Name or password is wrong.' }), []);
const missing = () => fieldFailure({ name: 'Enter your name.' });

/** How each submission is answered, in the order of their arrival. */
let answers: ((failure: Failure | null) => void)[];
let router: ReturnType<typeof createMemoryRouter>;
let host: HTMLElement;
let unmount: () => void;

function Screen() {
  const failed = useActionData<Failure | null>() ?? undefined;
  return (
    <TaskForm label="Go" busyLabel="Going…" failure={failed}>
      <input name="name" aria-invalid={failed?.fields['name'] !== undefined} />
      <input name="password" autoComplete="current-password" />
    </TaskForm>
  );
}

beforeEach(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  answers = [];
  const action = () => new Promise<Failure | null>((resolve) => answers.push(resolve));
  router = createMemoryRouter([{ path: '/', Component: Screen, action }]);
  host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  unmount = () => act(() => root.unmount());
  await act(async () => root.render(<RouterProvider router={router} />));
});

afterEach(() => {
  unmount();
  host.remove();
});

const find = <T extends HTMLElement = HTMLInputElement>(selector: string) =>
  host.querySelector(selector) as T;
const enter = () => find<HTMLFormElement>('form').requestSubmit(find('button'));
const answer = (with_: Failure | null) => act(async () => answers.at(-1)?.(with_));

test('two quick Enters, before anything is drawn, send once', async () => {
  await act(async () => {
    enter();
    enter();
  });
  expect(answers).toHaveLength(1);
});

test('nothing is sent again while it is on its way', async () => {
  await act(async () => enter());
  await act(async () => enter());
  expect(answers).toHaveLength(1);
  expect(find('button').textContent).toBe('Going…');
});

test.each([
  ['was refused', refused],
  ['lacked something', missing],
  ['was answered without a word', () => null],
])('what %s can be sent again, once', async (_, said) => {
  for (let times = 1; times <= 3; times++) {
    await act(async () => {
      enter();
      enter();
    });
    expect(answers).toHaveLength(times);
    await answer(said());
  }
});

test('what was given up for another page can be sent again', async () => {
  await act(async () => {
    enter();
    void router.navigate('/?elsewhere');
  });
  await act(async () => enter());
  expect(answers).toHaveLength(2);
});

test('a refusal clears the password and leads there; what is missing leads to its field', async () => {
  find('[name=name]').value = 'ann';
  find('[name=password]').value = 'wrong';
  await act(async () => enter());
  await answer(refused());
  expect([find('[name=name]').value, find('[name=password]').value]).toEqual(['ann', '']);
  expect(document.activeElement).toBe(find('[name=password]'));
  expect(find('[role=alert]').textContent).toContain('Name or password is wrong.');

  await act(async () => enter());
  await answer(missing());
  expect(document.activeElement).toBe(find('[name=name]'));
});
