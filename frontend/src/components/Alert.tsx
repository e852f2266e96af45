import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon';

const KINDS = {
  danger: { icon: 'alert', className: 'border-danger text-danger' },
  warning: { icon: 'alert', className: 'border-warning text-warning' },
  info: { icon: 'info', className: 'border-link text-link' },
  success: { icon: 'check', className: 'border-success text-success' },
} as const satisfies Record<string, { icon: IconName; className: string }>;

interface AlertProps {
  kind: keyof typeof KINDS;
  /** Errors interrupt, news wait their turn; without a role it is just text. */
  role?: 'alert' | 'status';
  children: ReactNode;
}

/** A message with its sign: colour is never the only one. */
export function Alert({ kind, role, children }: AlertProps) {
  const { icon, className } = KINDS[kind];
  return (
    <div role={role} className={`flex gap-3 rounded-lg border-l-4 bg-field px-3 py-2.5 ${className}`}>
      <Icon name={icon} className="mt-0.5 size-5" />
      <div className="min-w-0 text-fg">{children}</div>
    </div>
  );
}
