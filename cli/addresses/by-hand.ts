const LOCAL_PART =
  /^(?:[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*|"[^"\\\p{C}]+")$/u;
const DOMAIN =
  /^(?:[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?\.)+(?:\p{L}[\p{L}\p{M}]+|xn--[a-z0-9-]*[a-z0-9])$/iu;
/** RFC 5321, 4.5.3.1. */
const MAX_OCTETS = { whole: 254, local: 64 };

/** Whether mail may reach an address, by RFC 5321 and 6531, as far as such addresses are in use: no comment, no domain in brackets. */
export function mailMayReach(email: string): boolean {
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at);
  return (
    at > 0 &&
    Buffer.byteLength(email) <= MAX_OCTETS.whole &&
    Buffer.byteLength(local) <= MAX_OCTETS.local &&
    LOCAL_PART.test(local) &&
    DOMAIN.test(email.slice(at + 1))
  );
}
