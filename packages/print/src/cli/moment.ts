const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-24` where this machine is. */
export function localDate(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** ISO 8601 with the offset of this machine. */
export function localMoment(date: Date): string {
  const offsetMinutes = -date.getTimezoneOffset();
  const size = Math.abs(offsetMinutes);
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${localDate(date)}T${time}${offset}`;
}
