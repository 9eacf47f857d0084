//! The checks of the fuzz targets, and a limit on their memory.

pub mod checks;

use cap::Cap;
use std::alloc::System;

/// Most bytes that may be allocated at once: an input has a few kilobytes, and what it asks for must be of its order.
const HEAP: usize = 512 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, HEAP);
