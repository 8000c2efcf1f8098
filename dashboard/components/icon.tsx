/** The few signs of the dashboard, drawn in one weight. Decorative: the words stand beside them. */
const shapes = {
  list: "M4 6h16M4 12h16M4 18h10",
  inbox: "M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 3h3L15 13h5",
  plan: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  agents:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.6-3.6 3.2-5.5 6.5-5.5s5.900 1.900 6.500 5.500M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.800c2 .8 3.200 2.600 3.500 5.200",
  value: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  memory:
    "M12 4a4 4 0 0 0-7 3 3.500 3.500 0 0 0-1 6.500A3.500 3.500 0 0 0 7.500 19 3 3 0 0 0 12 20zM12 4a4 4 0 0 1 7 3 3.500 3.500 0 0 1 1 6.500 3.500 3.500 0 0 1-3.500 5.500 3 3 0 0 1-4.500 1z",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500l12 7.500-12 7.500z",
  stop: "M6 6h12v12H6z",
  retry: "M20 11a8 8 0 1 0-2.300 6M20 4v7h-7",
  skip: "M5 5l9 7-9 7zM19 5v14",
  back: "M9 7L4 12l5 5M4 12h11a5 5 0 0 1 0 10h-2",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  check: "M4.500 12.500l5 5L19.500 7",
  cross: "M6 6l12 12M18 6L6 18",
  alert: "M12 4l9.500 16h-19zM12 10v4.500M12 17.300v.2",
  chevron: "M9 5l7 7-7 7",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  sun: "M12 16.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600L19 19M5 19l1.400-1.400M17.600 6.400L19 5",
  moon: "M20 14.500A8.500 8.500 0 1 1 9.500 4a7 7 0 0 0 10.500 10.500z",
  screen: "M3 5h18v11H3zM8 20h8M12 16v4",
  exit: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}
