//! How hard the work in the background may go, and how hard it goes.

use afterimage_engine as engine;
use serde::{Deserialize, Serialize};

/// How fast photos are indexed: politely while somebody uses the computer, always
/// at full speed, always politely, or only while nobody uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Pace {
    Automatic,
    Full,
    Polite,
    WhenAway,
}

/// What is wanted of the work in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    pub pace: Pace,
    /// Wait while the computer runs on its battery.
    pub mains_only: bool,
}

impl From<engine::Policy> for Policy {
    fn from(policy: engine::Policy) -> Self {
        let engine::Policy { pace, mains_only } = policy;
        let pace = match pace {
            engine::Pace::Automatic => Pace::Automatic,
            engine::Pace::Full => Pace::Full,
            engine::Pace::Polite => Pace::Polite,
            engine::Pace::WhenAway => Pace::WhenAway,
        };
        Self { pace, mains_only }
    }
}

impl From<Policy> for engine::Policy {
    fn from(policy: Policy) -> Self {
        let Policy { pace, mains_only } = policy;
        let pace = match pace {
            Pace::Automatic => engine::Pace::Automatic,
            Pace::Full => engine::Pace::Full,
            Pace::Polite => engine::Pace::Polite,
            Pace::WhenAway => engine::Pace::WhenAway,
        };
        Self { pace, mains_only }
    }
}

/// What this system tells; null for what it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Conditions {
    /// Somebody uses the computer.
    pub in_use: Option<bool>,
    pub on_mains: Option<bool>,
}

impl From<engine::Conditions> for Conditions {
    fn from(conditions: engine::Conditions) -> Self {
        let engine::Conditions { in_use, on_mains } = conditions;
        Self { in_use, on_mains }
    }
}

/// How hard the work goes, and why not harder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Effort {
    Full,
    Polite,
    PoliteInUse,
    PoliteUntold,
    WaitingForMains,
    WaitingForAbsence,
}

impl From<engine::Effort> for Effort {
    fn from(effort: engine::Effort) -> Self {
        match effort {
            engine::Effort::Full => Self::Full,
            engine::Effort::Polite => Self::Polite,
            engine::Effort::PoliteInUse => Self::PoliteInUse,
            engine::Effort::PoliteUntold => Self::PoliteUntold,
            engine::Effort::WaitingForMains => Self::WaitingForMains,
            engine::Effort::WaitingForAbsence => Self::WaitingForAbsence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_comes_back_as_it_was_sent() {
        for pace in [Pace::Automatic, Pace::Full, Pace::Polite, Pace::WhenAway] {
            for mains_only in [false, true] {
                let policy = Policy { pace, mains_only };
                assert_eq!(Policy::from(engine::Policy::from(policy)), policy);
                let json = serde_json::to_string(&policy).unwrap();
                assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
            }
        }
    }
}
