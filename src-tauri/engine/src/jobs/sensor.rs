//! What tells whether somebody uses the computer, and what feeds it.

use std::fs;
use std::path::{Path, PathBuf};

use super::policy::Conditions;

/// Tells how things are. It is asked about once a second while there is work, on
/// a thread of its own, and should answer within a second.
pub trait Sensor: Send {
    /// Whether somebody uses the computer; `None` where that cannot be told.
    fn in_use(&mut self) -> Option<bool>;

    /// Whether the computer runs on mains power; `None` where that cannot be
    /// told. Linux tells.
    fn on_mains(&mut self) -> Option<bool> {
        PowerSupplies::of_this_system()?.on_mains()
    }

    /// Both at once.
    fn conditions(&mut self) -> Conditions {
        Conditions { in_use: self.in_use(), on_mains: self.on_mains() }
    }
}

/// Sees no person, only power.
pub(crate) struct Absent;

impl Sensor for Absent {
    fn in_use(&mut self) -> Option<bool> {
        None
    }
}

/// The folder in which Linux shows each battery and each plug as a folder.
struct PowerSupplies(PathBuf);

impl PowerSupplies {
    fn of_this_system() -> Option<Self> {
        cfg!(target_os = "linux").then(|| Self(PathBuf::from("/sys/class/power_supply")))
    }

    /// Whether the computer runs on mains power. One without a battery does;
    /// `None` where there is one that tells nothing.
    fn on_mains(&self) -> Option<bool> {
        // A machine that knows of no supplies has no battery to spare.
        let Ok(entries) = fs::read_dir(&self.0) else { return Some(true) };
        let mut discharging = Vec::new();
        let mut plugs = Vec::new();
        for entry in entries.flatten() {
            let supply = entry.path();
            match word(&supply, "type").as_deref() {
                // What only feeds a mouse or a pen is no battery of the computer.
                Some("Battery") if word(&supply, "scope").as_deref() != Some("Device") => {
                    discharging.push(word(&supply, "status").and_then(
                        |status| match status.as_str() {
                            "Discharging" => Some(true),
                            "Charging" | "Full" | "Not charging" => Some(false),
                            _ => None,
                        },
                    ));
                }
                Some("Mains" | "USB" | "Wireless") => {
                    plugs.extend(word(&supply, "online").map(|online| online != "0"));
                }
                _ => {}
            }
        }
        if discharging.is_empty() || plugs.contains(&true) {
            return Some(true);
        }
        if discharging.contains(&Some(true)) || !plugs.is_empty() {
            return Some(false);
        }
        discharging.contains(&Some(false)).then_some(true)
    }
}

fn word(supply: &Path, file: &str) -> Option<String> {
    let text = fs::read_to_string(supply.join(file)).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of supplies with these files.
    fn told(supplies: &[&[(&str, &str)]]) -> Option<bool> {
        let dir = tempfile::tempdir().unwrap();
        for (number, files) in supplies.iter().enumerate() {
            let supply = dir.path().join(number.to_string());
            fs::create_dir(&supply).unwrap();
            for (file, text) in *files {
                fs::write(supply.join(file), format!("{text}\n")).unwrap();
            }
        }
        PowerSupplies(dir.path().to_owned()).on_mains()
    }

    const PLUGGED: &[(&str, &str)] = &[("type", "Mains"), ("online", "1")];
    const UNPLUGGED: &[(&str, &str)] = &[("type", "Mains"), ("online", "0")];
    const CHARGING: &[(&str, &str)] = &[("type", "Battery"), ("status", "Charging")];
    const DISCHARGING: &[(&str, &str)] = &[("type", "Battery"), ("status", "Discharging")];
    const MUTE: &[(&str, &str)] = &[("type", "Battery"), ("status", "Unknown")];
    const MOUSE: &[(&str, &str)] =
        &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging")];

    #[test]
    fn a_laptop_tells_what_feeds_it() {
        assert_eq!(told(&[PLUGGED, CHARGING]), Some(true));
        assert_eq!(told(&[UNPLUGGED, DISCHARGING]), Some(false));
        // At a weak charger a battery discharges while plugged in.
        assert_eq!(told(&[PLUGGED, DISCHARGING]), Some(true));
        // By USB, with several ports of which one is used.
        let ports: [&[(&str, &str)]; 2] =
            [&[("type", "USB"), ("online", "0")], &[("type", "USB"), ("online", "1")]];
        assert_eq!(told(&[ports[0], ports[1], DISCHARGING]), Some(true));
        assert_eq!(told(&[ports[0], DISCHARGING]), Some(false));
        assert_eq!(told(&[UNPLUGGED, MUTE]), Some(false));
    }

    #[test]
    fn batteries_alone_tell_it_too_or_say_nothing() {
        assert_eq!(told(&[CHARGING]), Some(true));
        assert_eq!(told(&[DISCHARGING]), Some(false));
        assert_eq!(told(&[CHARGING, DISCHARGING]), Some(false));
        assert_eq!(told(&[MUTE]), None);
        assert_eq!(told(&[&[("type", "Battery")]]), None);
    }

    #[test]
    fn without_a_battery_of_its_own_a_computer_runs_on_mains() {
        assert_eq!(told(&[]), Some(true));
        assert_eq!(told(&[MOUSE]), Some(true));
        assert_eq!(told(&[UNPLUGGED]), Some(true));
        assert_eq!(PowerSupplies(PathBuf::from("/nowhere")).on_mains(), Some(true));
    }
}
