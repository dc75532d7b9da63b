/** What a person says of the photos of an answer to refine it. */
export interface GridFeedback {
  /** Photos of which more, and less, is wanted. */
  like: readonly number[];
  unlike: readonly number[];
  /** Says so of a photo, or takes it back. */
  onsay: (photo: number, more: boolean) => void;
}
