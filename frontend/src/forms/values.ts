/** What was typed into a form. */

/** The value of one field as it was typed; empty if the form has no such field. */
export const textOf = (form: FormData, name: string) => String(form.get(name) ?? '');

/** User name, e-mail address and password of a form that may have them.
 *
 * A password is taken as it is typed: blanks at its ends belong to it. */
export async function credentialsOf(request: Request) {
  const form = await request.formData();
  return {
    username: textOf(form, 'username').trim(),
    email: textOf(form, 'email').trim(),
    password: textOf(form, 'password'),
  };
}
