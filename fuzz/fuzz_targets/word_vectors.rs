//! A file of word vectors.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cuaderno_fuzz::checks::word_vectors::check(data));
