//! A safetensors file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cuaderno_fuzz::checks::safetensors::check(data));
