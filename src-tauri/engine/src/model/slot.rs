//! A tower in memory, or the room for one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::Result;

/// Loads its content when it is first asked for, and can let it go again.
pub struct Slot<T>(Mutex<Option<Loaded<T>>>);

struct Loaded<T> {
    content: Arc<T>,
    used: Instant,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    /// What the slot holds, loaded if it is empty. Whoever comes while it loads
    /// waits: two would need the memory twice.
    pub fn get(&self, load: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut slot = self.0.lock();
        let content = match &*slot {
            Some(loaded) => loaded.content.clone(),
            None => Arc::new(load()?),
        };
        *slot = Some(Loaded { content: content.clone(), used: Instant::now() });
        Ok(content)
    }

    /// Empties the slot if nobody asked for so long. Who still holds the
    /// content keeps it to the end. Returns whether it is still loaded.
    pub fn unload_idle(&self, idle: Duration) -> bool {
        // Who holds the lock is loading, so it is anything but idle.
        let Some(mut slot) = self.0.try_lock() else { return true };
        if slot.as_ref().is_some_and(|loaded| loaded.used.elapsed() >= idle) {
            *slot = None;
        }
        slot.is_some()
    }

    /// Whether something is loaded.
    #[cfg(test)]
    pub fn is_loaded(&self) -> bool {
        self.0.lock().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn loads_once_lets_go_and_loads_again() {
        let slot = Slot::default();
        assert!(!slot.unload_idle(Duration::ZERO));
        assert_eq!(*slot.get(|| Ok(1)).unwrap(), 1);
        assert_eq!(*slot.get(|| Ok(2)).unwrap(), 1);
        assert!(slot.unload_idle(Duration::from_secs(3600)));
        assert!(!slot.unload_idle(Duration::ZERO));
        assert_eq!(*slot.get(|| Ok(3)).unwrap(), 3);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let slot = Slot::default();
        assert!(slot.get(|| Err::<i32, _>(Error::failed(message!("no")))).is_err());
        assert_eq!(*slot.get(|| Ok(1)).unwrap(), 1);
    }
}
