// Numbers and times as people read them.

const integers = new Intl.NumberFormat("en");
const decimals = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function count(number: number, one: string, many = `${one}s`): string {
  return `${integers.format(number)} ${number === 1 ? one : many}`;
}

export function integer(number: number): string {
  return integers.format(number);
}

export function bytes(number: number): string {
  return count(number, "byte");
}

/** A size in the unit that fits, in powers of 1,000 as disks and networks count. */
export function size(number: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = number;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? integers.format(value) : decimals.format(value)} ${units[unit] ?? ""}`;
}

export function speed(bytesDone: number, milliseconds: number): string {
  return milliseconds > 0 ? `${decimals.format(bytesDone / 1000 / milliseconds)} MB/s` : "";
}

export function time(date: Date): string {
  return times.format(date);
}

export function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
