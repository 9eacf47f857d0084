//! The manifest of a download folder.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cuaderno_fuzz::checks::manifests::check(data));
