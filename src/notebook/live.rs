//! Output that is updated in place.

use super::Bundle;
use super::bundle::{Kind, Show, show};
use super::place::{Place, place};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shortest time between two updates; the last one is always shown.
const INTERVAL: Duration = Duration::from_millis(200);

/// A handle that shows a value and updates it in place, at most every 0.2 seconds.
///
/// In a plain `evcxr_jupyter` and outside notebooks, where output cannot be updated, each update prints the bundle's `plain`
/// text if it has changed, at most once a second, and the last value is shown when the handle is finished or dropped.
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
    /// The plain text of the last output.
    text: String,
    /// The newest value that is not shown yet.
    waiting: Option<Bundle>,
    last: Option<Bundle>,
}

impl Live {
    /// A handle without output.
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

    /// Returns `true` if an update would be shown at once; check it before drawing a figure for one.
    pub fn due(&self) -> bool {
        let interval = if self.place == Place::Kernel { INTERVAL } else { 5 * INTERVAL };
        self.shown.is_none_or(|shown| shown.elapsed() >= interval)
    }

    /// Updates the output, at once or with the next update.
    pub fn update(&mut self, mut bundle: Bundle) {
        // What is redrawn ten times a second needs each image once.
        if bundle.png.is_some() {
            bundle.html = None;
        }
        if self.due() {
            self.put(bundle);
        } else {
            self.waiting = Some(bundle);
        }
    }

    /// Updates the output to `value`.
    pub fn show(&mut self, value: &dyn Show) {
        self.update(value.bundle());
    }

    /// Shows the last value if it is not shown yet. Dropping the handle does the same.
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
    fn updates_are_rate_limited_and_the_last_is_shown() {
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
