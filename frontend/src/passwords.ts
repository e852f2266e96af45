/** What is said about a password while it is typed. */

export const progress = (typed: number, atLeast: number) =>
  typed < atLeast ? `${typed} of ${atLeast} characters` : 'Long enough';
