/** What may be dropped on the window. Nothing can be compared before there is a folder. */
export function dropWords(searchable: boolean): string {
  return searchable
    ? "Drop pictures to find photos like them, or a folder to add it to the library"
    : "Drop a folder to add it to the library";
}
