/** Dates and times of the API (ISO 8601) as this person's country writes them. */

export const day = (iso: string) => new Date(iso).toLocaleDateString(undefined, { dateStyle: 'long' });

export const moment = (iso: string) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
