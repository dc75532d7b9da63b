//! Whether somebody uses the computer.
//!
//! On Linux the desktop is asked over D-Bus:
//!
//! 1. GNOME's `org.gnome.Mutter.IdleMonitor` tells for how long no key was pressed
//!    and nothing was moved, on X11 and on Wayland.
//! 2. `org.freedesktop.ScreenSaver`, which KDE, Xfce, MATE and others offer, tells
//!    that the screen is locked or dark; on X11 most tell the time of rest, too.
//!    Where they tell no more, somebody is there until the screen locks.
//!
//! Where neither answers, and on other systems, nothing is told, and the engine
//! works politely. The load of the processor is no substitute: it tells of
//! programs, not of people.

use afterimage_engine::Sensor;

/// Somebody who touched nothing for so long is away: longer than most people
/// look at one page.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
const AWAY_AFTER_MS: u64 = 3 * 60 * 1000;

/// Tells whether somebody uses the computer, as far as the desktop does.
#[derive(Default)]
pub struct Presence {
    #[cfg(target_os = "linux")]
    desktop: linux::Desktop,
}

impl Sensor for Presence {
    #[cfg(target_os = "linux")]
    fn in_use(&mut self) -> Option<bool> {
        self.desktop.says().in_use()
    }

    #[cfg(not(target_os = "linux"))]
    fn in_use(&mut self) -> Option<bool> {
        None
    }
}

/// What a desktop says; `None` where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
struct Said {
    /// Milliseconds since the last input.
    idle_ms: Option<u64>,
    /// The screen is locked, or dark.
    locked: Option<bool>,
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
impl Said {
    fn in_use(self) -> Option<bool> {
        match self {
            Self { locked: Some(true), .. } => Some(false),
            Self { idle_ms: Some(idle), .. } => Some(idle < AWAY_AFTER_MS),
            // Who leaves such a desktop is told of only once the screen locks.
            Self { locked, .. } => locked.map(|locked| !locked),
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::time::{Duration, Instant};

    use zbus::blocking::Connection;
    use zbus::blocking::connection::Builder;

    use super::Said;

    /// No desktop takes longer to answer, unless it hangs.
    const TIMEOUT: Duration = Duration::from_secs(1);

    /// How soon a desktop that could not be reached is tried again.
    const RETRY: Duration = Duration::from_secs(60);

    /// The desktop at the other end of the session's bus.
    #[derive(Default)]
    pub struct Desktop {
        bus: Option<Connection>,
        tried: Option<Instant>,
    }

    impl Desktop {
        pub fn says(&mut self) -> Said {
            let Some(bus) = self.bus() else { return Said::default() };
            if let Some(idle_ms) = ask::<u64>(
                bus,
                "org.gnome.Mutter.IdleMonitor",
                "/org/gnome/Mutter/IdleMonitor/Core",
                "GetIdletime",
            ) {
                return Said { idle_ms: Some(idle_ms), locked: None };
            }
            let name = "org.freedesktop.ScreenSaver";
            let paths = ["/org/freedesktop/ScreenSaver", "/ScreenSaver"];
            let locked = paths.iter().find_map(|path| ask::<bool>(bus, name, path, "GetActive"));
            // KDE tells milliseconds; of those that tell seconds only the locked
            // screen is believed, for so many of them are never reached. Under
            // Wayland KDE always tells 0.
            let idle_ms = match std::env::var_os("WAYLAND_DISPLAY") {
                Some(_) => None,
                None => {
                    paths.iter().find_map(|path| ask::<u32>(bus, name, path, "GetSessionIdleTime"))
                }
            };
            Said { idle_ms: idle_ms.map(u64::from), locked }
        }

        fn bus(&mut self) -> Option<&Connection> {
            if self.bus.is_none() && self.tried.is_none_or(|tried| tried.elapsed() >= RETRY) {
                self.tried = Some(Instant::now());
                self.bus = Builder::session()
                    .and_then(|builder| builder.method_timeout(TIMEOUT).build())
                    .inspect_err(|error| tracing::debug!("no desktop tells of presence: {error}"))
                    .ok();
            }
            self.bus.as_ref()
        }
    }

    /// What a service answers, if it is there and does. An interface of the same
    /// name is asked for.
    fn ask<T>(bus: &Connection, name: &str, path: &str, method: &str) -> Option<T>
    where
        T: serde::de::DeserializeOwned + zbus::zvariant::Type,
    {
        let answer = bus.call_method(Some(name), path, Some(name), method, &()).ok()?;
        answer.body().deserialize().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_rests_or_locked_the_screen_is_away() {
        let in_use = |idle_ms, locked| Said { idle_ms, locked }.in_use();
        assert_eq!(in_use(Some(0), None), Some(true));
        assert_eq!(in_use(Some(AWAY_AFTER_MS - 1), Some(false)), Some(true));
        assert_eq!(in_use(Some(AWAY_AFTER_MS), None), Some(false));
        assert_eq!(in_use(Some(0), Some(true)), Some(false));
        assert_eq!(in_use(None, Some(true)), Some(false));
    }

    #[test]
    fn before_an_open_screen_somebody_may_be() {
        assert_eq!(Said { idle_ms: None, locked: Some(false) }.in_use(), Some(true));
        assert_eq!(Said::default().in_use(), None);
    }
}
