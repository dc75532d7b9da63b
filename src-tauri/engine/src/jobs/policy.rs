//! How hard the work in the background may go.
//!
//! A person says what is wanted, a [`Policy`]; a [`Sensor`](super::Sensor) tells
//! how things are, [`Conditions`]; [`Policy::effort`] makes of both what the
//! pipeline does now. Where something cannot be told, work goes on politely: it
//! neither disturbs nor stops for a reason that nobody could ever lift.

use std::collections::HashMap;

/// How fast photos are indexed in the background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// Politely while somebody uses the computer, at full speed while nobody does.
    #[default]
    Automatic,
    /// As fast as the computer can.
    Full,
    /// On one core, behind everything else.
    Polite,
    /// Not while somebody uses the computer.
    WhenAway,
}

impl Pace {
    const ALL: [Self; 4] = [Self::Automatic, Self::Full, Self::Polite, Self::WhenAway];

    /// The word that stands for it in the catalog.
    fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Full => "full",
            Self::Polite => "polite",
            Self::WhenAway => "when_away",
        }
    }
}

/// What a person wants of the work in the background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// How fast it goes.
    pub pace: Pace,
    /// It waits while the computer runs on its battery.
    pub mains_only: bool,
}

/// How things are; `None` for what this system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Somebody uses the computer.
    pub in_use: Option<bool>,
    /// It runs on mains power.
    pub on_mains: Option<bool>,
}

/// How hard the work goes, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effort {
    /// On all cores.
    #[default]
    Full,
    /// On one core at low priority, because that was asked for.
    Polite,
    /// Politely, because somebody uses the computer.
    PoliteInUse,
    /// Politely, because this system does not tell what the policy depends on.
    PoliteUntold,
    /// Not at all until the computer runs on mains power.
    WaitingForMains,
    /// Not at all while somebody uses the computer.
    WaitingForAbsence,
}

impl Effort {
    /// Whether work goes on, on one core.
    pub fn is_polite(self) -> bool {
        matches!(self, Self::Polite | Self::PoliteInUse | Self::PoliteUntold)
    }

    /// Whether work waits.
    pub fn waits(self) -> bool {
        matches!(self, Self::WaitingForMains | Self::WaitingForAbsence)
    }
}

// Settings.
const PACE: &str = "work_pace";
const MAINS_ONLY: &str = "work_on_mains_only";

impl Policy {
    /// How hard the work may go under these conditions.
    pub fn effort(self, conditions: Conditions) -> Effort {
        let Conditions { in_use, on_mains } = conditions;
        if self.mains_only && on_mains == Some(false) {
            return Effort::WaitingForMains;
        }
        let effort = match (self.pace, in_use) {
            (Pace::Polite, _) => Effort::Polite,
            (Pace::Full, _) | (Pace::Automatic | Pace::WhenAway, Some(false)) => Effort::Full,
            (Pace::Automatic, Some(true)) => Effort::PoliteInUse,
            (Pace::WhenAway, Some(true)) => Effort::WaitingForAbsence,
            (Pace::Automatic | Pace::WhenAway, None) => Effort::PoliteUntold,
        };
        match effort {
            // It may be the battery: one core empties it more slowly.
            Effort::Full if self.mains_only && on_mains.is_none() => Effort::PoliteUntold,
            effort => effort,
        }
    }

    /// What the settings of a catalog say. A word that is unknown here, such as
    /// one of a later version, counts as not said.
    pub(crate) fn of(settings: &HashMap<String, String>) -> Self {
        let said = settings.get(PACE);
        let pace =
            Pace::ALL.into_iter().find(|pace| said.is_some_and(|said| said == pace.as_str()));
        let mains_only = settings.get(MAINS_ONLY).is_some_and(|said| said == "true");
        Self { pace: pace.unwrap_or_default(), mains_only }
    }

    /// The settings that say it.
    pub(crate) fn settings(self) -> [(&'static str, &'static str); 2] {
        let mains_only = if self.mains_only { "true" } else { "false" };
        [(PACE, self.pace.as_str()), (MAINS_ONLY, mains_only)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_and_how_things_are_decide() {
        use Effort::{Full, Polite, PoliteInUse, PoliteUntold, WaitingForAbsence, WaitingForMains};
        let (yes, no, untold) = (Some(true), Some(false), None);
        // Pace, and what it comes to while somebody is there, nobody is, and
        // while that is untold.
        let table = [
            (Pace::Automatic, [PoliteInUse, Full, PoliteUntold]),
            (Pace::Full, [Full, Full, Full]),
            (Pace::Polite, [Polite, Polite, Polite]),
            (Pace::WhenAway, [WaitingForAbsence, Full, PoliteUntold]),
        ];
        for (pace, row) in table {
            for (in_use, expected) in [yes, no, untold].into_iter().zip(row) {
                let effort = |mains_only, on_mains| {
                    Policy { pace, mains_only }.effort(Conditions { in_use, on_mains })
                };
                for on_mains in [yes, no, untold] {
                    assert_eq!(effort(false, on_mains), expected, "{pace:?} {in_use:?}");
                }
                assert_eq!(effort(true, yes), expected);
                assert_eq!(effort(true, no), WaitingForMains);
                let careful = if expected == Full { PoliteUntold } else { expected };
                assert_eq!(effort(true, untold), careful, "{pace:?} {in_use:?}");
            }
        }
    }

    #[test]
    fn nothing_told_never_stops_the_work() {
        for pace in Pace::ALL {
            for mains_only in [false, true] {
                let effort = Policy { pace, mains_only }.effort(Conditions::default());
                assert!(!effort.waits(), "{pace:?}");
            }
        }
    }

    #[test]
    fn settings_say_a_policy_and_unknown_words_say_nothing() {
        let owned = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        for pace in Pace::ALL {
            for mains_only in [false, true] {
                let policy = Policy { pace, mains_only };
                assert_eq!(Policy::of(&owned(&policy.settings())), policy);
            }
        }
        assert_eq!(Policy::of(&owned(&[])), Policy::default());
        let foreign = Policy::of(&owned(&[(PACE, "by_moonlight"), (MAINS_ONLY, "true")]));
        assert_eq!(foreign, Policy { pace: Pace::Automatic, mains_only: true });
    }
}
