//! What is said of vectors that are not as they should be.

use afterimage_insight::health::Warning;

use super::Insight;
use crate::message::Message;

/// A warning in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What it is about.
    pub title: Message,
    /// What it means, in one sentence.
    pub meaning: Message,
    /// What to do.
    pub remedy: Message,
}

impl Insight {
    /// What is wrong with the vectors, in words; nothing where all is well.
    pub fn concerns(&self) -> Vec<Concern> {
        let concern = |warning| Concern {
            title: title(warning),
            meaning: meaning(warning),
            remedy: remedy(warning),
        };
        self.report.warnings.iter().map(concern).collect()
    }
}

fn title(warning: &Warning) -> Message {
    Message::of(match warning {
        Warning::NotFinite { .. } => phrase!("Damaged vectors"),
        Warning::ZeroVectors { .. } => phrase!("Empty vectors"),
        Warning::NormsOff { .. } => phrase!("Vectors of another length"),
        Warning::DuplicatedHub { .. } => phrase!("The same vector for different photos"),
        Warning::Hub { .. } => phrase!("A photo that is in everything"),
        Warning::LowEffectiveDimension { .. } => phrase!("Photos look alike to the model"),
        Warning::DeadDimensions { .. } => phrase!("Numbers that say nothing"),
        Warning::Int8LosesNeighbours { .. } => phrase!("8 bits are too few"),
    })
}

fn meaning(warning: &Warning) -> Message {
    match warning {
        Warning::NotFinite { rows } => message!(
            "Vectors that are damaged: {count}. Values that are not numbers make them appear \
             anywhere or nowhere.",
            count = rows.count
        ),
        Warning::ZeroVectors { rows } => message!(
            "Vectors that are empty: {count}. No search by what they show finds these photos.",
            count = rows.count
        ),
        Warning::NormsOff { rows, share, min, max } => message!(
            "Vectors whose length is not 1: {count} ({share} of all; lengths go from {min} to \
             {max}). Longer ones come too early in results, shorter ones too late.",
            count = rows.count,
            share = percent(*share),
            min = format_args!("{min:.3}"),
            max = format_args!("{max:.3}")
        ),
        Warning::DuplicatedHub { rows } => message!(
            "{count} different photos have the same vector: search cannot tell them apart.",
            count = rows.count
        ),
        Warning::Hub { hub } => message!(
            "One photo (id {photo}) is among the ten most similar of {share} of the photos \
             looked at.",
            photo = hub.id,
            share = percent(hub.share)
        ),
        Warning::LowEffectiveDimension { effective, dim } => message!(
            "The vectors vary in about {effective} of {dim} directions: photos look alike to the \
             model.",
            effective = format_args!("{effective:.1}"),
            dim
        ),
        Warning::DeadDimensions { dimensions, dim } => message!(
            "{count} of {dim} dimensions have the same value in all vectors and say nothing.",
            count = dimensions.len(),
            dim
        ),
        Warning::Int8LosesNeighbours { kept } => message!(
            "Vectors rounded to 8 bits find only {share} of the ten most similar photos.",
            share = percent(*kept)
        ),
    }
}

fn remedy(warning: &Warning) -> Message {
    Message::of(match warning {
        Warning::NotFinite { .. } => phrase!(
            "Have their vectors made again: `afterimage library check` takes them away, and \
             `afterimage index` computes them. If they come back damaged, the model's files are: \
             install the model anew."
        ),
        Warning::ZeroVectors { .. } => phrase!(
            "Check that these photos can be opened, then have their vectors made again: \
             `afterimage library check`, then `afterimage index`."
        ),
        Warning::NormsOff { .. } => phrase!(
            "They come from another program or version. Have their vectors made again: \
             `afterimage library check`, then `afterimage index`."
        ),
        Warning::DuplicatedHub { .. } => phrase!(
            "Look at these photos. If they are blank or copies of one, nothing is wrong; if not, \
             they were read wrongly: remove the model's index with `afterimage model remove \
             --vectors`, install it anew, and index again."
        ),
        Warning::Hub { .. } => phrase!(
            "Look at this photo. If it is blank, blurred or a screenshot, hide or delete it; if \
             many photos are hubs, another model suits this library better."
        ),
        Warning::LowEffectiveDimension { .. } => phrase!(
            "If the photos are all of one kind, this is as it should be. If not, the model does \
             not suit them or was installed wrongly: try another."
        ),
        Warning::DeadDimensions { .. } => phrase!(
            "Install the model anew, and have the vectors made again. If it stays so, it is how \
             the model was made, and only costs space."
        ),
        Warning::Int8LosesNeighbours { .. } => {
            phrase!("Search exactly where the order matters, or use another model.")
        }
    })
}

/// A tenth of a percent is not nothing.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use afterimage_insight::health::{Found, Warning};

    use super::*;

    #[test]
    fn small_shares_are_told_to_a_tenth() {
        let rows = Found { count: 1, ids: vec![7] };
        let warning = Warning::NormsOff { rows, share: 0.012, min: 0.5, max: 1.25 };
        let words = meaning(&warning).to_string();
        assert!(words.starts_with("Vectors whose length is not 1: 1 (1.2 % of all"), "{words}");
        assert!(words.contains("from 0.500 to 1.250"), "{words}");
        let hub = meaning(&Warning::Int8LosesNeighbours { kept: 0.755 }).to_string();
        assert!(hub.contains("76 %"), "{hub}");
    }
}
