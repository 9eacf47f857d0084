//! The practices' data sets: the real files where they are in place, generated samples elsewhere.

pub mod poi;
