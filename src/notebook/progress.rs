//! Progress bars.

use super::{Bundle, Live};
use std::time::{Duration, Instant};

/// A progress bar with rate and remaining time.
///
/// ```
/// use cuaderno::notebook::Progress;
/// let mut progress = Progress::new("decoding", 3);
/// for _ in 0..3 {
///     progress.step(1);
/// }
/// progress.finish();
/// ```
#[derive(Debug)]
pub struct Progress {
    label: String,
    total: usize,
    done: usize,
    note: String,
    start: Instant,
    /// Time of all steps, once they are done.
    took: Option<Duration>,
    live: Live,
}

impl Progress {
    /// A bar of `total` steps; `label` names the work, such as "decoding".
    pub fn new(label: impl Into<String>, total: usize) -> Self {
        Self {
            label: label.into(),
            total,
            done: 0,
            note: String::new(),
            start: Instant::now(),
            took: None,
            live: Live::new(),
        }
    }

    /// Adds `steps` to the completed steps.
    pub fn step(&mut self, steps: usize) {
        self.set(self.done + steps);
    }

    /// Sets the number of completed steps.
    pub fn set(&mut self, done: usize) {
        self.done = done.min(self.total);
        self.took = self.took.filter(|_| self.done == self.total);
        if self.done == self.total {
            self.took.get_or_insert_with(|| self.start.elapsed());
        }
        if self.live.due() || self.done == self.total {
            self.live.update(self.bundle(self.elapsed()));
        }
    }

    /// Sets a note beside the bar, such as the current loss.
    pub fn note(&mut self, note: impl Into<String>) {
        self.note = note.into();
    }

    /// Shows the final state of the bar. Dropping the bar does the same.
    pub fn finish(&mut self) {
        self.live.update(self.bundle(self.elapsed()));
        self.live.finish();
    }

    fn elapsed(&self) -> Duration {
        self.took.unwrap_or_else(|| self.start.elapsed())
    }

    fn bundle(&self, elapsed: Duration) -> Bundle {
        let fraction = if self.total == 0 { 1.0 } else { self.done as f64 / self.total as f64 };
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { self.done as f64 / seconds } else { 0.0 };
        let time = if self.done >= self.total {
            format!("in {}", clock(seconds))
        } else if self.done == 0 {
            String::new()
        } else {
            format!("{} left", clock(seconds * (1.0 - fraction) / fraction))
        };
        let mut tail = format!("{}/{}", self.done, self.total);
        if self.done > 0 && rate.is_finite() {
            tail += &format!(" · {}/s", short(rate));
        }
        for part in [&time, &self.note] {
            if !part.is_empty() {
                tail += &format!(" · {part}");
            }
        }
        let filled = (fraction * 20.0).floor() as usize;
        let bar = "█".repeat(filled) + &"░".repeat(20 - filled.min(20));
        let percent = fraction * 100.0;
        let html = format!(
            "<div style=\"font-family:system-ui,sans-serif;font-size:13px\">{label} \
             <span style=\"display:inline-block;vertical-align:middle;width:220px;height:10px;\
             border-radius:5px;background:rgba(128,128,128,.25);overflow:hidden\">\
             <span style=\"display:block;height:100%;width:{percent:.1}%;background:#3b7ddd\"></span>\
             </span> {percent:.0} % · {tail}</div>",
            label = escape(&self.label),
            tail = escape(&tail),
        );
        Bundle {
            plain: format!("{} {bar} {percent:.0} % · {tail}", self.label),
            html: Some(html),
            ..Bundle::default()
        }
    }
}

/// Seconds as text, such as `2:30 min`.
fn clock(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else if whole < 60 {
        format!("{whole} s")
    } else if whole < 3600 {
        format!("{}:{:02} min", whole / 60, whole % 60)
    } else {
        format!("{}:{:02} h", whole / 3600, whole / 60 % 60)
    }
}

/// A rate to about three digits.
fn short(rate: f64) -> String {
    if rate >= 100.0 {
        format!("{rate:.0}")
    } else if rate >= 1.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.2}")
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_shows_rate_and_time_left() {
        let mut progress = Progress::new("decoding <images>", 400);
        progress.done = 100;
        progress.note("loss 0.5");
        let bundle = progress.bundle(Duration::from_secs(50));
        assert_eq!(
            bundle.plain,
            "decoding <images> █████░░░░░░░░░░░░░░░ 25 % · 100/400 · 2.0/s · 2:30 min left · loss 0.5"
        );
        let html = bundle.html.unwrap();
        assert!(html.contains("width:25.0%") && html.contains("decoding &lt;images&gt;"), "{html}");
    }

    #[test]
    fn no_steps_and_no_time_are_shown() {
        let bundle = Progress::new("x", 0).bundle(Duration::ZERO);
        assert_eq!(bundle.plain, "x ████████████████████ 100 % · 0/0 · in 0.0 s");
        let bundle = Progress::new("x", 5).bundle(Duration::ZERO);
        assert_eq!(bundle.plain, "x ░░░░░░░░░░░░░░░░░░░░ 0 % · 0/5");
    }

    #[test]
    fn a_full_bar_keeps_its_time() {
        let mut progress = Progress::new("x", 2);
        progress.step(2);
        let full = progress.bundle(progress.elapsed());
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(progress.bundle(progress.elapsed()), full);
        progress.set(1);
        assert!(progress.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn more_steps_than_the_total_fill_the_bar() {
        let mut progress = Progress::new("x", 2);
        progress.step(5);
        assert!(progress.bundle(Duration::from_secs(1)).plain.contains("100 % · 2/2"));
    }
}
