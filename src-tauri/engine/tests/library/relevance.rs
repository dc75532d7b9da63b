//! Whether strong hits are right, and whether there are none where nothing is
//! shown, with the starter on 350 photos.

use afterimage_engine::{Page, Strength};

use crate::everyday::{everyday, first};

/// Things that no photo of `everyday` shows, by its `labels.tsv`: single words and
/// sentences, near to what is shown (a banjo, a stone wall) and far from it,
/// abstract, absurd, another language, no words at all.
const ABSENT: [&str; 40] = [
    "a giraffe",
    "an elephant",
    "a penguin on the ice",
    "a violin",
    "a birthday cake with candles",
    "a bride and groom kissing in front of the town hall",
    "the Eiffel Tower at night",
    "a rocket launch",
    "an astronaut on the moon",
    "a dinosaur skeleton in a museum",
    "sushi",
    "an X-ray of a broken arm",
    "northern lights over a frozen lake",
    "a unicorn made of glass",
    "the fall of the Roman Empire",
    "quantum entanglement",
    "tax return 2019",
    "xqzvkjw",
    "ein Kindergeburtstag im Garten",
    "die Steuererklärung vom letzten Jahr",
    "a zebra",
    "a camel in the desert",
    "a panda eating bamboo",
    "a submarine",
    "a surgeon in an operating room",
    "the Great Wall of China",
    "a skateboarder jumping over stairs",
    "a rainbow after the rain",
    "fireworks",
    "a game of chess",
    "a windmill in a field of tulips",
    "a helicopter rescuing a climber from a cliff",
    "a passport",
    "spaghetti with tomato sauce",
    "inflation",
    "justice and freedom",
    "asdf ghjk",
    "12345 67890",
    "ein Leuchtturm im Sturm bei Nacht",
    "ein Hochzeitstanz",
];

/// Names of the strong hits, which come before all others.
fn strong(page: &Page) -> Vec<String> {
    let are = page.hits.iter().take_while(|hit| hit.strength == Strength::Strong).count();
    assert_eq!(are, page.strong, "{}", page.query);
    first(page, are)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn strong_hits_are_right_and_most_of_what_is_right() {
    let Some(everyday) = everyday() else { return };
    let (mut precisions, mut recalls) = (Vec::new(), Vec::new());
    for asked in everyday.queries() {
        let strong = strong(&everyday.ask(&asked.query));
        let right = strong.iter().filter(|name| asked.relevant.contains(*name)).count() as f64;
        // Where nothing is strong, nothing is right.
        precisions.push(right / strong.len().max(1) as f64);
        recalls.push(right / asked.relevant.len() as f64);
    }
    let (precision, recall) = (mean(&precisions), mean(&recalls));
    println!("precision {precision:.3}, recall {recall:.3}");
    assert!(precision >= 0.8, "precision {precision:.3} of {precisions:.2?}");
    assert!(recall >= 0.6, "recall {recall:.3} of {recalls:.2?}");
}

#[test]
fn what_no_photo_shows_has_hardly_a_strong_hit() {
    let Some(everyday) = everyday() else { return };
    let counts = ABSENT.map(|query| strong(&everyday.ask(query)).len() as f64);
    let nothing = counts.iter().filter(|&&count| count == 0.0).count();
    println!("{:.2} strong hits in the mean, none for {nothing} of 40", mean(&counts));
    assert!(mean(&counts) <= 2.0, "{:.2} of {counts:?}", mean(&counts));
    // A mean may hide that each has its one or two.
    assert!(nothing >= 20, "none for {nothing}: {counts:?}");
}
