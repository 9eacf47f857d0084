//! A safetensors file. What `Weights` writes, it reads back; loading into a network succeeds or leaves it as it was.
#![no_main]

use cuaderno_fuzz::weights::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| check(data));
