import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { createMemoryRouter, type RouteObject, RouterProvider } from 'react-router-dom';
import { onTestFinished, vi } from 'vitest';

/** Puts it on the page until the test is over; returns how to find what is in there. */
export async function render(node: ReactNode) {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  const host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  onTestFinished(async () => {
    await act(async () => root.unmount());
    host.remove();
  });
  await act(async () => root.render(node));
  return <T extends HTMLElement = HTMLInputElement>(selector: string) => host.querySelector(selector) as T;
}

/** An action whose submissions wait until the test answers them. */
export function heldAction() {
  const submissions: { form: FormData; answer: (with_: unknown) => void }[] = [];
  const action: RouteObject['action'] = async ({ request }) => {
    const form = await request.formData();
    return new Promise((answer) => submissions.push({ form, answer }));
  };
  return {
    submissions,
    action,
    answer: (with_: unknown) => act(async () => submissions.at(-1)?.answer(with_)),
  };
}

export function renderRoutes(routes: RouteObject[]) {
  return render(<RouterProvider router={createMemoryRouter(routes)} />);
}

/** As the browser does it when somebody types. */
export function type(input: HTMLInputElement, text: string) {
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value') ?? {};
  return act(async () => {
    set?.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
}
