import { type ActionFunctionArgs, redirect } from 'react-router-dom';
import { auth } from '../auth';
import { Task } from '../forms/Task';
import { textOf } from '../forms/values';
import { answerTask } from './answerTask';
import { exportAccount } from './api';
import { CurrentPassword } from './CurrentPassword';
import { downloadJson } from './download';
import { Section } from './Section';

export function exportAction() {
  return answerTask(
    async () => downloadJson('bookshelf-account.json', await exportAccount()),
    'It is in your downloads.',
  );
}

export async function deleteAction({ request }: ActionFunctionArgs) {
  const form = await request.formData();
  const answer = await answerTask(() => auth.deleteAccount(textOf(form, 'current_password')), '');
  return 'done' in answer ? redirect('/login') : answer;
}

/** How to take one's data along, and how to delete the account. */
export function LeavingSection({ username }: { username: string }) {
  return (
    <Section id="leaving" title="Your data, and leaving">
      <Task
        action="/account/export"
        label="Download all that is stored about you"
        busyLabel="Collecting it…"
        look="quiet"
      />
      <Task action="/account/delete" label="Delete the account" busyLabel="Deleting…" look="danger">
        <p>Deleting takes away everything of yours, at once and for good.</p>
        <CurrentPassword username={username} />
      </Task>
    </Section>
  );
}
