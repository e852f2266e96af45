import { Link, type LinkProps } from 'react-router-dom';

/** A link in running text: underlined, since colour alone says too little. */
export function TextLink({ className = '', ...props }: LinkProps) {
  return (
    <Link
      {...props}
      className={`text-link underline decoration-1 underline-offset-4 hover:decoration-2 ${className}`}
    />
  );
}
