//! A CSV file under several options.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cuaderno_fuzz::checks::csv::check(data));
