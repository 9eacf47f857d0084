//! A PyTorch file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cuaderno_fuzz::checks::pth::check(data));
