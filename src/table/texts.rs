//! Many texts in one buffer.

/// Texts kept in one buffer, so that a million of them are a few allocations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    buffer: String,
    ends: Vec<usize>,
    present: Vec<bool>,
}

impl Texts {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// `ends[i]` is where text i ends in `buffer`; every end must be a character boundary.
    pub(super) fn from_parts(buffer: String, ends: Vec<usize>, present: Vec<bool>) -> Self {
        debug_assert_eq!(ends.len(), present.len());
        Self { buffer, ends, present }
    }

    /// Appends a text, or a missing one.
    pub fn push(&mut self, text: Option<&str>) {
        self.buffer.push_str(text.unwrap_or_default());
        self.ends.push(self.buffer.len());
        self.present.push(text.is_some());
    }

    /// The number of texts, missing ones included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at `index`; `None` when it is missing or `index` is past the end.
    pub fn get(&self, index: usize) -> Option<&str> {
        if !*self.present.get(index)? {
            return None;
        }
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.buffer.get(start..*self.ends.get(index)?)
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }
}
