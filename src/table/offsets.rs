//! Ascending places in a buffer.

/// Ascending numbers, in four bytes each as long as they fit.
#[derive(Clone, Debug)]
pub(super) enum Offsets {
    Short(Vec<u32>),
    Long(Vec<usize>),
}

impl Default for Offsets {
    fn default() -> Self {
        Self::Short(Vec::new())
    }
}

impl Offsets {
    pub fn len(&self) -> usize {
        match self {
            Self::Short(offsets) => offsets.len(),
            Self::Long(offsets) => offsets.len(),
        }
    }

    #[inline]
    pub fn get(&self, index: usize) -> Option<usize> {
        match self {
            Self::Short(offsets) => offsets.get(index).map(|offset| *offset as usize),
            Self::Long(offsets) => offsets.get(index).copied(),
        }
    }

    pub fn reserve(&mut self, more: usize) {
        match self {
            Self::Short(offsets) => offsets.reserve(more),
            Self::Long(offsets) => offsets.reserve(more),
        }
    }

    /// Appends an offset, which is not below the last one.
    pub fn push(&mut self, offset: usize) {
        self.extend(&[offset], 0);
    }

    /// Appends ascending offsets, counted from `start`.
    pub fn extend(&mut self, offsets: &[usize], start: usize) {
        let Some(last) = offsets.last() else { return };
        if let Self::Short(short) = self {
            if u32::try_from(start + last).is_ok() {
                short.extend(offsets.iter().map(|offset| (start + offset) as u32));
                return;
            }
            *self = Self::Long(short.iter().map(|offset| *offset as usize).collect());
        }
        if let Self::Long(long) = self {
            long.extend(offsets.iter().map(|offset| start + offset));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_beyond_four_bytes_are_kept() {
        let mut offsets = Offsets::default();
        offsets.extend(&[1, 3], 4);
        offsets.push(u32::MAX as usize);
        assert!(matches!(offsets, Offsets::Short(_)));
        offsets.extend(&[1, 2], u32::MAX as usize);
        offsets.push(1 << 40);
        let found: Vec<usize> = (0..offsets.len()).filter_map(|index| offsets.get(index)).collect();
        let end = u32::MAX as usize;
        assert_eq!(found, [5, 7, end, end + 1, end + 2, 1 << 40]);
        assert_eq!(offsets.get(6), None);
    }
}
