//! A value that is shown once and then replaced in place.

use super::Bundle;
use super::bundle::{Kind, Show, show};
use super::place::{Place, place};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Updates come this often at most; the last one always comes.
const INTERVAL: Duration = Duration::from_millis(200);

/// Shows a value and replaces it in place as it changes, at most every 0.2 seconds.
///
/// On a plain `evcxr_jupyter` and outside notebooks, where nothing can be replaced, each update prints the
/// bundle's `plain` text if it has changed, at most once a second, and the last value is shown when the handle
/// is finished or dropped.
///
/// ```
/// use cuaderno::notebook::{Bundle, Live};
/// let mut live = Live::new();
/// for epoch in 1..=3 {
///     live.update(Bundle { plain: format!("epoch {epoch}"), ..Bundle::default() });
/// }
/// live.finish();
/// ```
#[derive(Debug)]
pub struct Live {
    id: String,
    place: Place,
    shown: Option<Instant>,
    /// What was last shown.
    text: String,
    /// What came too soon after the last update.
    waiting: Option<Bundle>,
    last: Option<Bundle>,
}

impl Live {
    /// A handle that has shown nothing yet.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            id: format!("cuaderno-{}-{number}", std::process::id()),
            place: place(),
            shown: None,
            text: String::new(),
            waiting: None,
            last: None,
        }
    }

    /// Whether an update would be shown now: drawing a figure that is not shown costs time for nothing.
    pub fn due(&self) -> bool {
        let interval = if self.place == Place::Kernel { INTERVAL } else { 5 * INTERVAL };
        self.shown.is_none_or(|shown| shown.elapsed() >= interval)
    }

    /// Replaces what is shown, now or with the next update.
    pub fn update(&mut self, bundle: Bundle) {
        if self.due() {
            self.put(bundle);
        } else {
            self.waiting = Some(bundle);
        }
    }

    /// Replaces what is shown by a value's forms.
    pub fn show(&mut self, value: &dyn Show) {
        self.update(value.bundle());
    }

    /// Shows the last value if it has not been shown yet. Dropping the handle does the same.
    pub fn finish(&mut self) {
        if let Some(bundle) = self.waiting.take() {
            self.put(bundle);
        }
        if self.place != Place::Kernel
            && let Some(bundle) = self.last.take()
            && (bundle.png.is_some() || bundle.svg.is_some() || bundle.html.is_some())
            && self.place == Place::Evcxr
        {
            show(Kind::Display, &bundle);
        }
    }

    fn put(&mut self, bundle: Bundle) {
        self.waiting = None;
        if self.place == Place::Kernel {
            let kind =
                if self.shown.is_none() { Kind::First(&self.id) } else { Kind::Update(&self.id) };
            show(kind, &bundle);
        } else {
            if bundle.plain != self.text {
                println!("{}", bundle.plain);
                self.text.clone_from(&bundle.plain);
            }
            self.last = Some(bundle);
        }
        self.shown = Some(Instant::now());
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(plain: &str) -> Bundle {
        Bundle { plain: plain.to_string(), ..Bundle::default() }
    }

    #[test]
    fn updates_are_limited_and_the_last_is_kept() {
        let mut live = Live::new();
        live.update(bundle("first"));
        assert_eq!(live.text, "first");
        assert!(!live.due());
        for i in 0..100 {
            live.update(bundle(&i.to_string()));
        }
        assert_eq!(live.text, "first");
        live.finish();
        assert_eq!(live.text, "99");
        assert_eq!(live.waiting, None);
    }

    #[test]
    fn every_handle_has_an_id_of_its_own() {
        assert_ne!(Live::new().id, Live::new().id);
    }
}
