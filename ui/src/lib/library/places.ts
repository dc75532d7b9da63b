/** Where the sidebar and keys lead to; some of it are questions that many ask. */
import type { Question } from "../search/question";
import type { Session, View } from "../session.svelte";

/** The whole library, questions with a name, and the other views. */
export type Place = "library" | "favourites" | "recent" | Exclude<View, "photos" | "review">;

const QUESTIONS = {
  favourites: "is:favourite",
  recent: 'added:"last 30 days" sort:added',
} as const satisfies Partial<Record<Place, string>>;

/** The question that is asked by words and filters alone; null for another one. */
export function queryOf(question: Question): string | null {
  if (question.kind === "library") return null;
  const { query, examples, like, unlike, only } = question;
  return examples.length + like.length + unlike.length + only.length > 0 ? null : query;
}

/** The place that is on view; null where that is a question of another kind, or a review. */
export function placeOf(view: View, answered: Question): Place | null {
  if (view === "review") return null;
  if (view !== "photos") return view;
  if (answered.kind === "library") return "library";
  const query = queryOf(answered);
  if (query === QUESTIONS.favourites) return "favourites";
  return query === QUESTIONS.recent ? "recent" : null;
}

/** Brings a place to view. */
export function go(session: Session, place: Place): void {
  switch (place) {
    case "library":
      session.search.clear();
      session.view = "photos";
      break;
    case "favourites":
    case "recent":
      session.ask(QUESTIONS[place]);
      break;
    default:
      session.view = place;
  }
}
