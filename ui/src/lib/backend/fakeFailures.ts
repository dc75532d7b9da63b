/** Photos that could not be read, made up: of some reasons, one of which may pass. */
import { says } from "./backend";
import type { Failure, Message } from "./dto";
import { LONG_NAME } from "./fakePhoto";

/** `newest` is when the first of them failed, in seconds since 1970. */
export function fakeFailures(newest: number): Failure[] {
  const denied = [...says("the file cannot be read").parts, ...says("permission denied").parts];
  const reasons: [Message, boolean][] = [
    [says("the file is cut off ({detail})", { detail: "41 kB of a JPEG are missing" }), false],
    [says("not a picture: the content is {kind}", { kind: "a web page or XML text" }), true],
    [
      says(
        "the picture is too large: {width} x {height} pixels, at most {most} megapixels are decoded",
        { width: "20300", height: "20300", most: "256" },
      ),
      true,
    ],
    [{ parts: denied }, false],
  ];
  return Array.from({ length: 14 }, (_, i) => {
    const [reason, permanent] = reasons[i % reasons.length] ?? [says(""), false];
    const folder = i % 5 === 0 ? `${LONG_NAME}/` : "";
    return {
      photo: 500_000 + i,
      path: `/home/anna/Pictures/2019/${folder}scan_${i}.jpg`,
      reason,
      permanent,
      when: newest - i * 60,
    };
  });
}
