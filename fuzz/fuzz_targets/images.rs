//! An image file of any format, through its decoder.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    // A decoder that panics is caught by the reader; a panic of the check still ends the process.
    init: std::panic::set_hook(Box::new(|panic| {
        if panic.location().is_some_and(|place| !place.file().contains("registry")) {
            eprintln!("{panic}");
        }
    })),
    |data: &[u8]| cuaderno_fuzz::checks::images::check(data)
);
