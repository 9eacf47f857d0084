//! A PyTorch file: whole, or only its pickle, which is then put into an archive with two storages. The last byte selects.

use super::{weights, zip};

/// Checks `data`.
pub fn check(data: &[u8]) {
    let Some((selector, bytes)) = data.split_last() else { return };
    if selector & 1 == 0 {
        return weights::check(bytes);
    }
    let storage: Vec<u8> = (0..64).collect();
    let files: [(&str, &[u8]); 4] = [
        ("archive/data.pkl", bytes),
        ("archive/byteorder", b"little"),
        ("archive/data/0", &storage),
        ("archive/data/1", &storage[..8]),
    ];
    weights::check(&zip(&files, selector & 2 == 2));
}
