//! Many texts in few buffers.

use super::offsets::Offsets;

/// Texts kept end to end in few buffers, so that a million of them are a few allocations.
///
/// ```
/// use cuaderno::table::Texts;
/// let mut titles = Texts::new();
/// titles.push(Some("Funda"));
/// titles.push(None);
/// assert_eq!((titles.len(), titles.get(0), titles.get(1)), (2, Some("Funda"), None));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Texts {
    runs: Vec<Run>,
    /// The index of the first text of each run.
    firsts: Vec<usize>,
    len: usize,
}

/// Texts end to end in one buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    buffer: String,
    /// Where each text ends in the buffer.
    ends: Offsets,
    /// Whether each text is there; empty where all are.
    present: Vec<bool>,
}

impl Run {
    /// Appends texts: the bytes of all of them, where each ends in those, and which are missing. Returns `false` and appends
    /// none if one of them is not UTF-8.
    pub fn append(&mut self, bytes: &[u8], ends: &[usize], missing: &[usize]) -> bool {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        // Each must be text by itself, too: two halves of one character can meet.
        if !text.is_ascii() && !ends.iter().all(|end| text.is_char_boundary(*end)) {
            return false;
        }
        let (start, rows) = (self.buffer.len(), self.ends.len());
        self.buffer.push_str(text);
        self.ends.extend(ends, start);
        if !self.present.is_empty() || !missing.is_empty() {
            self.present.resize(self.ends.len(), true);
            missing.iter().for_each(|row| self.present[rows + row] = false);
        }
        true
    }

    /// Reserves room for this many texts of this many bytes in all.
    pub fn reserve(&mut self, texts: usize, bytes: usize) {
        self.buffer.reserve(bytes);
        self.ends.reserve(texts);
    }

    fn push(&mut self, text: Option<&str>) {
        self.buffer.push_str(text.unwrap_or_default());
        self.ends.push(self.buffer.len());
        if text.is_none() || !self.present.is_empty() {
            self.present.resize(self.ends.len() - 1, true);
            self.present.push(text.is_some());
        }
    }

    /// Number of texts, missing ones included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = self.ends.get(index)?;
        if !*self.present.get(index).unwrap_or(&true) {
            return None;
        }
        let start = if index == 0 { 0 } else { self.ends.get(index - 1)? };
        self.buffer.get(start..end)
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }
}

impl PartialEq for Texts {
    /// Equal texts, whatever their buffers.
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl Texts {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The texts of these runs in order.
    pub(super) fn from_runs(runs: Vec<Run>) -> Self {
        let mut texts = Self::new();
        for run in runs.into_iter().filter(|run| run.len() > 0) {
            texts.firsts.push(texts.len);
            texts.len += run.len();
            texts.runs.push(run);
        }
        texts
    }

    /// Appends a text, or a missing one.
    pub fn push(&mut self, text: Option<&str>) {
        if self.runs.is_empty() {
            self.runs.push(Run::default());
            self.firsts.push(0);
        }
        if let Some(run) = self.runs.last_mut() {
            run.push(text);
            self.len += 1;
        }
    }

    /// The number of texts, missing ones included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text at `index`; `None` when it is missing or `index` is past the end.
    pub fn get(&self, index: usize) -> Option<&str> {
        let run = match self.runs.len() {
            0 | 1 => 0,
            _ => self.firsts.partition_point(|first| *first <= index) - 1,
        };
        self.runs.get(run)?.get(index - self.firsts.get(run)?)
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        self.runs.iter().flat_map(Run::iter)
    }
}
