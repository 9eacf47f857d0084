//! The bytes of a file, in memory or read where they are needed.

#[cfg(unix)]
use std::fs::File;

/// Bytes that several threads read parts of.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    Bytes(&'a [u8]),
    /// The bytes of a file from the first of these to before the second.
    #[cfg(unix)]
    File(&'a File, usize, usize),
}

impl Input<'_> {
    pub fn len(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            #[cfg(unix)]
            Self::File(_, first, end) => end - first,
        }
    }

    /// Up to `count` bytes from `start` on; fewer only at the end.
    ///
    /// # Errors
    /// When the file cannot be read, or has become shorter.
    pub fn window<'b>(
        &'b self,
        start: usize,
        count: usize,
        #[cfg_attr(not(unix), allow(unused_variables))] buffer: &'b mut Vec<u8>,
    ) -> std::io::Result<&'b [u8]> {
        let end = start.saturating_add(count).min(self.len());
        let start = start.min(end);
        match self {
            Self::Bytes(bytes) => Ok(&bytes[start..end]),
            #[cfg(unix)]
            Self::File(file, first, _) => {
                // It stays as long as the longest window: only the part that was asked for is written and read.
                if buffer.len() < end - start {
                    buffer.resize(end - start, 0);
                }
                let window = &mut buffer[..end - start];
                std::os::unix::fs::FileExt::read_exact_at(*file, window, (first + start) as u64)?;
                Ok(window)
            }
        }
    }
}
